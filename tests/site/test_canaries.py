"""Canaries in the whole site, served: no page, header, log, file or command of it shows one."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from http.cookiejar import Cookie, DefaultCookiePolicy
from pathlib import Path
from typing import Any
from urllib.request import Request

import pytest
import requests
from django.core.management import find_commands

import ssmsite
from registries.kinds import KINDS
from registries.programs import credentials
from tests.canaries import COMMANDS, Canaries, all_kinds, filled, origins, refuse, with_canaries
from tests.fakes.server import FakeServer
from tests.site.conftest import Site, Visitor

REGISTRIES = "/admin/registries/registry/"
POLICY = "Content-Security-Policy"
# What exists outside of the URL configuration.
MORE = ["/healthz", "/static/admin/css/base.css", "/static/registries/registries.js"]
QUERY = {"repository": "team/app", "reference": "1", "image": "localhost/team/app", "q": "Canary"}
ROLES = {
    "superuser": [],
    "editor": ["view_registry", "query_registry", "change_registry", "add_registry"],
    "viewer": ["view_registry", "view_user", "view_group", "view_accesstoken"],
    "nobody": [],
}
# How many pages each of them gets to see at least.
LEAST = {"superuser": 50, "editor": 40, "viewer": 30, "nobody": 5, "program": 20, "stranger": 5}
FURNISH = """
import json, os
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.utils import timezone
from registries.models import Check, Handover, Notification, Registry
from ssmsite.models import AccessToken
from tests.canaries import routes
rows, people, roles = json.loads(os.environ["FURNISH"])
for columns in rows:
    row = Registry(**columns)
    row.full_clean()
    row.save()
for name, password in people.items():
    user = User.objects.create_user(name, password=password, is_staff=True)
    user.is_superuser = name == "superuser"
    user.save()
    user.user_permissions.set(Permission.objects.filter(codename__in=roles[name]))
Group.objects.create(name="readers")
Check.objects.create(registry=row, registry_name=row.name, kind=row.kind, verdict="valid",
    code="signed_in", checked_at=timezone.now())
Handover.objects.create(registry=row, registry_name=row.name, kind=row.kind, form="docker",
    code="handed_over")
Notification.objects.create(kind="test", subject="Test message")
_, token = AccessToken.objects.create(User.objects.get(username="superuser"))
made = {f"/admin/{model._meta.app_label}/{model._meta.model_name}/":
    [str(pk) for pk in model.objects.values_list("pk", flat=True)]
    for model in admin.site._registry}
