"""Access tokens: kept hashed, made and revoked by command and in the admin, shown once."""

import json
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from html import unescape

import pytest
import requests

from tests.site.conftest import QuickSite, Site, Visitor

TOKEN = re.compile(r"[0-9a-f]{64}")
PEOPLE = """
from django.contrib.auth.models import Permission, User
User.objects.create_superuser("chief", password="chief-password")
clerk = User.objects.create_user("clerk", password="clerk-password", is_staff=True)
reader = User.objects.create_user("reader")
User.objects.create_user("gone", is_active=False)
User.objects.create_superuser("leaver")
User.objects.create_superuser("stayer")
codenames = ["view_registry", "add_accesstoken", "view_accesstoken", "delete_accesstoken"]
clerk.user_permissions.set(Permission.objects.filter(codename__in=codenames))
reader.user_permissions.set(Permission.objects.filter(codename="view_registry"))
"""


@pytest.fixture(scope="module")
def peopled(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site with its tables and some users."""
    site = QuickSite(tmp_path_factory.mktemp("site") / "data")
    site.migrate()
    site.shell(PEOPLE)
    return site


@pytest.fixture(scope="module")
def visitor(peopled: Site) -> Iterator[Visitor]:
    with peopled.served(DJANGO_DEBUG="1") as visitor:
        yield visitor


def create_token(site: Site, *arguments: str) -> str:
    returned, output = site.manage("api_tokens", "make", *arguments)
    assert returned == 0, output
    token = output.strip()
    assert TOKEN.fullmatch(token)
    return token


def tokens_of(site: Site, *names: str) -> list[str]:
    """A token of each of these users, made by one process."""
    return site.shell(
        "from django.contrib.auth.models import User\n"
        "from ssmsite.models import AccessToken\n"
        f"for name in {names}:\n"
        "    print(AccessToken.objects.create(User.objects.get(username=name))[1])"
    ).splitlines()


def status(visitor: Visitor, token: str) -> int:
    return visitor.see("/api/registries/", Authorization=f"Bearer {token}").status_code


def test_by_command(peopled: Site, visitor: Visitor) -> None:
    token = create_token(peopled, "reader", "--name", "Updater", "--never-expires")
    other = create_token(peopled, "reader", "--days", "1")
    assert (status(visitor, token), status(visitor, other)) == (200, 200)
    assert status(visitor, token[:-1] + ("0" if token[-1] != "0" else "1")) == 401
    _, listed = peopled.manage("api_tokens", "list")
    assert f"{token[:15]} reader (Updater): never expires, last used 2" in listed
    assert f"{other[:15]} reader: expires 2" in listed
    assert token not in listed
    assert peopled.manage("api_tokens", "revoke", token[:15])[0] == 0
    assert (status(visitor, token), status(visitor, other)) == (401, 200)
    assert peopled.manage("api_tokens", "revoke", token[:15])[0] == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["nobody"],
        ["gone"],
        ["reader", "--days", "0"],
        ["reader", "--days", "x"],
        ["reader", "--days", "1", "--never-expires"],
        ["reader", "--name", "x" * 101],
    ],
)
def test_what_the_command_refuses(arguments: list[str], peopled: Site) -> None:
    returned, output = peopled.manage("api_tokens", "make", *arguments)
    assert returned != 0
    assert "Traceback" not in output
    assert not TOKEN.search(output)


def test_only_a_hash_is_kept(peopled: Site) -> None:
    token = create_token(peopled, "reader")
    with closing(sqlite3.connect(peopled.database)) as database:
        dump = "\n".join(database.iterdump())
    assert token[:15] in dump
    assert token not in dump
    assert token[15:] not in dump


def test_an_expired_token_and_one_of_a_deactivated_user_are_refused(
    peopled: Site, visitor: Visitor
) -> None:
    tokens = tokens_of(peopled, "stayer", "leaver")
    assert [status(visitor, token) for token in tokens] == [200, 200]
    peopled.shell(
        "from django.contrib.auth.models import User\n"
        "from django.utils import timezone\n"
        "from ssmsite.models import AccessToken\n"
        "AccessToken.objects.filter(user__username='stayer').update(expiry=timezone.now())\n"
        "User.objects.filter(username='leaver').update(is_active=False)"
    )
    assert [status(visitor, token) for token in tokens] == [401, 401]


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


def create(visitor: Visitor, name: str, **fields: str) -> requests.Response:
    """Create a token in the admin; the answer is the page that shows it, or the form again."""
    fields = {"name": name, "days": "90", "may_read": "on", "may_query": "on", **fields}
    answer = submit(visitor, f"{TOKENS}add/", **fields)
    if answer.status_code != 302:
        return answer
    assert answer.headers["Location"] == f"{TOKENS}made/"
    # The served site has no HTTPS, and the cookie is for this page alone.
    return visitor.see(f"{TOKENS}made/")


def test_in_the_admin(peopled: Site, signed_in: Visitor, visitor: Visitor) -> None:
    answer = create(signed_in, "Updater", purpose="Cluster west")
    assert answer.status_code == 200, answer.text
    assert "no-store" in answer.headers["Cache-Control"]
    (token,) = TOKEN.findall(answer.text)
    (line,) = re.findall(r'<code id="try"[^>]*>(.*?)</code>', answer.text)
    # It reads the token, which so is in no history and in no list of processes.
    command = ["bash", "-c", unescape(line)]
    output = subprocess.run(command, input=f"{token}\n", capture_output=True, text=True, check=True)
    assert json.loads(output.stdout)["count"] > 0
    listed = signed_in.see(TOKENS).text
    for words in ("Updater", "Cluster west", token[:15], "just now"):
        assert words in listed
    assert token not in listed
    (address,) = re.findall(rf'href="({TOKENS}[0-9a-f]+/change/)[^"]*">Updater', listed)
    response = signed_in.see(address)
    assert (response.status_code, token in response.text) == (200, False)
    facts = dict(re.findall(r"<dt>(.+?)</dt><dd>(.+?)</dd>", response.text))
    assert facts["Purpose"] == "Cluster west"
    assert all(facts[name].endswith(" UTC") for name in ("Created", "Last used", "Expires"))
    assert ">All access tokens</a>" in response.text
    gone = submit(signed_in, address.replace("/change/", "/delete/"), post="yes")
    assert gone.status_code == 302
    assert status(visitor, token) == 401
    history = peopled.shell(
        "from django.contrib.admin.models import LogEntry\n"
        "for entry in LogEntry.objects.all(): print(entry.object_repr)"
    )
    assert history.count("Updater (clerk)") == 2
    assert not TOKEN.search(history)


def test_a_token_is_shown_once_and_no_reload_makes_another(
    peopled: Site, signed_in: Visitor
) -> None:
    # Where one is made that may be handed credentials, the way to the programs is shown; the
    # line that tries it shows how it was answered, and no credentials.
    puller = create(signed_in, "Puller", may_read="", may_hand_over="on").text
    assert 'href="/programs/"' in puller
    assert "-H @- -o /dev/null -w '%{http_code}\\n' -d host=" in unescape(puller)
    count = "from ssmsite.models import AccessToken; print(AccessToken.objects.count())"
    before = int(peopled.shell(count))
    text = create(signed_in, "Once").text
    assert TOKEN.search(text)
    assert 'href="/programs/"' not in text
    again = signed_in.see(f"{TOKENS}made/")
    assert (again.status_code, again.headers["Location"]) == (302, TOKENS)
    assert "A token is shown once." in signed_in.see(TOKENS).text
    assert int(peopled.shell(count)) == before + 1
    # What somebody else brings is shown to nobody.
    signed_in.cookies.set("new_access_token", create_token(peopled, "chief"), path=f"{TOKENS}made/")
    assert signed_in.see(f"{TOKENS}made/").status_code == 302


FAULTY = """
from unittest.mock import patch
from django.core.signals import got_request_exception
from django.contrib.auth.models import User
from django.test import Client
from django.views.debug import ExceptionReporter
from knox.crypto import hash_token
import sys
plain = 'f' * 64
def show(request, **more):
    print(ExceptionReporter(request, *sys.exc_info()).get_traceback_html())
got_request_exception.connect(show, weak=False)
client = Client(raise_request_exception=False, headers={'host': 'localhost'})
client.force_login(User.objects.get(username='chief'))
chief = User.objects.get(username='chief')
form = {'name': 'Fault', 'user': chief.pk, 'days': '90', 'may_read': 'on'}
with patch('ssmsite.admin.get_digest_token', lambda: (hash_token(plain), plain)):
    with patch('ssmsite.admin.%s', side_effect=RuntimeError('broken on purpose')):
        added = client.post('/admin/ssmsite/accesstoken/add/', form, follow=True, secure=True)
"""


@pytest.mark.parametrize("broken", ["HttpResponseRedirect", "ShownToken", "timedelta"])
def test_no_report_of_a_fault_shows_a_new_token(peopled: Site, broken: str) -> None:
    """#19: neither where it is made, nor on the way to its page, nor there."""
    report = peopled.shell(FAULTY % broken)
    assert "broken on purpose" in report
    assert "f" * 64 not in report


@pytest.mark.parametrize(
    ("days", "expected"), [("90", 90), ("365", 365), ("0", None), ("91", "not one of")]
)
def test_a_token_ends_when_it_was_chosen_to(
    peopled: Site, signed_in: Visitor, days: str, expected: int | str | None
) -> None:
    answer = create(signed_in, f"For {days}", days=days)
    if isinstance(expected, str):
        assert expected in unescape(answer.text)
        return
    code = (
        "from ssmsite.models import AccessToken\n"
        f"token = AccessToken.objects.get(name='For {days}')\n"
        "print(token.expiry and round((token.expiry - token.created).total_seconds() / 86400))"
    )
    assert peopled.shell(code).strip() == str(expected)


def test_a_token_may_be_limited_to_reading(peopled: Site, visitor: Visitor) -> None:
    """Its account may have the site call registries; one of its tokens may not."""
    limited, other = create_token(peopled, "chief", "--read-only"), create_token(peopled, "chief")
    assert (status(visitor, limited), status(visitor, other)) == (200, 200)
    address = "/api/images/digest/?image=nowhere.example/acme/app:1"
    answers = [visitor.see(address, Authorization=f"Bearer {token}") for token in (limited, other)]
    codes = [(answer.status_code, answer.json()["code"]) for answer in answers]
    assert codes == [(403, "token_limited"), (404, "no_registry")]


def test_a_token_may_be_limited_to_being_handed_some_credentials(
    peopled: Site, visitor: Visitor
) -> None:
    peopled.shell(
        "from registries.models import Registry\n"
        "for name in ('Lab', 'Other'):\n"
        "    Registry(kind='custom', name=name, url=f'https://{name}.example', login='johndoe',"
        " password='fake-password', handover='any').save()"
    )
    by_name = create_token(peopled, "chief", "--may", "hand-over", "--registry", "lab")
    by_prefix = create_token(peopled, "chief", "--may", "hand-over", "--prefix", "lab.example")

    def hand_over(token: str, host: str) -> tuple[int, str]:
        answer = visitor.post(
            f"{visitor.origin}/api/handover/",
            data={"host": host, "form": "line"},
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        )
        return answer.status_code, answer.text if answer.ok else answer.json()["code"]

    for token in (by_name, by_prefix):
        assert hand_over(token, "lab.example") == (200, "johndoe:fake-password")
        assert hand_over(token, "other.example") == (403, "token_limited")
        assert status(visitor, token) == 403
    # Tokens of before are handed nothing, whatever their account may do.
    assert hand_over(create_token(peopled, "chief"), "lab.example") == (403, "token_limited")
    _, listed = peopled.manage("api_tokens", "list")
    assert f"{by_name[:15]} chief: expires 2" in listed
    assert "may hand-over, only for Lab" in listed
    assert "may hand-over, only for lab.example" in listed


def test_the_last_use_is_noted_and_no_reader_is_refused_for_it(
    peopled: Site, visitor: Visitor
) -> None:
    token = create_token(peopled, "reader")
    _, listed = peopled.manage("api_tokens", "list")
    assert f"{token[:15]} reader: expires 2" in listed
    assert listed.split(token[:15])[1].splitlines()[0].endswith("never used")
    with closing(sqlite3.connect(peopled.database)) as database, database:
        database.execute(
            "CREATE TRIGGER unwritable BEFORE UPDATE ON ssmsite_accesstoken"
            " BEGIN SELECT RAISE(FAIL, 'no'); END"
        )
    assert status(visitor, token) == 200
    with closing(sqlite3.connect(peopled.database)) as database, database:
        database.execute("DROP TRIGGER unwritable")
    assert status(visitor, token) == 200
    _, listed = peopled.manage("api_tokens", "list")
    assert "last used 2" in listed.split(token[:15])[1].splitlines()[0]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/admin/", ["Programme", "Zugriffstoken"]),
        (TOKENS, ["Zugriffstoken", "Konto", "Zuletzt benutzt", "Läuft ab", "Widerrufen"]),
        (f"{TOKENS}add/", ["Zugriffstoken erstellen", "Läuft ab:", "in 90 Tagen"]),
    ],
)
def test_in_german(path: str, words: list[str], signed_in: Visitor, peopled: Site) -> None:
    create_token(peopled, "clerk")
    page = signed_in.see(path, **{"Accept-Language": "de"}).text
    assert [word for word in words if word not in page] == []
    assert "knox" not in page.lower()


