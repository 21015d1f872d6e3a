"""Signing in: limited by name and address, and the same answers whoever is asked about."""

import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from typing import Any

import pytest
import requests

from tests.site.conftest import QuickSite, Site, Visitor

HTTPS = {"X-Forwarded-Proto": "https"}
LOGIN = "/admin/login/"
PROXIED = {"DJANGO_BEHIND_PROXY": "1"}
LIMIT = 5
# How so many wrong passwords are answered.
LOCKED = [200] * (LIMIT - 1) + [429]
MAKE_USERS = """
from django.contrib.auth.models import User
User.objects.create_superuser("ann", password="right")
User.objects.create_user("ben", password="right", is_staff=True)
User.objects.create_user("cat", password="right")
User.objects.create_user("gone", password="right", is_active=False)
"""
KEPT = """
from axes.models import AccessAttempt
for row in AccessAttempt.objects.values():
    who = [row.pop(name) for name in ("username", "ip_address", "failures_since_start")]
    print(who, set("".join(row.pop(name) for name in
        ("get_data", "post_data", "user_agent", "http_accept", "path_info"))) - set("\\n-"))
"""
AGE = """
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import F
AccessAttempt.objects.update(attempt_time=F("attempt_time") - settings.AXES_COOLOFF_TIME)
"""
FORGET = "from axes.models import AccessAttempt\nAccessAttempt.objects.all().delete()"
# The site with a password hasher that takes its time, and writes a byte for each password.
COUNTING = """
import os
import time
from pathlib import Path
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from ssmsite.settings import *

class Hasher(PBKDF2PasswordHasher):
    iterations = 1
    def encode(self, password, salt, iterations=None):
        with Path(os.environ["HASHED"]).open("ab") as file:
            file.write(b"x")
        time.sleep(0.5)
        return super().encode(password, salt, iterations)

PASSWORD_HASHERS = ["counting.Hasher"]
"""
# The site with a password hasher that waits as long as this file is there.
HELD = """
import os
import time
from pathlib import Path
from django.contrib.auth.hashers import MD5PasswordHasher
from ssmsite.settings import *

class Hasher(MD5PasswordHasher):
    def encode(self, password, salt):
        while Path(os.environ["HELD"]).exists():
            time.sleep(0.05)
        return super().encode(password, salt)

PASSWORD_HASHERS = ["held.Hasher"]
"""
# A session that was there before its user signed in, and whether one is still there.
PLANT = """
from django.contrib.sessions.backends.db import SessionStore
session = SessionStore()
session["planted"] = True
session.save()
print(session.session_key)
"""
LOOK = """
from django.contrib.sessions.backends.db import SessionStore
print(SessionStore().exists(%r))
"""

type_of_sign_in = Callable[..., requests.Response]


class Place(QuickSite):
    """A site with settings of its own, which lie beside its data."""

    def environment(self, **variables: str) -> dict[str, str]:
        return super().environment(PYTHONPATH=str(self.data.parent), **variables)


