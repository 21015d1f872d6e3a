"""Each form, as the program that reads it reads it."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

import registries.handover
from registries.handover import FORMS, Options, PullCredential

END = datetime(2030, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
WHOLE = PullCredential("ghcr.io", "", "johndoe", "p:ass wörd", None, is_short=False)
TEAM = replace(WHOLE, prefix="ghcr.io/acme", password="fake-team")
HUB = replace(WHOLE, host="docker.io")
HUB_TEAM = replace(HUB, prefix="docker.io/acme")
SHORT = PullCredential(
    "1.dkr.ecr.eu-west-1.amazonaws.com", "", "AWS", "fake-token", END, is_short=True
)
# Modules that are not forms.
MODULES = (
    "__init__ auditing credential form issuing kubernetes_names operations recipient refusals"
    " target"
)


def render(slug: str, *credentials: PullCredential, **options: Any) -> str:
    return FORMS[slug].render(credentials, Options(**options))


def auth(credential: PullCredential) -> str:
    return base64.b64encode(f"{credential.username}:{credential.password}".encode()).decode()


def test_one_module_each() -> None:
    """A new consumer is one file, called as the form is asked for, and its name in FORMS."""
    folder = Path(registries.handover.__file__).parent
    assert {path.stem for path in folder.glob("*.py")} - {*MODULES.split()} == {*FORMS}
    for slug, form in FORMS.items():
        assert getattr(__import__(f"registries.handover.{slug}", fromlist=[slug]), slug) is form
        assert (form.slug, bool(form.label)) == (slug, True)
        assert "p:ass" not in repr(form)


KEYS = {
    "docker": ("https://index.docker.io/v1/", "ghcr.io", None, None),
    "podman": ("docker.io", "ghcr.io", "ghcr.io/acme", "docker.io/acme"),
    "gitlab": ("https://index.docker.io/v1/", "ghcr.io", "ghcr.io/acme", "docker.io/acme"),
    "kubernetes": ("https://index.docker.io/v1/", "ghcr.io", "ghcr.io/acme/", "docker.io/acme/"),
    "json": ("https://index.docker.io/v1/", "ghcr.io", "ghcr.io/acme/", "docker.io/acme/"),
    "kubelet": ("docker.io", "ghcr.io", "ghcr.io/acme/", "docker.io/acme/"),
    "helper": ("https://index.docker.io/v1/", "ghcr.io", None, None),
}


@pytest.mark.parametrize("slug", KEYS)
def test_keys(slug: str) -> None:
    form = FORMS[slug]
    for credential, key in zip((HUB, WHOLE, TEAM, HUB_TEAM), KEYS[slug], strict=True):
        assert key is None or form.key(credential) == key


@pytest.mark.parametrize("slug", ["docker", "podman", "gitlab"])
def test_files_of_dockers_shape_hold_auth_alone(slug: str) -> None:
    """#69: several registries in one; `docker` gets none with a prefix."""
    both = json.loads(render(slug, HUB, WHOLE))
    form = FORMS[slug]
    assert both == {"auths": {form.key(item): {"auth": auth(item)} for item in (HUB, WHOLE)}}


def test_json_is_texts_alone() -> None:
    made = json.loads(render("json", SHORT))
    config = json.loads(made.pop("dockerconfigjson"))
    assert config["auths"][SHORT.host]["auth"] == auth(SHORT)
    assert made == {
        "registry": SHORT.host,
        "username": "AWS",
        "password": "fake-token",
        "auth": auth(SHORT),
        "expires_at": "2030-01-02T03:04:05Z",
    }
    assert json.loads(render("json", TEAM))["registry"] == "ghcr.io/acme"
    assert json.loads(render("json", TEAM))["expires_at"] == ""


