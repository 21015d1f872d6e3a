"""Every form's sample files, which hold what is awkward in each: what becomes of every entry."""

import codecs
import json
import re
from pathlib import Path
from typing import Any

import pytest
import trustme
from django.db.models import QuerySet

import registries.importing
from registries.importing import FORMS
from registries.importing.planning import Planned, plan, read
from registries.models import Registry
from tests.factories import create

pytestmark = pytest.mark.django_db

SAMPLES = Path(__file__).parent / "samples"
# Modules beside the forms.
PARTS = {
    *("__init__", "auths", "comparing", "detecting", "documents", "entry", "environment", "form"),
    *("keeping", "logins", "places", "planning", "providers", "reading", "writing"),
}
NEW, HERE, CONFLICT, INCOMPLETE, REFUSED = (
    *("new", "already here", "conflict", "incomplete", "refused"),
)
ECR = "*.dkr.ecr.eu-west-1.amazonaws.com"
GUID = "11111111-2222-3333-4444-555555555555"
GUEST = {"url": "https://guests.example:5000"}


def login(password: str, user: str = "johndoe", **more: Any) -> dict[str, Any]:
    return {"login": user, "password": password, **more}


def token(token: str, user: str = "johndoe") -> dict[str, Any]:
    return {"username": user, "token": token}


def robot() -> dict[str, Any]:
    return {"namespace": "acme", "account": "robot", "token": "fake-quay"}


def keys(secret: str) -> dict[str, Any]:
    key = {"accesskey": "AKIAFAKEFAKEFAKEFAKE", "secretaccesskey": secret}
    return {"region": "eu-west-1", **key}


def principal(secret: str = "fake-principal", **more: str) -> dict[str, Any]:
    return {"clientid": GUID, "clientsecret": secret, **more}