def test_who_could_make_the_librarys_tokens_still_can(site: Site) -> None:
    """An upgrade: the permissions were the library's own, of people and of groups."""
    site.migrate()
    assert site.manage("migrate", "ssmsite", "zero", "--verbosity", "0") == (0, "")
    old = site.shell(
        "from django.contrib.auth.models import User\n"
        "from knox.models import AuthToken\n"
        "print(AuthToken.objects.create(User.objects.create_superuser('old'), None)[1])"
    ).strip()
    site.shell(
        "from django.contrib.auth.models import Group, Permission, User\n"
        "Permission.objects.filter(content_type__app_label='ssmsite').delete()\n"
        "group = Group.objects.create(name='makers')\n"
        "clerk, viewer, other = (User.objects.create(username=n) for n in ('a', 'b', 'c'))\n"
        "clerk.groups.add(group)\n"
        "group.permissions.add(Permission.objects.get(codename='add_authtoken'))\n"
        "viewer.user_permissions.add(Permission.objects.get(codename='view_authtoken'))"
    )
    assert site.manage("migrate", "--verbosity", "0") == (0, "")
    output = site.shell(
        "from django.contrib.auth.models import User\n"
        "for user in User.objects.order_by('username'):\n"
        "    print(*sorted(p for p in user.get_all_permissions() if 'ssmsite' in p))"
    )
    assert output.splitlines()[:2] == ["ssmsite.add_accesstoken", "ssmsite.view_accesstoken"]
    # The library's tokens work as they did, and are listed.
    with site.served(DJANGO_DEBUG="1") as visitor:
        assert status(visitor, old) == 200
    assert f"{old[:15]} old: never expires" in site.manage("api_tokens", "list")[1]


def test_nobody_makes_or_sees_another_ones_token(peopled: Site, signed_in: Visitor) -> None:
    """A token of a superuser would make its maker one."""
    users = "from django.contrib.auth.models import User"
    chief = peopled.shell(f"{users}; print(User.objects.get(username='chief').pk)").strip()
    page = create(signed_in, "Mine", user=chief)
    assert "It uses the account clerk." in page.text
    start = create_token(peopled, "chief")[:15]
    assert start not in signed_in.see(TOKENS).text


def test_a_new_password_leaves_tokens_good_until_they_are_revoked(
    peopled: Site, visitor: Visitor
) -> None:
    """#99: all of one user's at once, and nobody else's."""
    *tokens, other = tokens_of(peopled, "reader", "reader", "chief")
    peopled.shell(
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