def signing_in(visitor: Visitor, address: str) -> type_of_sign_in:
    """Open the form at an address, as the proxy tells it; what is returned sends it."""
    browser = Visitor(visitor.origin)
    # A connection that is kept may be closed by the server just as the form is sent.
    token = browser.see(LOGIN, Connection="close", **HTTPS).cookies["csrftoken"]

    def send(
        name: str,
        password: str,
        query: str = "",
        session: str = "",
        headers: dict[str, str] | None = None,
    ) -> requests.Response:
        form = {
            **HTTPS,
            "X-Forwarded-For": address,
            "Referer": visitor.origin.replace("http:", "https:") + LOGIN,
            # Over plain HTTP the browser's own jar would keep the secure cookie to itself.
            "Cookie": f"csrftoken={token}; sessionid={session}",
        }
        with browser:
            return browser.post(
                visitor.origin + LOGIN + query,
                {"username": name, "password": password, "csrfmiddlewaretoken": token},
                headers=form | (headers or {}),
                allow_redirects=False,
                timeout=60,
            )

    return send


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site with active users and the inactive user gone."""
    site = Place(tmp_path_factory.mktemp("signin") / "data")
    (site.data.parent / "counting.py").write_text(COUNTING)
    (site.data.parent / "held.py").write_text(HELD)
    site.migrate()
    site.shell(MAKE_USERS)
    return site


@pytest.fixture(scope="module")
def visitor(place: Site) -> Iterator[Visitor]:
    with place.served(**PROXIED, DJANGO_ALLOWED_HOSTS="*") as visitor:
        yield visitor


@pytest.fixture
def here() -> str:
    """An address of its own for each test, where nobody has failed yet."""
    return ".".join(map(str, (10, *secrets.token_bytes(3))))


@pytest.fixture
def sign_in(visitor: Visitor, here: str) -> type_of_sign_in:
    """Try to sign in from an address, as the proxy tells it."""

    def tried(name: str, password: str, address: str = here, **more: Any) -> requests.Response:
        return signing_in(visitor, address)(name, password, **more)

    return tried


def test_who_fails_too_often_waits(sign_in: type_of_sign_in, place: Site, here: str) -> None:
    """#27: the sixth attempt is refused, with the right password as well, and for a while only.

    Whatever addresses the visitor makes up, before the one that the proxy adds.
    """
    made_up = [f"198.51.100.{number}, {here}" for number in range(LIMIT)]
    assert [sign_in("ann", "wrong", sender).status_code for sender in made_up] == LOCKED
    refused = sign_in("ann", "right")
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) == 15 * 60
    assert "Try again in 15 minutes" in refused.text
    # The twins: neither from another place, nor after the pause.
    assert sign_in("ann", "right", "192.0.2.2").status_code == 302
    place.shell(AGE)
    assert sign_in("ann", "right").status_code == 302


def test_success_takes_back_nobody_elses_failures(sign_in: type_of_sign_in) -> None:
    """#87: whoever guesses from the same office gets no new tries each time that ann signs in.

    Her own failures wait as well: nobody can tell hers from theirs.
    """
    for _ in range(LIMIT - 1):
        assert sign_in("ann", "wrong").status_code == 200
    for _ in range(LIMIT):
        assert sign_in("ann", "right").status_code == 302, "a success is not counted"
        assert sign_in("ben", "right").status_code == 302
    assert sign_in("ann", "wrong").status_code == 429
    assert sign_in("ben", "right").status_code == 302, "by name and address together"
    assert sign_in("ann", "right").status_code == 429


def test_a_password_without_the_admin_is_answered_like_a_wrong_one(
    sign_in: type_of_sign_in,
) -> None:
    """#28, #87: to the end; otherwise the missing lock would tell that it was right."""
    answers = [sign_in("cat", "right").status_code for _ in range(LIMIT)]
    assert answers == LOCKED


def numbered(text: str) -> list[str]:
    """A text with each of several numbers instead of its N."""
    return [text.replace("N", str(number)) for number in range(1, LIMIT + 1)]


# What the proxy says of visitors who are one sender.
ALIKE = [
    numbered("2001:db8:1:2::N"),
    numbered("2001:db8:1:3:N:f::"),
    numbered("[2001:db8:1:4::N]:100N"),
    numbered("203.0.113.1:100N"),
    numbered("fe80::N%ethN"),
    # The last entry is the proxy's; what stands before it is the visitor's word.
    numbered("198.51.100.N, 203.0.113.4"),
    ["203.0.113.2", "::ffff:203.0.113.2", "::ffff:cb00:7102", "64:ff9b::cb00:7102"],
    ["203.0.113.2", "[::ffff:203.0.113.2]:443"],
    ["203.0.113.3", "2002:cb00:7103:1::1", "2002:cb00:7103:2::1", "::ffff:0:203.0.113.3"],
    ["203.0.113.3", "2001:0:c000:201:0:1:34ff:8efc"],
    ["", "127.0.0.1"],
    ["_hidden, 999.0.0.1", "999.0.0.1"],
]
APART = [
    ["2001:db8:2:1::1", "2001:db8:2:2::1"],
    ["203.0.113.11:443", "203.0.113.12:443"],
    ["::ffff:203.0.113.13", "::ffff:203.0.113.14"],
    ["64:ff9b::203.0.113.15", "64:ff9b::203.0.113.16"],
    ["::ffff:0:203.0.113.17", "::ffff:0:203.0.113.18"],
    ["2001:0:c000:201:0:1:34ff:8eec", "2001:0:c000:201:0:1:34ff:8eeb"],
    ["unknown-1", "unknown-2", "junk"],
    ["300.1.1.1:1", "300.1.1.1:2"],
    ["203.0.113.19", "203.0.113.19, 198.51.100.7"],
]
SENDERS = """
from django.test import RequestFactory
from ssmsite.signin import address
for text in %s:
    print("sender:", address(RequestFactory().get("/", HTTP_X_FORWARDED_FOR=text)))
"""


def test_nobody_changes_his_address_or_uses_up_the_tries_of_others(place: Site) -> None:
    """#27, #87: a customer's IPv6 network, ports and spellings are one sender; neighbours are not.

    Nor are they where the proxy's text is no address.
    """
    groups = [*ALIKE, *APART]
    output = place.shell(SENDERS % [text for group in groups for text in group], **PROXIED)
    senders = iter(re.findall("^sender: (.+)$", output, re.MULTILINE))
    for group in groups:
        told_apart = {next(senders) for _text in group}
        assert len(told_apart) == (1 if group in ALIKE else len(group)), group
    assert not [*senders]


