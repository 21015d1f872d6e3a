"""The manifests of the documentation: they are YAML, belong together, and ask for what there is."""

import configparser
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import User
from django.core.management import load_command_class
from django.test import Client

from registries.conf import Conf
from registries.handover import FORMS
from registries.programs.credentials import KUBELET, PROVIDER
from tests.api.conftest import ROOT
from tests.factories import create

DOCS = Path(__file__).resolve().parents[1] / "docs"
GENERATORS = "generators.external-secrets.io/v1alpha1"


def documents(name: str) -> dict[str, Any]:
    """The manifests of a file, by kind; each has a name."""
    data = list(yaml.safe_load_all((DOCS / "kubernetes" / name).read_text(encoding="utf-8")))
    assert all(item["apiVersion"] and item["metadata"]["name"] for item in data)
    kinds = {item["kind"]: item for item in data}
    assert len(kinds) == len(data)
    return kinds


def answer(body: dict[str, Any]) -> str:
    """What the API answers to the body of a manifest, if the registry in it is there."""
    row = create("ghcr", handover="any", token="fake-canary")
    named = {"registry": row.pk} if "registry" in body else {"registries": [row.pk]}
    client = Client()
    client.force_login(User.objects.create_superuser("chief"))
    response = client.post(f"{ROOT}handover/", {**body, **named}, "application/json")
    assert response.status_code == 200, response.content
    return str(response.content.decode())


@pytest.mark.django_db
def test_external_secrets() -> None:
    """external-secrets, docs/api/generator/webhook.md."""
    kinds = documents("external-secrets.yaml")
    assert set(kinds) == {"Secret", "Webhook", "ExternalSecret"}
    token, webhook, external = (kinds[kind] for kind in ("Secret", "Webhook", "ExternalSecret"))
    assert token["metadata"]["labels"] == {"external-secrets.io/type": "webhook"}
    spec = webhook["spec"]
    assert webhook["apiVersion"] == GENERATORS
    assert (spec["method"], spec["result"]) == ("POST", {"jsonPath": "$"})
    (used,) = spec["secrets"]
    assert used["secretRef"]["name"] == token["metadata"]["name"]
    match = re.fullmatch(r"Bearer \{\{ \.(\w+)\.(\w+) \}\}", spec["headers"]["Authorization"])
    assert match
    assert (match[1], {match[2]}) == (used["name"], set(token["stringData"]))
    template = external["spec"]["target"]["template"]
    assert template["type"] == "kubernetes.io/dockerconfigjson"
    (source,) = external["spec"]["dataFrom"]
    named = {"apiVersion": GENERATORS, "kind": "Webhook", "name": webhook["metadata"]["name"]}
    assert source["sourceRef"]["generatorRef"] == named
    values = json.loads(answer(json.loads(spec["body"])))
    (key,) = re.findall(r"\{\{ \.(\w+) \}\}", template["data"][".dockerconfigjson"])
    assert "auths" in json.loads(values[key])


def test_the_checks() -> None:
    kinds = documents("run-checks.yaml")
    assert set(kinds) == {"Secret", "Deployment"}
    spec = kinds["Deployment"]["spec"]
    assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"]
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    assert container["envFrom"] == [{"secretRef": {"name": kinds["Secret"]["metadata"]["name"]}}]
    unit = configparser.ConfigParser(delimiters="=", interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(DOCS / "systemd" / "registries-checks@.service")
    started = unit["Service"]["ExecStart"].split()
    assert started[1:] == container["command"][1:] == ["manage.py", "run_checks"]
    assert load_command_class("registries", started[2])
    for seconds in (unit["Service"]["TimeoutStopSec"], pod["terminationGracePeriodSeconds"]):
        assert int(seconds) > Conf().timeout, "what runs is stored"


@pytest.mark.django_db
def test_the_cronjob() -> None:
    kinds = documents("cronjob.yaml")
    assert set(kinds) == {"Secret", "ServiceAccount", "Role", "RoleBinding", "CronJob"}
    job = kinds["CronJob"]["spec"]
    assert job["concurrencyPolicy"] == "Forbid"
    assert len(job["schedule"].split()) == 5
    pod = job["jobTemplate"]["spec"]["template"]["spec"]
    account = kinds["ServiceAccount"]["metadata"]["name"]
    assert pod["serviceAccountName"] == account
    assert [volume["name"] for volume in kinds["RoleBinding"]["subjects"]] == [account]
    assert kinds["RoleBinding"]["roleRef"]["name"] == kinds["Role"]["metadata"]["name"]
    (container,) = pod["containers"]
    mounts = {volume["name"]: volume["mountPath"] for volume in container["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert set(mounts) == set(volumes)
    (script,) = container["args"]
    assert f"--header @{mounts['token']}/{next(iter(kinds['Secret']['stringData']))}" in script
    assert volumes["token"]["secret"]["secretName"] == kinds["Secret"]["metadata"]["name"]
    assert volumes["secret"]["emptyDir"] == {"medium": "Memory"}
    (body,) = re.findall(r"--data '(.*)'", script)
    secret = yaml.safe_load(answer(json.loads(body)))
    assert secret["kind"] == "Secret"
    rule = kinds["Role"]["rules"][0]
    assert (rule["resources"], rule["resourceNames"]) == (["secrets"], [secret["metadata"]["name"]])


@pytest.mark.parametrize("page", ["docs/programs.md", "templates/programs.html"])
def test_the_kubelets_configuration(page: str) -> None:
    """kubernetes/kubelet, config/v1/types.go."""
    text = (DOCS.parent / page).read_text(encoding="utf-8")
    text = text.replace("{{ program.name }}", PROVIDER).replace("{{ site }}", "https://a.example")
    (matches,) = re.findall(r"(apiVersion: kubelet\..*?)(?:```|</pre>)", text, re.DOTALL)
    configuration = yaml.safe_load(matches)
    assert configuration["kind"] == "CredentialProviderConfig"
    (provider,) = configuration["providers"]
    assert provider["name"] == PROVIDER
    assert provider["apiVersion"] == KUBELET
    assert provider["matchImages"]
    assert provider["defaultCacheDuration"] == "0s"
    assert all(item.keys() == {"name", "value"} for item in provider["env"])


def test_every_form_that_is_named_is_there() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in (DOCS / "kubernetes").iterdir())
    assert set(re.findall(r'"form": "(\w+)"', text)) == {"json", "kubernetes"} <= set(FORMS)