# Of each entry: its state, what it is for, the values of its row or what is said of it.
EXPECTED: dict[str, list[tuple[str, str, Any]]] = {
    "docker.json": [
        (NEW, "docker.io", login("fake-hub")),
        *[(HERE, "docker.io", "is the same")] * 4,
        (REFUSED, "", "Docker Desktop's own session"),
        (NEW, "ghcr.io", token("fake-ghcr1")),  # without its padding
        (CONFLICT, "ghcr.io/acme", "for all of ghcr.io"),
        (NEW, "quay.io", robot()),
        (NEW, "quay.example", login("fake-quay", "acme+robot", url="https://quay.example")),
        (
            NEW,
            "registry.example:5000",
            login("fake:with:colons", url="https://registry.example:5000"),
        ),
        (NEW, "registry.example", login("fake-443", url="https://registry.example")),
        (CONFLICT, "registry.example", "another login for the same images"),
        (
            NEW,
            "registry.gitlab.com",
            {
                **token("fake-gitlab", "gitlab+deploy-token-1"),
                "url": "https://registry.gitlab.com",
                "authurl": "https://gitlab.com",
            },
        ),
        (REFUSED, "", "ends after 12 hours"),
        (REFUSED, "", "identity token"),
        (REFUSED, "", "ends after some hours"),
        (NEW, "three.azurecr.io", principal(url="https://three.azurecr.io")),
        (REFUSED, "", "ends after some hours"),
        (REFUSED, "", "htpasswd"),
        (REFUSED, "", "not base64"),
        (REFUSED, "", "no login"),
        (REFUSED, "", "for one repository"),
        (REFUSED, "", "for one host"),
        (REFUSED, "", "not the address of a registry"),
        (REFUSED, "", "“ecr-login” keeps this login, and it was not run"),
    ],
    "docker-store.json": [(REFUSED, "", "“desktop” keeps this login")],
    "docker-desktop.json": [(REFUSED, "", "“desktop” keeps this login")],
    "docker-case.json": [
        (REFUSED, "", "“osxkeychain” keeps this login"),
        (NEW, "ghcr.io", token("fake-ghcr")),
        (NEW, "my-server", login("fake-basic", url="https://my-server")),
    ],
    "docker-old.json": [(NEW, "docker.io", login("fake-old"))],
    "podman.json": [
        (NEW, "docker.io", login("fake-hub")),
        (NEW, "docker.io/acme", login("fake-acme", "acme")),
        (NEW, "ghcr.io/acme/app", token("fake-app")),
        (NEW, "europe-docker.pkg.dev", "privatekey"),
        (NEW, "eu.gcr.io", "privatekey"),
        (HERE, "dhi.io", "“docker.io” is the same"),
    ],
    "kubernetes.yaml": [
        (NEW, "ghcr.io/acme", token("fake-acme")),
        (NEW, "*.azurecr.io", principal()),
        (REFUSED, "", "for one host"),
        (REFUSED, "", "for one host"),
        (NEW, "quay.io", robot()),
        (REFUSED, "", "SealedSecret"),
        (REFUSED, "", "encrypted"),
    ],
    "kubernetes-tabs.json": [
        (NEW, "ghcr.io/acme", token("fake-basic")),
        (NEW, "my-server", login("fake-basic", url="https://my-server")),
    ],
    "wud-run.sh": [
        (NEW, "docker.io", login("fake with spaces")),
        (INCOMPLETE, "ghcr.io", "refers to another variable"),
    ],
    "wud-part.yaml": [(NEW, "docker.io", login("fake$hub"))],
    "wud.env": [
        (NEW, "docker.io", login("fake-$hub")),
        (CONFLICT, "docker.io", "“hub private”"),
        (HERE, "ghcr.io", "“GitHub Container Registry” is the same"),
        (NEW, ECR, keys("fake/secret+access")),
        (
            NEW,
            "registry.gitlab.com",
            {
                "token": "fake-gitlab",
                "url": "https://registry.gitlab.com",
                "authurl": "https://gitlab.com",
            },
        ),
        (NEW, "gcr.io", "privatekey"),  # with literal \n
        (REFUSED, "", "A name with _"),
        (INCOMPLETE, "quay.io", "in a file that the program reads"),
        (INCOMPLETE, "gitea.example", "refers to another variable"),
        (REFUSED, "", "encrypted"),
        (NEW, "codeberg.org", login("fake-codeberg", url="https://codeberg.org")),
        (NEW, "oci.trueforge.org", login("fake-trueforge", url="https://oci.trueforge.org")),
        (REFUSED, "", "not known here"),
        (REFUSED, "", "does not say where"),
    ],
    "wud-compose.yaml": [
        (NEW, "*.azurecr.io", principal("fake$principal")),
        (INCOMPLETE, "lscr.io", "refers to another variable"),
        (NEW, "home.example:5000", login("0123", "0123", url="http://home.example:5000")),
    ],
    "drydock.env": [
        (
            NEW,
            "harbor.example",
            login("fake-harbor", "robot$acme+reader", url="https://harbor.example"),
        ),
        (NEW, "acme.jfrog.example", {**token("fake-jfrog"), "url": "https://acme.jfrog.example"}),
        (REFUSED, "", "does not say where"),
        (NEW, "registry.digitalocean.com", {"token": "dop_v1_fake"}),
        (NEW, "dhi.io", login("fake-hub")),
        (
            NEW,
            "dock.mau.dev",
            {"token": "fake-mau", "url": "https://dock.mau.dev", "authurl": "https://mau.dev"},
        ),
    ],
    "ssm.json": [
        (NEW, "docker.io", login("fake-hub")),
        (NEW, "registry.example", login("fake-custom", url="https://registry.example")),
        (NEW, ECR, keys("fake")),
        (REFUSED, "", "encrypted"),
        (REFUSED, "", "not known here"),
    ],
    "ssm-api.json": [
        (INCOMPLETE, "ghcr.io", "left the secret out"),
        (INCOMPLETE, "quay.io", "export the database"),
    ],
    "portainer.json": [
        (INCOMPLETE, "docker.io", "Portainer does not show passwords"),
        (INCOMPLETE, ECR, "Add it by hand"),
        (NEW, "guests.example:5000/team", GUEST),
        (INCOMPLETE, "gitlab-registry.example/acme/app", "Add it by hand"),
        (REFUSED, "", "not the address of a registry"),
        (NEW, "old.example", login("fake-shown", url="https://old.example")),
    ],
    "diun.yml": [
        (NEW, "docker.io/crazymax", login("fake-hub")),
        (REFUSED, "", "does not say for which host"),
        (NEW, "registry.example", login("007", "007", url="https://registry.example")),
        (INCOMPLETE, "quay.io", "in a file that the program reads"),
    ],
    "diun.env": [
        (NEW, "docker.io/crazymax", login("fake-$hub")),
        (REFUSED, "", "does not say for which host"),
        (NEW, "registry.example:5000", login("fake-lab", url="https://registry.example:5000")),
        (INCOMPLETE, "quay.io", "in a file that the program reads"),
        (REFUSED, "", "A name with _"),
        (REFUSED, "", "sets this twice"),
        (REFUSED, "", "refers to another variable"),
    ],
    "diun-compose.yaml": [
        (NEW, "ghcr.io", token("fake$ghcr")),
        (INCOMPLETE, "lscr.io", "refers to another variable"),
    ],
    "argocd.yaml": [
        (NEW, "docker.io", login("fake-hub")),
        (HERE, "gcr.io", "“Google Artifact Registry” is the same"),
        (INCOMPLETE, "one.example", "elsewhere, and was not looked up"),
        (INCOMPLETE, "two.example", "elsewhere, and was not looked up"),
        (NEW, "three.example:5000", login("fake-three", url="https://three.example:5000")),
        (INCOMPLETE, "four.example", "in a Secret"),
        (REFUSED, "", "named by five.example"),
    ],
    "renovate.json5": [
        (NEW, "ghcr.io", token('fake-"ghcr"')),
        (NEW, "registry.example", login("fake-basic", url="https://registry.example")),
        (NEW, ECR, keys("fake-aws")),
        (REFUSED, "", "ends after 12 hours"),
        (REFUSED, "", "encrypted"),
        (REFUSED, "", "no user name with a password"),
        (REFUSED, "", "no host of its own"),
        (INCOMPLETE, "three.example", "filled in from elsewhere"),
    ],
    "renovate.env": [
        (NEW, "ghcr.io", token("fake-ghcr")),
        (NEW, "http.example", login("fake-http", url="http://http.example")),
        (NEW, "docker.io", login("fake-hub")),
        (
            NEW,
            "my-registry.example.com",
            login("fake-hyphen", url="https://my-registry.example.com"),
        ),
        (REFUSED, "", "no user name with a password"),
        (REFUSED, "", "no host of its own"),
        (REFUSED, "", "a host without a dot"),
        (INCOMPLETE, "two.example", "refers to another variable"),
        (REFUSED, "", "sets this twice"),
    ],
    "renovate-compose.yaml": [
        (NEW, "quay.io", robot()),
        (NEW, "registry.example", login("fake-basic", url="https://registry.example")),
        (REFUSED, "", "not JSON: look at line 1"),
    ],
    "regctl.json": [
        (NEW, "docker.io", login("fake-hub")),
        (NEW, "one.example", login("fake-one", url="http://one.example")),
        (NEW, "two.example", login("fake-two", url="https://two.example")),
        (REFUSED, "", "keeps this login"),
        (REFUSED, "", "identity token"),
        (INCOMPLETE, "five.example", "import the file"),
        (REFUSED, "", "name with a path"),
        (REFUSED, "", "named by seven.example"),
    ],
    "komodo.toml": [
        (NEW, "ghcr.io", token("fake-one")),
        (CONFLICT, "ghcr.io", "another login for the same images"),
        (NEW, "registry.example:5000", login("fake-plain", url="https://registry.example:5000")),
        (NEW, "docker.io", login("fake-hub")),
    ],
    "komodo.json": [(INCOMPLETE, "ghcr.io", "leaves tokens out")],
}


