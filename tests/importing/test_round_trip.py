"""What is handed over as a file of docker, podman or Kubernetes comes back as the rows it was."""

from typing import Any

import pytest

from registries import services
from registries.handover import FORMS as HANDED_OVER
from registries.handover.recipient import Recipient
from registries.handover.target import Target
from registries.importing import FORMS
from registries.importing.planning import Planned, plan, read
from registries.importing.writing import write
from registries.models import Registry
from tests.factories import create
from tests.importing.test_samples import added

pytestmark = pytest.mark.django_db

ROWS: list[tuple[str, dict[str, Any]]] = [
    ("hub", {"password": "fake with spaces ", "login": "johndoe"}),
    ("ghcr", {}),
    ("lscr", {}),
    ("quay", {"url": None, "authurl": None}),
    ("digitalocean", {"username": None}),
    ("gitlab", {"url": "https://registry.gitlab.com", "authurl": "https://gitlab.com"}),
    ("acr", {"url": "https://acme.azurecr.io", "tenantid": None}),
    ("custom", {"url": "https://custom.example:5000", "authurl": None}),
]
# Whose hosts are their own, so that no file tells of which kind they are.
SELF_HOSTED = ("harbor", "artifactory", "gitea", "forgejo")
PREFIXED: list[tuple[str, dict[str, Any]]] = [
    ("hub", {"prefix": "docker.io/acme", "password": "fake-acme"}),
    ("ghcr", {"prefix": "ghcr.io/acme/app", "token": "fake-acme"}),
    ("custom", {"url": "https://custom.example:5000", "prefix": "custom.example:5000/team"}),
]


def made(rows: list[tuple[str, dict[str, Any]]]) -> list[Registry]:
    result = []
    for slug, columns in rows:
        auth = {"auth": None, "token": None} if slug == "hub" else {}
        result.append(create(slug, **{**auth, **columns}, handover="any"))
    return result


def file_of(rows: list[Registry], form: str) -> bytes:
    target = Target(registries=tuple(row.pk for row in rows))
    return services.hand_over(HANDED_OVER[form], target, recipient=Recipient()).text.encode()


def plain(row: Registry) -> tuple[str, str, dict[str, str]]:
    return row.kind, row.prefix, row.values()


@pytest.mark.parametrize("form", ["docker", "podman", "kubernetes"])
def test_rows_come_back(form: str) -> None:
    rows = made(ROWS + (PREFIXED if form != "docker" else []))
    data, before = file_of(rows, form), [plain(row) for row in rows]
    assert {item.state for item in plan(read(FORMS[form], data))} == {"already here"}
    added().delete()
    states = {item.state for item in write(read(FORMS[form], data))}
    assert states <= {"new", "already here"}
    after = [plain(row) for row in added()]
    assert sorted(map(repr, after)) == sorted(map(repr, before))


@pytest.mark.parametrize("form", ["docker", "podman", "kubernetes"])
def test_rows_at_hosts_of_their_own(form: str) -> None:
    """They are known again; without them the same login becomes a self-hosted registry."""
    rows = [
        create(slug, url=f"https://{slug}.example", handover="any", authurl=None)
        for slug in SELF_HOSTED
    ]
    data = file_of(rows, form)
    result = plan(read(FORMS[form], data))
    assert [(item.state, item.details) for item in result] == [
        ("already here", (f"“{row.name}” is the same.",)) for row in rows
    ]
    added().delete()
    assert {item.kind for item in write(read(FORMS[form], data))} == {"custom"}


def test_a_glob_becomes_the_row_for_all_hosts() -> None:
    row = create("acr", url=None, tenantid=None, handover="any")
    data, before = file_of([row], "kubernetes"), plain(row)
    row.delete()
    result: list[Planned] = write(read(FORMS["kubernetes"], data))
    assert [plain(row) for row in added()] == [before]
    assert {item.state for item in result} == {"new", "already here"}