def test_of_a_burst_no_more_are_looked_at_than_of_a_row(place: Site) -> None:
    """#87: 32 guesses at once, by four processes; how many passwords were hashed is counted."""
    hashed = place.data.parent / "hashed"
    variables = {
        "DJANGO_SETTINGS_MODULE": "counting",
        "HASHED": str(hashed),
        "DJANGO_BEHIND_PROXY": "1",
        "WEB_CONCURRENCY": "4",
        "GUNICORN_CMD_ARGS": "--threads 4",
    }
    with place.served(**variables) as visitor:
        forms = [signing_in(visitor, "192.0.2.200") for _ in range(32)]
        with ThreadPoolExecutor(32) as pool:
            answers = list(pool.map(lambda send: send("ann", "wrong").status_code, forms))
    assert hashed.stat().st_size == LIMIT
    assert sorted(answers) == [200] * (LIMIT - 1) + [429] * (32 - LIMIT + 1)


def test_sign_ins_hold_nothing_else_up(place: Site) -> None:
    """#105: twelve at once on five threads; who finds no place is told so, and nothing is counted.

    The passwords of four are looked at for as long as it takes, and pages are answered meanwhile.
    """
    marker = place.data.parent / "held"
    variables = {
        "DJANGO_SETTINGS_MODULE": "held",
        "HELD": str(marker),
        "DJANGO_BEHIND_PROXY": "1",
        "GUNICORN_CMD_ARGS": "--preload --threads 5",
    }
    with place.served(**variables) as visitor, ThreadPoolExecutor(12) as pool:
        forms = [signing_in(visitor, "192.0.2.201") for _ in range(12)]
        marker.touch()
        try:
            sent = [pool.submit(send, "ann", "right") for send in forms]
            refused = [item.result() for item in islice(as_completed(sent, timeout=60), 8)]
            assert visitor.see("/healthz").status_code == 200
        finally:
            marker.unlink()
        assert Counter(item.result().status_code for item in sent) == {302: 4, 503: 8}
        assert {answer.headers["Retry-After"] for answer in refused} == {"2"}
        assert "Your sign-in was not tried" in refused[0].text
        assert signing_in(visitor, "192.0.2.201")("ann", "right").status_code == 302


def test_a_proxy_that_tells_nobody_apart_is_reported(place: Site) -> None:
    """#87: in the log, and by `check` and `migrate`, without anything that a visitor sent."""
    check = ["check", "--database", "default"]
    place.shell(FORGET)
    with place.served(DJANGO_BEHIND_PROXY="1") as visitor:
        signing_in(visitor, "203.0.113.30")("ann", "wrong")
        assert not [line for line in visitor.log if "told apart" in line]
        assert "ssmsite.W003" not in place.manage(*check)[1]
        signing_in(visitor, "odd-text")("ann", "wrong")
    assert len([line for line in visitor.log if "told apart" in line]) == 1
    assert "odd-text" not in "".join(visitor.log)
    assert "ssmsite.W003" in place.manage(*check)[1]
    assert "ssmsite.W003" in place.manage("migrate")[1]
    place.shell(FORGET)
    assert "ssmsite.W003" not in place.manage(*check)[1]
    # gunicorn believes a proxy on this machine; the site then sees that proxy's address alone.
    with place.served(FORWARDED_ALLOW_IPS="127.0.0.1") as visitor:
        signing_in(visitor, "203.0.113.31")("ann", "wrong")
    assert [line for line in visitor.log if "told apart" in line]
    assert "ssmsite.W003" in place.manage(*check)[1]
    place.shell(FORGET)


def test_no_answer_tells_whether_a_name_exists(sign_in: type_of_sign_in) -> None:
    """#28: words, count and refusal are the same for who is there, who left and who never was."""

    def responses(name: str) -> list[tuple[int, str]]:
        answers = [sign_in(name, "wrong") for _ in range(LIMIT + 1)]
        pages = [re.sub(r'value="\w*"', "", answer.text) for answer in answers]
        return [(answers[n].status_code, page) for n, page in enumerate(pages)]

    expected = responses("ann")
    assert [status for status, _ in expected] == [200] * (LIMIT - 1) + [429] * 2
    assert responses("gone") == expected
    assert responses("nobody") == expected


