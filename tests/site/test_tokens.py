"""Access tokens: kept hashed, made and revoked by command and in the admin, shown once."""

import re
import sqlite3
from collections.abc import Iterator

import pytest
import requests

from tests.site.conftest import Site, Visitor

TOKEN = re.compile(r"[0-9a-f]{64}")
PEOPLE = """
from django.contrib.auth.models import Permission, User
User.objects.create_superuser("chief", password="chief-password")
clerk = User.objects.create_user("clerk", password="clerk-password", is_staff=True)
reader = User.objects.create_user("reader")
User.objects.create_user("gone", is_active=False)
codenames = ["view_registry", "add_accesstoken", "view_accesstoken", "delete_accesstoken"]
clerk.user_permissions.set(Permission.objects.filter(codename__in=codenames))
reader.user_permissions.set(Permission.objects.filter(codename="view_registry"))
"""


@pytest.fixture(scope="module")
def peopled(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site with its tables and some users."""
    site = Site(tmp_path_factory.mktemp("site") / "data")
    site.migrate()
    site.ask(PEOPLE)
    return site


@pytest.fixture(scope="module")
def visitor(peopled: Site) -> Iterator[Visitor]:
    with peopled.served(DJANGO_DEBUG="1") as visitor:
        yield visitor


def made(site: Site, *arguments: str) -> str:
    returned, said = site.manage("api_tokens", "make", *arguments)
    assert returned == 0, said
    token = said.strip()
    assert TOKEN.fullmatch(token)
    return token


def status(visitor: Visitor, token: str) -> int:
    return visitor.see("/api/registries/", Authorization=f"Bearer {token}").status_code


def test_by_command(peopled: Site, visitor: Visitor) -> None:
    token, other = made(peopled, "reader"), made(peopled, "reader", "--days", "1")
    assert (status(visitor, token), status(visitor, other)) == (200, 200)
    assert status(visitor, token[:-1] + ("0" if token[-1] != "0" else "1")) == 401
    _, listed = peopled.manage("api_tokens", "list")
    assert f"{token[:15]} reader for ever" in listed
    assert f"{other[:15]} reader until 2" in listed
    assert token not in listed
    assert peopled.manage("api_tokens", "revoke", token[:15])[0] == 0
    assert (status(visitor, token), status(visitor, other)) == (401, 200)
    assert peopled.manage("api_tokens", "revoke", token[:15])[0] == 1


@pytest.mark.parametrize(
    "arguments", [["nobody"], ["gone"], ["reader", "--days", "0"], ["reader", "--days", "x"]]
)
def test_what_the_command_refuses(arguments: list[str], peopled: Site) -> None:
    returned, said = peopled.manage("api_tokens", "make", *arguments)
    assert returned != 0
    assert "Traceback" not in said
    assert not TOKEN.search(said)


def test_only_a_hash_is_kept(peopled: Site) -> None:
    token = made(peopled, "reader")
    with sqlite3.connect(peopled.database) as database:
        dump = "\n".join(database.iterdump())
    database.close()
    assert token[:15] in dump
    assert token not in dump
    assert token[15:] not in dump


def test_an_expired_token_is_refused(peopled: Site, visitor: Visitor) -> None:
    token = made(peopled, "reader", "--days", "1")
    assert status(visitor, token) == 200
    peopled.ask(
        "from django.utils import timezone; from knox.models import AuthToken\n"
        f"AuthToken.objects.filter(token_key='{token[:15]}').update(expiry=timezone.now())"
    )
    assert status(visitor, token) == 401


def test_the_token_of_a_deactivated_user_is_refused(peopled: Site, visitor: Visitor) -> None:
    peopled.ask("from django.contrib.auth.models import User; User.objects.create_superuser('ex')")
    token = made(peopled, "ex")
    assert status(visitor, token) == 200
    peopled.ask(
        "from django.contrib.auth.models import User\n"
        "User.objects.filter(username='ex').update(is_active=False)"
    )
    assert status(visitor, token) == 401


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer a b", "Bearer \xff", "Bearer x", "Basic Y2hpZWY6Y2hpZWYtcGFzc3dvcmQ=", ""],
)
def test_nothing_else_signs_in(header: str, visitor: Visitor) -> None:
    """A name and its password are for the sign-in page, which counts the failures."""
    headers = {"Authorization": header.encode("latin-1")}
    answer = visitor.get(f"{visitor.origin}/api/registries/", headers=headers, timeout=30)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json()["code"] in {"not_authenticated", "authentication_failed"}


# In the admin

TOKENS = "/admin/ssmsite/accesstoken/"


@pytest.fixture
def signed_in(visitor: Visitor) -> Iterator[Visitor]:
    """The clerk, who may make tokens and is no superuser."""
    with Visitor(visitor.origin) as clerk:
        page = clerk.see("/admin/login/")
        assert page.status_code == 200
        fields = {"username": "clerk", "password": "clerk-password"}
        assert submit(clerk, "/admin/login/", **fields).status_code == 302
        yield clerk


def submit(visitor: Visitor, path: str, **fields: str) -> requests.Response:
    data = {"csrfmiddlewaretoken": visitor.cookies["csrftoken"], **fields}
    return visitor.post(visitor.origin + path, data=data, allow_redirects=False, timeout=30)


def person(site: Site, name: str) -> str:
    users = "from django.contrib.auth.models import User"
    return site.ask(f"{users}; print(User.objects.get(username='{name}').pk)").strip()


def test_in_the_admin(peopled: Site, signed_in: Visitor, visitor: Visitor) -> None:
    answer = submit(signed_in, f"{TOKENS}add/", user=person(peopled, "clerk"))
    assert answer.status_code == 200, answer.text
    assert "no-store" in answer.headers["Cache-Control"]
    (token,) = TOKEN.findall(answer.text)
    assert status(visitor, token) == 200
    listed = signed_in.see(TOKENS).text
    assert token[:15] in listed
    assert token not in listed
    assert "for ever" in listed
    form = signed_in.see(f"{TOKENS}add/").text
    assert re.findall(r'type="submit"[^>]*name="(\w+)"', form) == ["_save"]
    (address,) = re.findall(rf'href="({TOKENS}[0-9a-f]+/change/)[^"]*">{token[:15]}', listed)
    assert token not in signed_in.see(address).text
    gone = submit(signed_in, address.replace("/change/", "/delete/"), post="yes")
    assert gone.status_code == 302
    assert status(visitor, token) == 401
    history = peopled.ask(
        "from django.contrib.admin.models import LogEntry\n"
        "for entry in LogEntry.objects.all(): print(entry.object_repr)"
    )
    assert history.count(f"{token[:15]}… (clerk)") == 2
    assert not TOKEN.search(history)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/admin/", ["Programme", "Zugriffstoken"]),
        (TOKENS, ["Zugriffstoken", "Erste Zeichen", "Erstellt", "Gültig bis", "unbegrenzt"]),
        (f"{TOKENS}add/", ["Zugriffstoken hinzufügen", "Gültig bis:", "Leer: bis es gelöscht"]),
    ],
)
def test_in_german(path: str, words: list[str], signed_in: Visitor, peopled: Site) -> None:
    made(peopled, "clerk")
    page = signed_in.see(path, **{"Accept-Language": "de"}).text
    assert [word for word in words if word not in page] == []
    assert "knox" not in page.lower()


def test_who_could_make_the_librarys_tokens_still_can(site: Site) -> None:
    """An upgrade: the permissions were the library's own, of people and of groups."""
    for step in ([], ["ssmsite", "zero"]):
        assert site.manage("migrate", *step, "--verbosity", "0") == (0, "")
    site.ask(
        "from django.contrib.auth.models import Group, Permission, User\n"
        "Permission.objects.filter(content_type__app_label='ssmsite').delete()\n"
        "group = Group.objects.create(name='makers')\n"
        "clerk, viewer, other = (User.objects.create(username=n) for n in ('a', 'b', 'c'))\n"
        "clerk.groups.add(group)\n"
        "group.permissions.add(Permission.objects.get(codename='add_authtoken'))\n"
        "viewer.user_permissions.add(Permission.objects.get(codename='view_authtoken'))"
    )
    assert site.manage("migrate", "--verbosity", "0") == (0, "")
    told = site.ask(
        "from django.contrib.auth.models import User\n"
        "for user in User.objects.order_by('username'):\n"
        "    print(*sorted(p for p in user.get_all_permissions() if 'ssmsite' in p))"
    )
    assert told.splitlines() == ["ssmsite.add_accesstoken", "ssmsite.view_accesstoken", ""]


def test_nobody_makes_or_sees_another_ones_token(peopled: Site, signed_in: Visitor) -> None:
    """A token of a superuser would make its maker one."""
    answer = submit(signed_in, f"{TOKENS}add/", user=person(peopled, "chief"))
    assert answer.status_code == 200
    assert not TOKEN.search(re.sub(r'value="\w+"', "", answer.text))
    start = made(peopled, "chief")[:15]
    assert start not in signed_in.see(TOKENS).text


def test_a_token_cannot_be_made_expired(peopled: Site, signed_in: Visitor) -> None:
    fields = {"user": person(peopled, "clerk"), "expiry_1": "00:00:00"}
    past = submit(signed_in, f"{TOKENS}add/", expiry_0="2001-01-01", **fields)
    assert "Choose a time to come" in past.text
    coming = submit(signed_in, f"{TOKENS}add/", expiry_0="2101-01-01", **fields)
    assert TOKEN.search(coming.text)


def test_a_new_password_leaves_tokens_good_until_they_are_revoked(
    peopled: Site, visitor: Visitor
) -> None:
    """#99: all of one user's at once, and nobody else's."""
    tokens = [made(peopled, "reader"), made(peopled, "reader")]
    other = made(peopled, "chief")
    peopled.ask(
        "from django.contrib.auth.models import User\n"
        "user = User.objects.get(username='reader')\n"
        "user.set_password('another')\nuser.save()"
    )
    assert [status(visitor, token) for token in tokens] == [200, 200]
    assert peopled.manage("api_tokens", "revoke", "--user", "nobody")[0] == 1
    assert peopled.manage("api_tokens", "revoke")[0] == 2
    assert peopled.manage("api_tokens", "revoke", "--user", "reader") == (0, "")
    assert [status(visitor, token) for token in tokens] == [401, 401]
    assert status(visitor, other) == 200