def planned(name: str, data: bytes | None = None) -> list[Planned]:
    form = FORMS[name.partition(".")[0].partition("-")[0]]
    return plan(read(form, (SAMPLES / name).read_bytes() if data is None else data))


def added() -> QuerySet[Registry]:
    """All rows but the default ones, which are there from the start."""
    return Registry.objects.filter(is_default=False)


def test_one_module_and_sample_each() -> None:
    """A new form is one file, called as the command names it, its name in FORMS, and a sample."""
    folder = Path(registries.importing.__file__).parent
    assert {path.stem for path in folder.glob("*.py")} - PARTS == set(FORMS)
    samples = {path.name for path in SAMPLES.iterdir()}
    assert samples == set(EXPECTED)
    assert {name.partition(".")[0].partition("-")[0] for name in samples} == set(FORMS)
    for slug, form in FORMS.items():
        assert (form.slug, bool(form.label)) == (slug, True)


def test_the_docs_have_the_commands_of_each_form() -> None:
    page = (Path(__file__).parents[2] / "docs" / "moving-in.md").read_text()
    found = re.findall(r"^manage.py import_registries \S+ --from (\w+) --plan$", page, re.MULTILINE)
    assert set(found) == set(FORMS)


@pytest.mark.parametrize("name", EXPECTED)
def test_what_becomes_of_each_entry(name: str) -> None:
    result = planned(name)
    assert [(item.state, item.place) for item in result] == [one[:2] for one in EXPECTED[name]]
    for item, (state, _place, output) in zip(result, EXPECTED[name], strict=True):
        if isinstance(output, dict):
            assert item.row
            assert item.row.values() == output
        elif state == NEW:
            assert item.row
            assert output in item.row.values()
        else:
            assert any(output in detail for detail in item.details), item.details
        assert bool(item.fingerprint) == (state in {NEW, CONFLICT, HERE} and _signs_in(item))
        assert "fake" not in "".join((item.name, *item.details))
        assert "fake" not in repr(item)