print(json.dumps([[*routes()], made, token]))
"""
KEPT = """
from axes.models import AccessAttempt
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from registries.models import Check, Notification
print(*[session.get_decoded() for session in Session.objects.all()])
print(*LogEntry.objects.values(), *AccessAttempt.objects.values(), *Check.objects.values())
print(*Notification.objects.values())
"""
# What is typed fails from now on where it is written, in the middle of the page.
BREAK = """
CREATE TRIGGER broken BEFORE INSERT ON registries_registry
BEGIN INSERT INTO broken_on_purpose VALUES (1); END;
"""


class OverHttp(DefaultCookiePolicy):
    """Keeps cookies that are for HTTPS alone: the proxy that would speak it is imagined."""

    def set_ok(self, cookie: Cookie, request: Request) -> bool:
        cookie.secure = False
        return super().set_ok(cookie, request)


class Place:
    """A site full of canaries, and the addresses of its pages."""

    def __init__(self, site: Site, server: FakeServer) -> None:
        self.site, self.server = site, server
        self.canaries = Canaries()
        self.variables = {
            "DJANGO_SETTINGS_MODULE": "tests.site.quick",
            "DJANGO_BEHIND_PROXY": "1",
            "REGISTRIES_TIMEOUT": "5",
            "REGISTRIES_ENDPOINTS": json.dumps(dict.fromkeys(origins(), server.origin)),
            "GUNICORN_CMD_ARGS": "--access-logfile - --timeout 120",
        }
        self.site.migrate()
        self.people = {name: self.canaries.one() for name in ROLES}
        rows = [*all_kinds(self.canaries, server.origin)]
        data = json.dumps([rows, self.people, ROLES])
        output = self.site.shell(FURNISH, **self.variables, FURNISH=data)
        self.routes, self.objects, token = json.loads(output)
        self.token: str = token
        names = {name for kind in KINDS.values() for name in kind.secrets}
        names |= {"password1", "password2", "old_password", "new_password1", "new_password2"}
        # What somebody types into the forms of the site: secrets, and nothing that is valid.
        self.typed = {"name": "", "ca_certificate": "junk", "username": "ann"}
        self.typed |= {name: self.canaries.one() for name in sorted(names)}
        self.canaries.values += [token, token[15:], *self.keys()]

    def keys(self) -> Iterator[str]:
        for name in ("field_encryption_key", "secret_key"):
            yield (self.site.data / name).read_text().strip()

    def manage(self, *arguments: str) -> tuple[int, str]:
        return self.site.manage(*arguments, **self.variables)

    def addresses(self) -> list[str]:
        """Every address of the site, for two objects of each sort that it has pages of.

        `tests/test_canaries.py` asks for the pages of every row.
        """
        assert all(self.objects.values()), "an object of each model of the admin"
        result = [*MORE]
        for route in self.routes:
            model = next(filter(route.startswith, self.objects), REGISTRIES)
            objects = [self.objects[model][0], self.objects[model][-1]]
            apps = {model.split("/")[2] for model in self.objects}
            choices = dict.fromkeys(("object_id", "id", "pk"), objects)
            choices |= {"slug": KINDS, "app_label": apps, "name": [credentials.HELPER]}
            choices |= {"content_type_id": [1], "url": ["no/such/page"]}
            result += filled(route, choices)
        return [*dict.fromkeys(result)]

    def visitor(self, origin: str) -> Visitor:
        """A browser that talks to the site as through a proxy that speaks HTTPS."""
        visitor = Visitor(origin)
        visitor.cookies.set_policy(OverHttp())
        visitor.headers["X-Forwarded-Proto"] = "https"
        visitor.headers["Referer"] = f"{origin.replace('http:', 'https:')}/admin/"
        assert visitor.see("/admin/login/").status_code == 200
        return visitor

    def visitors(self, origin: str) -> Iterator[tuple[str, Visitor]]:
        """Everybody who comes: people of each role, a program, and a stranger."""
        for name, password in self.people.items():
            with self.visitor(origin) as visitor:
                answer = self.post(visitor, "/admin/login/", username=name, password=password)
                assert answer.history, "signed in"
                yield name, visitor
        with self.visitor(origin) as visitor:
            visitor.headers["Authorization"] = f"Bearer {self.token}"
            yield "program", visitor
        with self.visitor(origin) as visitor:
            yield "stranger", visitor

    def post(self, visitor: Visitor, path: str, **form: Any) -> requests.Response:
        """The answer to a form, followed to where it leads; its pages show no canary."""
        data = {"csrfmiddlewaretoken": visitor.cookies["csrftoken"], **form}
        answer = visitor.post(visitor.origin + path, data=data, timeout=120)
        for page in (*answer.history, answer):
            self.assert_clean(f"the form of {path}", page)
        return answer

    def assert_clean(self, where: str, answer: requests.Response) -> None:
        text = answer.content.decode(errors="replace")
        self.canaries.assert_absent(where, f"{answer.headers}{text}")


@pytest.fixture
def place(site: Site) -> Iterator[Place]:
    with FakeServer(refuse) as server:
        yield Place(site, server)


def look_everywhere(place: Place, visitor: Visitor, role: str) -> list[int]:
    """Ask for every address; how each was answered."""
    statuses = []
    for address in place.addresses():
        queries: list[dict[str, str]] = [{}]
        if address.startswith("/api/"):
            queries.append(QUERY)
        if address == f"{REGISTRIES}add/":
            queries += [{"kind": kind} for kind in KINDS]
        for query in queries:
            answer = visitor.get(
                visitor.origin + address, params=query, allow_redirects=False, timeout=120
            )
            place.assert_clean(f"{address} for the {role}", answer)
            assert answer.status_code != 500, address
            # Not on what is empty, nor on Django's own page about what is not there.
            is_page = answer.content and answer.status_code != 404
            assert POLICY in answer.headers or not is_page, address
            statuses.append(answer.status_code)
    return statuses


def fail_everywhere(place: Place, visitor: Visitor) -> None:
    """Send what is not valid to every address, with secrets in it."""
    for address in place.addresses():
        # These take any form: nothing could fail, and the rest would be gone.
        if not address.endswith(("/delete/", "/logout/")):
            answer = place.post(visitor, address, **place.typed)
            assert answer.status_code != 500, address
    for slug in KINDS:
        add = f"{REGISTRIES}add/?kind={slug}"
        place.post(visitor, add, **place.typed)
        valid = {"name": "New"} | with_canaries(slug, Canaries(), place.server.origin)
        valid |= {name: value for name, value in place.typed.items() if name in valid and value}
        place.post(visitor, add, **valid, _check="1")
    # Without its token a form is refused, on a page of Django's that DEBUG makes longer.
    answer = visitor.post(f"{visitor.origin}/admin/login/", data=place.typed, timeout=120)
    assert answer.status_code == 403
    place.assert_clean("a form without its token", answer)


def break_down(place: Place, visitor: Visitor) -> None:
    """Make the site fail where secrets are at hand, and on every page that reads a row."""
    with closing(sqlite3.connect(place.site.database)) as database:
        database.executescript(BREAK)
    for slug in KINDS:
        values = with_canaries(slug, place.canaries, place.server.origin)
        answer = place.post(visitor, f"{REGISTRIES}add/?kind={slug}", name=f"New {slug}", **values)
        assert answer.status_code == 500, slug
    with closing(sqlite3.connect(place.site.database)) as database:
        database.execute("DROP TABLE registries_registry")
    statuses = []
    for address in place.addresses():
        answer = visitor.see(address)
        place.assert_clean(f"{address}, broken", answer)
        statuses.append(answer.status_code)
    assert statuses.count(500) > 10


@pytest.mark.parametrize("debug", ["0", "1"])
def test_no_page_log_or_file_of_the_site_shows_a_secret(place: Place, debug: str) -> None:
    """#10, #11, #16, #17, #19, #22, #24, #26: for all roles, with forms that fail, and faults."""
    with place.site.served(**place.variables, DJANGO_DEBUG=debug) as visitor:
        log = visitor.log
        for role, of_role in place.visitors(visitor.origin):
            # DEBUG changes what is said of faults, and those are the same for everybody.
            if debug == "1" and role not in {"superuser", "stranger"}:
                continue
            statuses = look_everywhere(place, of_role, role)
            assert statuses.count(200) >= LEAST[role], role
            fail_everywhere(place, of_role)
        database = place.site.shell(KEPT, **place.variables)
        stored = place.manage("dumpdata")[1]
        files = [path.read_bytes() for path in place.site.data.glob("db.sqlite3*")]
        everybody = place.visitors(visitor.origin)
        _superuser, chief = next(everybody)
        break_down(place, chief)
    output = "".join(log)
    assert "broken_on_purpose" in output, "faults are logged"
    assert "GET /admin/" in output, "so are requests"
    place.canaries.assert_absent("the log", output)
    place.canaries.assert_absent("what is kept", database)
    assert "sealed" in stored
    place.canaries.assert_absent("a dump", stored)
    place.canaries.assert_absent("the file", b"\n".join(files).decode(errors="replace"))


# What each of the site's own commands is called with, and what else shows settings or rows.
OWN: dict[str, list[list[str]]] = {
    "api_tokens": [["list"], ["make", "viewer"], ["make", "missing"], ["revoke", "missing"]],
    "ensure_admin": [[]],
    "migrate": [["--plan"], ["--verbosity", "3"]],
}
DJANGOS = {"check": [["--deploy"], ["--tag", "security"]]}


def test_no_command_of_the_site_shows_a_secret(place: Place) -> None:
    """#7, #21, #22: found by listing them; run as operators do, with what they say on stderr."""
    folder = Path(ssmsite.__file__ or "").parent / "management"
    assert set(OWN) == set(find_commands(str(folder)))
    everything = ""
    for name, calls in {**OWN, **DJANGOS, **COMMANDS}.items():
        for arguments in calls:
            _returned, output = place.manage(name, *arguments)
            assert "Traceback" not in output
            everything += output
    assert "Canary custom" in everything
    place.canaries.assert_absent("a command", everything)