def test_without_a_proxy_the_header_is_anybodys_word(place: Site) -> None:
    """#27: made-up addresses do not lead around the limit."""
    with place.served(DJANGO_DEBUG="1") as visitor:
        visitor.see(LOGIN)
        form = {"username": "ann", "password": "wrong"}
        form["csrfmiddlewaretoken"] = visitor.cookies["csrftoken"]
        for number in range(LIMIT):
            headers = {"X-Forwarded-For": f"198.51.100.{number}"}
            last = visitor.post(visitor.origin + LOGIN, form, headers=headers, timeout=30)
    assert last.status_code == 429


def test_whatever_else_is_sent_does_no_harm_and_is_not_kept(
    sign_in: type_of_sign_in, place: Site, here: str
) -> None:
    """#27, #63: the name and the address are written down, and nothing else of the request."""
    odd = {"User-Agent": "agent" * 100, "Accept": "text/html, x/y"}
    for query in ("?x=%00", "?x=%ff"):
        assert sign_in("ann", "wrong", query=query, headers=odd).status_code == 200
    unreadable = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-7"}
    assert sign_in("ann", "wrong", headers=unreadable).status_code == 400
    stored = [line for line in place.shell(KEPT).splitlines() if here in line]
    assert stored == [f"['ann', '{here}', 2] set()"]


def test_commands_may_ask_without_a_request(place: Site) -> None:
    code = "from django.contrib.auth import authenticate\nprint(authenticate(%s))"
    assert place.shell(code % "username='ann', password='right'") == "ann\n"
    assert place.shell(code % "username='ann', password='wrong'").endswith("None\n")


def test_a_lock_is_lifted_by_a_command(sign_in: type_of_sign_in, place: Site) -> None:
    for _ in range(LIMIT):
        sign_in("ann", "wrong")
    assert sign_in("ann", "right").status_code == 429
    place.manage("axes_reset_username", "ann")
    assert sign_in("ann", "right").status_code == 302


def test_signing_in_gives_a_new_session(sign_in: type_of_sign_in, place: Site) -> None:
    """#26: what somebody else put into a browser before opens nothing afterwards."""
    planted = place.shell(PLANT).strip()
    answer = sign_in("ann", "right", session=planted)
    assert answer.status_code == 302
    session = next(cookie for cookie in answer.cookies if cookie.name == "sessionid")
    assert session.value != planted
    assert place.shell(LOOK % planted) == "False\n"
    assert place.shell(LOOK % session.value) == "True\n"
    assert session.secure
    assert session.has_nonstandard_attr("HttpOnly")
    assert session.get_nonstandard_attr("SameSite") == "Lax"


def test_signing_out_ends_the_session(
    sign_in: type_of_sign_in, visitor: Visitor, place: Site
) -> None:
    """#26: a copy of the cookie opens nothing any more; a link cannot sign anybody out."""
    old_cookies = sign_in("ann", "right").cookies
    token, session = old_cookies["csrftoken"], old_cookies["sessionid"]
    cookies = f"csrftoken={token}; sessionid={session}"
    assert visitor.see("/admin/logout/", Cookie=cookies, **HTTPS).status_code == 405
    assert place.shell(LOOK % session) == "True\n"
    answer = visitor.post(
        visitor.origin + "/admin/logout/",
        {"csrfmiddlewaretoken": token},
        headers={**HTTPS, "Cookie": cookies, "Referer": f"https{visitor.origin[4:]}/admin/"},
        timeout=30,
    )
    assert answer.status_code == 200
    assert place.shell(LOOK % session) == "False\n"


def test_a_form_of_another_site_is_refused(visitor: Visitor) -> None:
    """#26: neither without its token nor with a foreign origin."""
    visitor.see(LOGIN, **HTTPS)
    form = {"username": "ann", "password": "right"}
    answer = visitor.post(visitor.origin + LOGIN, form, headers=HTTPS, timeout=30)
    assert answer.status_code == 403
    assert "load the page again" in answer.text
    assert "sessionid" not in answer.cookies


def test_settings_are_those_of_production_unless_told_otherwise(place: Site) -> None:
    """#29c: cookies over HTTPS alone, and DEBUG off; test_checks.py has `check --deploy`."""
    names = "DEBUG SESSION_COOKIE_SECURE SESSION_COOKIE_HTTPONLY SESSION_COOKIE_SAMESITE"
    names += " SESSION_COOKIE_AGE CSRF_COOKIE_SECURE CSRF_COOKIE_SAMESITE SECURE_SSL_REDIRECT"
    output = Site(place.data).shell(
        "from django.conf import settings\n"
        f"print(*(getattr(settings, name) for name in '{names} X_FRAME_OPTIONS'.split()))"
    )
    assert output == f"False True True Lax {14 * 86400} True Lax True DENY\n"
