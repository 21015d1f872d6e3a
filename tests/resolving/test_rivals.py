"""Rows that answer for the same images: who may add one, and how both tell of each other."""

from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from registries.models import Registry
from registries.resolving.rivals import rivals
from tests.factories import build, create

pytestmark = pytest.mark.django_db

LIST = "/backstage/registries/registry/"


def signed_in(*verbs: str) -> Client:
    user = User.objects.create_user("robin", is_staff=True)
    names = [f"{verb}_registry" for verb in verbs]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = Client()
    client.force_login(user)
    return client


def text_of(response: Any) -> str:
    return unescape(response.content.decode())


ANONYMOUS: dict[str, Any] = {"login": None, "password": None}
HOST = "registry.example:5000"
# What somebody adds beside a row at https://registry.example:5000 with credentials, and in what it
# differs; nothing where it reads the same images alike, or others.
BESIDE = [
    ("custom", {}, set()),
    ("custom", {"url": "https://other.example"}, set()),
    ("custom", {"url": "https://registry.example"}, set()),
    ("custom", {"url": f"http://{HOST}"}, {"scheme"}),
    (
        "custom",
        {"url": f"http://{HOST}", "prefix": f"{HOST}/team"},
        {"scheme", "images they are for"},
    ),
    ("custom", {"url": f"https://{HOST}/elsewhere"}, {"address"}),
    ("custom", {"authurl": "https://auth.example"}, {"address"}),
    ("custom", {"prefix": f"{HOST}/team/app"}, {"images they are for"}),
    ("custom", {"verify_tls": False}, {"verification of the certificate"}),
    ("custom", ANONYMOUS, {"credentials"}),
    ("gitea", {"url": f"https://{HOST}"}, {"kind"}),
]


@pytest.mark.parametrize(("slug", "columns", "differs"), BESIDE)
def test_a_row_beside_another_says_in_what_it_differs(
    slug: str, columns: dict[str, Any], differs: set[str]
) -> None:
    """#95: and that one says the same of it."""
    stored, added = create("custom"), create(slug, **columns)
    for row, other in ((added, stored), (stored, added)):
        found = list(rivals(row))
        assert [rival.row for rival in found] == ([other] if differs else [])
        assert {word for rival in found for word in rival.differs} == differs
    if differs:
        [mine], [its] = rivals(added), rivals(stored)
        assert mine.comes_first is not its.comes_first


# Beside the default row of a hosted kind, which is anonymous.
HOSTED = [
    ("ghcr", {"username": None, "token": None}, set()),
    ("ghcr", {}, {"credentials"}),
    ("ghcr", {"prefix": "ghcr.io/acme"}, {"credentials", "images they are for"}),
    ("custom", {"url": "https://ghcr.io", **ANONYMOUS}, {"kind"}),
    ("custom", {"url": "http://ghcr.io", **ANONYMOUS}, {"kind", "scheme"}),
    (
        "custom",
        {"url": "http://ghcr.io", "prefix": "ghcr.io/acme/app", **ANONYMOUS},
        {"kind", "scheme", "images they are for"},
    ),
    ("custom", {"url": "https://notghcr.io", **ANONYMOUS}, set()),
    (
        "gcr",
        {"clientemail": None, "privatekey": None, "prefix": "eu.gcr.io/p"},
        {"images they are for"},
    ),
    ("ecr", {}, set()),
    ("custom", {"url": "https://eu.gcr.io", **ANONYMOUS}, {"kind"}),
]


@pytest.mark.parametrize(("slug", "columns", "differs"), HOSTED)
def test_the_hosts_of_kinds_are_looked_at_as_well(
    slug: str, columns: dict[str, Any], differs: set[str]
) -> None:
    """#95: by their names, and by their patterns."""
    row = create(slug, **columns)
    found = list(rivals(row))
    assert {word for rival in found for word in rival.differs} == differs
    for rival in found:
        assert row in [each.row for each in rivals(rival.row)]


def test_rows_of_two_prefixes_never_meet() -> None:
    create("custom", url="https://r.example", prefix="r.example/one")
    row = create("custom", url="http://r.example", prefix="r.example/one-more")
    assert list(rivals(row)) == []
    assert list(rivals(build("custom", url="http://r.example", prefix="r.example/two"))) == []


FORM = {"name": "Mine", "url": f"http://{HOST}", "prefix": f"{HOST}/team", "verify_tls": "on"}


def test_who_may_add_alone_takes_nothing_over(settings: Any) -> None:
    """#95: a longer prefix of his own would have read an existing row's images over http."""
    stored = create("custom", name="Ours")
    client = signed_in("view", "add")
    page = text_of(client.post(f"{LIST}add/?kind=custom", FORM))
    assert "“Ours” answers for these images already and differs in: scheme" in page
    assert "Ask somebody who may change registries" in page
    assert not Registry.objects.filter(name="Mine").exists()
    assert Registry.objects.resolve(f"{HOST}/team/app") == stored
    other = {**FORM, "url": "https://mine.example", "prefix": ""}
    assert client.post(f"{LIST}add/?kind=custom", other).status_code == 302


def test_a_row_that_he_may_not_see_is_not_named() -> None:
    create("custom", name="Ours")
    page = text_of(signed_in("add").post(f"{LIST}add/?kind=custom", FORM))
    assert "Another registry answers for these images already" in page
    assert "Ours" not in page


def test_who_may_change_adds_it_and_both_tell_of_each_other() -> None:
    """#95: on the page of each, with what is different and which comes first."""
    ours = create("custom", name="Ours")
    client = signed_in("view", "add", "change")
    assert client.post(f"{LIST}add/?kind=custom", FORM).status_code == 302
    mine = Registry.objects.get(name="Mine")
    pages = [text_of(client.get(f"{LIST}{row.pk}/change/")) for row in (ours, mine)]
    assert f'<a href="{LIST}{mine.pk}/change/">Mine</a>' in pages[0]
    assert f'<a href="{LIST}{ours.pk}/change/">Ours</a>' in pages[1]
    assert "It is used where both fit an image." in pages[0]
    assert "This one is used where both fit an image." in pages[1]
    for page in pages:
        assert "They differ in: scheme, images they are for, credentials." in page


def test_a_row_alone_tells_of_none() -> None:
    row = create("custom")
    page = text_of(signed_in("view").get(f"{LIST}{row.pk}/change/"))
    assert "Other registries answer for the same images" not in page