def test_a_kubernetes_secret() -> None:
    secret = yaml.safe_load(render("kubernetes", SHORT, TEAM, ids=(7, 8), fingerprint="abc"))
    assert (secret["apiVersion"], secret["kind"]) == ("v1", "Secret")
    assert secret["type"] == "kubernetes.io/dockerconfigjson"
    assert secret["metadata"] == {
        "name": "registries",
        "labels": {"app.kubernetes.io/managed-by": "registries"},
        "annotations": {
            "django-registries/registry-id": "7,8",
            "django-registries/fingerprint": "abc",
            "django-registries/expires-at": "2030-01-02T03:04:05Z",
        },
    }
    config = json.loads(base64.b64decode(secret["data"][".dockerconfigjson"], validate=True))
    assert config["auths"]["ghcr.io/acme/"] == {
        "username": "johndoe",
        "password": "fake-team",
        "auth": auth(TEAM),
    }
    named = yaml.safe_load(render("kubernetes", TEAM, ids=(7,), name="pull", namespace="apps"))
    assert named["metadata"]["name"] == "pull"
    assert named["metadata"]["namespace"] == "apps"
    assert "django-registries/expires-at" not in named["metadata"]["annotations"]
    alone = yaml.safe_load(render("kubernetes", TEAM, ids=(7,)))
    assert alone["metadata"]["name"] == "registry-7"


def test_a_helper_answers_with_what_it_was_asked() -> None:
    answer = {"Username": "johndoe", "Secret": "p:ass wörd"}
    server_url = "https://index.docker.io/v1/"
    assert json.loads(render("helper", HUB, server=server_url)) == {
        "ServerURL": server_url,
        **answer,
    }
    assert json.loads(render("helper", WHOLE)) == {"ServerURL": "ghcr.io", **answer}


def test_a_line() -> None:
    """Argo CD Image Updater takes what is behind the first colon."""
    assert render("line", WHOLE).split(":", 1) == ["johndoe", "p:ass wörd"]
    assert "\n" not in render("line", WHOLE)


@pytest.mark.parametrize(
    ("credential", "options", "keys", "kept_by"),
    [
        (WHOLE, {"repository": "ghcr.io/acme/app"}, ["ghcr.io"], "Registry"),
        (WHOLE, {"repository": "ghcr.io/acme/app", "shares_host": True}, ["ghcr.io"], "Image"),
        (TEAM, {"repository": "ghcr.io/acme"}, ["ghcr.io/acme"], "Image"),
        (TEAM, {}, ["ghcr.io/acme/"], "Registry"),
    ],
)
def test_the_kubelets_answer(
    credential: PullCredential, options: dict[str, Any], keys: list[str], kept_by: str
) -> None:
    made = json.loads(render("kubelet", credential, **options))
    assert made["apiVersion"] == "credentialprovider.kubelet.k8s.io/v1"
    assert made["kind"] == "CredentialProviderResponse"
    assert made["cacheKeyType"] == kept_by
    assert list(made["auth"]) == keys
    (entry,) = made["auth"].values()
    assert entry == {"username": credential.username, "password": credential.password}
    assert made["cacheDuration"] == "300s"


@pytest.mark.parametrize(("minutes", "most"), [(60, 1800), (1, 30), (-1, 0)])
def test_the_kubelet_keeps_it_for_half_of_what_is_left(minutes: int, most: int) -> None:
    ending = replace(SHORT, expires_at=datetime.now(UTC) + timedelta(minutes=minutes))
    seconds = int(json.loads(render("kubelet", ending))["cacheDuration"].removesuffix("s"))
    assert most - 20 < seconds <= most or seconds == most == 0


def matches(key: str, image: str) -> bool:
    """Whether the kubelet uses a key for an image: a rewrite of keyring.go's URLsMatch."""
    from fnmatch import fnmatchcase

    key = key.removeprefix("https://").removeprefix("http://")
    host, _, path = key.partition("/")
    image_host, _, image_path = image.partition("/")
    labels, image_labels = host.split("."), image_host.split(".")
    return (
        len(labels) == len(image_labels)
        and all(map(fnmatchcase, image_labels, labels))
        and f"/{image_path}".startswith(f"/{path}" if path else "")
    )


def test_the_kubelet_uses_a_prefix_for_nothing_beside_it() -> None:
    """#70: it compares by characters, so that only the slash tells acme from acme-other."""
    key = FORMS["kubernetes"].key(TEAM)
    assert matches(key, "ghcr.io/acme/app")
    assert not matches(key, "ghcr.io/acme-other/app")
    assert matches(key.removesuffix("/"), "ghcr.io/acme-other/app")