def _signs_in(item: Planned) -> bool:
    return item.row is not None and item.row.state == "authenticated"


def test_what_the_rows_have_besides() -> None:
    mine, *_others = planned("drydock.env")
    assert mine.row
    assert not mine.row.verify_tls
    assert {"Its certificate is not verified, as in the file."} < set(mine.details)
    assert [item.row.verify_tls for item in planned("regctl.json") if item.row][:3] == [
        *(True, True, False)
    ]
    google, packed = planned("podman.json")[3:5]
    assert google.row
    assert packed.row
    assert google.row.values() == packed.row.values()
    assert google.row.values()["clientemail"] == "reader@example-project.iam.gserviceaccount.com"


@pytest.mark.parametrize("name", ["diun.yml", "docker.json", "wud.env"])
def test_files_as_windows_writes_them(name: str) -> None:
    plain = (SAMPLES / name).read_bytes()
    there = planned(name, codecs.BOM_UTF8 + plain.replace(b"\n", b"\r\n"))
    assert [item.state for item in there] == [item.state for item in planned(name)]
    assert not added().exists()


LOGIN = 'username: "a", password: "b"'
VARIABLES = "".join(f"DOCKER_ONE_EXAMPLE_{name}={name}\n" for name in ("USERNAME", "PASSWORD"))


@pytest.mark.parametrize(
    ("program", "text"),
    [
        ("regctl", '{"hosts": {"one.example": {"regcert": "@"}}}'),
        ("argocd", '{"registries": [{"prefix": "one.example", "ca_data": "@"}]}'),
        ("renovate", f'[{{matchHost: "one.example", httpsCertificateAuthority: "@", {LOGIN}}}]'),
        ("renovate", f"{VARIABLES}DOCKER_ONE_EXAMPLE_HTTPSCERTIFICATEAUTHORITY='@'"),
    ],
)
def test_certificate_authorities(program: str, text: str) -> None:
    """They are the row's; what is none is refused at its name."""
    authority = trustme.CA().cert_pem.bytes().decode()
    for certificate, state in ((authority, NEW), ("none", REFUSED)):
        data = text.replace("@", certificate.replace("\n", "\\n")).encode()
        [found] = plan(read(FORMS[program], data))
        assert found.state == state
        if found.row:
            assert found.row.ca_certificate.split() == authority.split()
        else:
            assert found.details[0].startswith("CA certificate: ")


# Where people put logins that have no business there: `@` is such a login and a host.
MISPLACED = {
    "wud": "WUD_REGISTRY_CUSTOM_A_URL=https://@\nWUD_REGISTRY_CUSTOM_A_PASSWORD__FILE=/x\n"
    "WUD_REGISTRY_GITLAB_A_AUTHURL=https://@\nWUD_REGISTRY_GITLAB_A_TOKEN=x\n",
    "portainer": '[{"Type": 4, "Name": "@", "URL": "@", "Gitlab": {"InstanceURL": "https://@"}},'
    ' {"Type": 4, "Name": "a", "URL": "a.example", "Gitlab": {"InstanceURL": "https://@"}}]',
    "argocd": '{"registries": [{"name": "@", "prefix": "a.example", "api_url": "https://@"}]}',
    "komodo": '[{"domain": "https://@", "username": "a", "token": "b"}]',
    "regctl": '{"hosts": {"@": {"user": "a", "pass": "b"}, "a.example": {"hostname": "@"}}}',
    "renovate": '[{"matchHost": "https://@", "username": "a", "password": "b"}]',
    "diun": "regopts: [{name: '@', selector: image, username: a, password: b}]",
    "ssm": '[{"name": "@", "provider": "custom", "auth": {"url": "https://@"}}]',
    "docker": '{"auths": {"@": {}, "https://@": {"auth": "YTpi"}}, "credHelpers": {"@": "@"}}',
    "kubernetes": "{kind: SealedSecret, metadata: {name: '@'}}",
}


@pytest.mark.parametrize("program", MISPLACED)
def test_logins_in_addresses_and_names_are_not_shown(program: str) -> None:
    text = MISPLACED[program].replace("@", "user:fake-misplaced@one.example")
    for each in plan(read(FORMS[program], text.encode())):
        assert "fake" not in repr((each.name, each.place, each.details))


def test_what_somebody_should_know_of_a_row() -> None:
    """Http, another CA, a token server elsewhere, and whose images it takes over."""
    create("ghcr", name="Mine", token="fake-mine")
    auths = {"http://127.0.0.1:5000": {"auth": "YTpi"}, "ghcr.io/acme": {"auth": "YTpi"}}
    plain, part = plan(read(FORMS["podman"], json.dumps({"auths": auths}).encode()))
    assert plain.details == ("It is called over http, without encryption, as in the file.",)
    assert (part.state, part.details) == (
        NEW,
        ("Until now, “Mine” is used for these images.",),
    )
    assert [row.name for row in part.others] == ["Mine"]
    gitlab = "".join(
        f"WUD_REGISTRY_GITLAB_A_{name}={value}\n"
        for name, value in (("URL", "https://a.example"), ("AUTHURL", "https://b.example"))
    )
    [found] = plan(read(FORMS["wud"], f"{gitlab}WUD_REGISTRY_GITLAB_A_TOKEN=fake".encode()))
    assert found.details == ("It also sends its login to https://b.example, as in the file.",)


def test_a_mark_is_of_all_that_would_be_written() -> None:
    """Two plans of one file are marked alike, and others are not, whatever differs."""
    texts = [
        json.dumps({"hosts": {"a.example": {"user": "a", "pass": "b", **more}}})
        for more in ({}, {}, {"pass": "c"}, {"user": "c"}, {"tls": "disabled"}, {"tls": "insecure"})
    ]
    marks = [plan(read(FORMS["regctl"], text.encode()))[0].mark for text in texts]
    assert marks[0] == marks[1]
    assert len({*marks}) == 5
