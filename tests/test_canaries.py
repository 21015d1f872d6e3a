"""Unique random secrets in every secret variable, driven through everything there is.

Whatever a page, an answer, a log, an error report, the history or a dump shows is searched for
them, plain and in each form that they take on their way.
"""

import base64
import io
import json
import logging
import pickle
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cryptography.fernet import Fernet
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import CommandError, call_command, find_commands
from django.test import Client
from django.utils.html import escape

from registries import management, services
from registries.handover.consumers import CONSUMERS
from registries.kinds import KINDS
from registries.models import Registry
from registries.secrets.sealing import Secret
from tests.canaries import (
    COMMANDS,
    Canaries,
    all_kinds,
    filled,
    origins,
    refuse,
    routes,
    with_canaries,
)
from tests.factories import build, create
from tests.fakes.server import FakeServer, Reply, Request
from tests.screens import LIST, page

pytestmark = pytest.mark.django_db


@pytest.fixture
def canaries() -> Canaries:
    return Canaries()


@pytest.fixture
def logs() -> Iterator[io.StringIO]:
    """Everything that any logger says at DEBUG."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.DEBUG)
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer(refuse) as running:
        yield running


@pytest.fixture
def rows(canaries: Canaries, server: FakeServer) -> list[Registry]:
    """A row of each kind, and one more for each further secret."""
    result = [Registry(**columns) for columns in all_kinds(canaries, server.origin)]
    for row in result:
        row.full_clean()
        row.save()
    return result


@pytest.fixture
def endpoints(settings: Any, server: FakeServer) -> None:
    """Every origin that a kind calls leads to the one server: nothing leaves this machine."""
    settings.REGISTRIES = {"TIMEOUT": 5, "ENDPOINTS": dict.fromkeys(origins(), server.origin)}


def addresses(row: Registry) -> Iterator[str]:
    """Every address of the site, filled in for a row."""
    choices = {"object_id": [row.pk], "pk": [row.pk], "slug": [row.kind]}
    choices |= {"app_label": ["registries"], "content_type_id": [1], "url": ["x"]}
    for route in routes():
        if not route.startswith("/backstage/auth/") and "logout" not in route:
            yield from filled(route, choices)


def user(*permissions: str, superuser: bool = False) -> Client:
    made = User.objects.create_user(
        f"user{secrets.token_hex(4)}", is_staff=True, is_superuser=superuser
    )
    made.user_permissions.set(
        Permission.objects.filter(codename__in=[f"{verb}_registry" for verb in permissions])
    )
    client = Client(raise_request_exception=False)
    client.force_login(made)
    return client


@pytest.mark.slow
@pytest.mark.usefixtures("endpoints")
def test_no_page_and_no_answer_shows_a_secret(
    canaries: Canaries, rows: list[Registry], logs: io.StringIO
) -> None:
    """#10, #16, #22: every address, for every role, with every library logging at DEBUG.

    Neither opened nor sealed.
    """
    sealed = [str(secret.token) for row in rows for secret in stored_secrets(row)]
    clients = {
        "superuser": user(superuser=True),
        "editor": user("view", "change", "add", "delete"),
        "viewer": user("view"),
        "nobody": user(),
    }
    query = {"repository": "team/app", "reference": "1", "image": "localhost/team/app"}
    # The others see a row with each secret, and who may see nothing is refused alike at each.
    one_of_each = {
        name: row for row in rows for name in KINDS[row.kind].secrets if row.raw_value(name)
    }
    some = [*dict.fromkeys(one_of_each.values())]
    seen_by = {"superuser": rows, "editor": some, "viewer": some, "nobody": some[:1]}
    visited = set()
    for role, client in clients.items():
        for row in seen_by[role]:
            for address in addresses(row):
                if (role, address) in visited:
                    continue
                visited.add((role, address))
                # What the others see differs from this by their permissions, not by what is asked.
                other = query if "/v1/" in address else {"kind": row.kind}
                for data in ({}, other) if role == "superuser" else (query,):
                    response = client.get(address, data)
                    assert response.status_code < 500 or response.status_code in {502, 504}, address
                    text = f"{response.headers}{response.getvalue().decode(errors='replace')}"
                    canaries.assert_absent(f"{address} for the {role}", text)
                    assert not any(token in text for token in sealed), address
    canaries.assert_absent("the log", logs.getvalue())
    assert len(visited) > 100


@pytest.mark.usefixtures("endpoints")
def test_no_check_leaves_a_secret_anywhere(
    canaries: Canaries, rows: list[Registry], logs: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    """#21, #22, #24: a sign-in that fails tells its code, and keeps what it sent to itself."""
    client = user(superuser=True)
    for row in rows:
        response = client.post(page(row, "check"), follow=True)
        canaries.assert_absent(f"the check of {row.kind}", response.content.decode())
    call_command("check_registries")
    call_command("check_registries", "--json")
    canaries.assert_absent("the command", "".join(capsys.readouterr()))
    canaries.assert_absent("the log", logs.getvalue())
    canaries.assert_absent("the history", str(list(LogEntry.objects.values())))
    canaries.assert_absent(
        "a session", str([session.get_decoded() for session in Session.objects.all()])
    )
    stored = Registry.objects.exclude(check_code="").values_list("check_code", flat=True)
    assert set(stored) & {"bad_credentials", "credentials_required", "signed_in"}
    call_command("dumpdata", stdout=(dump := io.StringIO()))
    canaries.assert_absent("a dump", dump.getvalue())
    assert "sealed" in dump.getvalue()


def kept_by_the_site() -> str:
    """Everything that outlives a request: history, sessions, cache and tables, as stored."""
    pieces = [str(list(LogEntry.objects.values()))]
    pieces += [str(session.get_decoded()) for session in Session.objects.all()]
    pieces += [repr(pickle.loads(value)) for value in cache._cache.values()]  # type: ignore[attr-defined]  # memory's
    call_command("dumpdata", stdout=(dump := io.StringIO()))
    return "\n".join([*pieces, dump.getvalue()])


@pytest.mark.usefixtures("endpoints")
@pytest.mark.parametrize("slug", KINDS)
def test_no_check_of_what_is_typed_shows_it(
    canaries: Canaries, slug: str, server: FakeServer, logs: io.StringIO
) -> None:
    """#10, #11, #22, #23: checked before saving, saved and checked, changed and checked."""
    client = user(superuser=True)
    values = with_canaries(slug, canaries, server.origin)
    add = f"{LIST}add/?kind={slug}"
    pages = [client.post(add, {**values, "_check": "1", "image": "localhost/team/app:1"})]
    assert not Registry.objects.filter(name="Typed").exists()
    pages += [client.post(add, {"name": "Typed", **values, "_savecheck": "1"}, follow=True)]
    row = Registry.objects.get(name="Typed")
    again = with_canaries(slug, canaries, server.origin)
    for button in ("_check", "_savecheck"):
        form = {"name": "Typed", **again, button: "1"}
        pages.append(client.post(f"{LIST}{row.pk}/change/", form, follow=True))
    for response in pages:
        assert response.status_code == 200
        canaries.assert_absent(f"a check of {slug}", response.content.decode())
    canaries.assert_absent("the log", logs.getvalue())
    canaries.assert_absent("what is kept", kept_by_the_site())


@pytest.mark.usefixtures("endpoints")
@pytest.mark.parametrize("action", ["check_selected", "reset_selected", "delete_selected"])
def test_no_page_of_many_rows_shows_a_secret(
    canaries: Canaries, rows: list[Registry], action: str, logs: io.StringIO
) -> None:
    """#10, #22, #24: asked before, done, and told about; rows that are refused included."""
    client = user(superuser=True)
    default = Registry.objects.get(kind="hub", is_default=True)
    default.login, default.password = "johndoe", canaries.one()
    default.save()
    chosen = {"action": action, "_selected_action": [default.pk, *(row.pk for row in rows)]}
    for data in (chosen, {**chosen, "post": "yes"}):
        # Fewer rows at a time: more are checked in a thread, which sees no test's transaction.
        parts = [data["_selected_action"][at : at + 5] for at in range(0, len(rows) + 1, 5)]
        for part in parts:
            response = client.post(LIST, {**data, "_selected_action": part}, follow=True)
            assert response.status_code == 200
            canaries.assert_absent(action, response.getvalue().decode())
    canaries.assert_absent("the log", logs.getvalue())
    canaries.assert_absent("what is kept", kept_by_the_site())


@pytest.mark.usefixtures("endpoints")
def test_what_is_handed_over_leaves_in_a_file_and_stays_nowhere(
    canaries: Canaries, rows: list[Registry], logs: io.StringIO
) -> None:
    """#72: no page for whoever takes it shows it; nor does anything that stays."""
    Registry.objects.update(handover="any")
    client, handed = user(superuser=True), []
    for row, consumer in zip(rows, CONSUMERS, strict=False):
        address = f"{LIST}{row.pk}/hand-over/?for={consumer}"
        data = {"name": "pull", "namespace": "team"}
        for response in (client.post(address, data), client.get(address)):
            if "Content-Disposition" in response:
                handed.append(response.content.decode())
            else:
                canaries.assert_absent(address, response.content.decode())
    with pytest.raises(AssertionError):
        canaries.assert_absent("what was handed over", "".join(handed))
    canaries.assert_absent(
        "the audit", client.get("/backstage/registries/handover/").content.decode()
    )
    canaries.assert_absent("the log", logs.getvalue())
    canaries.assert_absent("what is kept", kept_by_the_site())


@pytest.mark.usefixtures("endpoints")
@pytest.mark.parametrize("key", ["today's key", "another key"])
def test_no_command_shows_a_secret(
    canaries: Canaries,
    rows: list[Registry],
    key: str,
    use_keys: Callable[..., None],
    logs: io.StringIO,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """#21, #22: every command of the app, found by listing them; with a wrong key as well."""
    folder = Path(management.__file__).parent
    assert set(COMMANDS) == set(find_commands(str(folder)))
    tokens = [str(secret.token) for row in rows for secret in stored_secrets(row)]
    if key == "another key":
        use_keys(Fernet.generate_key())
    for name, calls in COMMANDS.items():
        for arguments in calls:
            # There is no queue here: tests/test_tasks.py looks at what goes into one.
            with suppress(SystemExit, CommandError):
                call_command(name, *arguments)
    output = "".join(capsys.readouterr()) + logs.getvalue()
    assert "Canary custom" in output
    canaries.assert_absent("a command", output)
    assert not any(token in output for token in tokens)


def stored_secrets(row: Registry) -> list[Secret]:
    """The secrets of a row."""
    values = (row.raw_value(name) for name in KINDS[row.kind].secrets)
    return [value for value in values if isinstance(value, Secret)]


def test_no_token_lies_open_in_the_cache(canaries: Canaries, settings: Any) -> None:
    """#23: what is shared between processes is encrypted like the secrets."""
    token = f"bearer{secrets.token_hex(16)}"
    canaries.values.append(token)

    def bearer(request: Request) -> Reply:
        if request.path == "/token":
            return Reply(200, json.dumps({"token": token}).encode())
        if request.bearer == token:
            return Reply(200, b'{"name": "team/app", "tags": ["1"]}')
        realm = f'Bearer realm="{server.origin}/token",service="x"'
        return Reply(401, b"{}", {"WWW-Authenticate": realm})

    settings.REGISTRIES = {"TOKEN_CACHE": "default", "TIMEOUT": 5}
    with FakeServer(bearer) as server:
        row = build("custom", url=server.origin, password=canaries.one())
        row.save()
        assert services.list_tags(row, "team/app") == ["1"]
    assert any(name.startswith(":1:registries.token.") for name in cache._cache)  # type: ignore[attr-defined]  # memory's
    canaries.assert_absent("the cache", kept_by_the_site())


@pytest.mark.parametrize("slug", KINDS)
def test_no_form_that_is_shown_again_has_a_secret(
    canaries: Canaries, slug: str, logs: io.StringIO
) -> None:
    """#11: of a new row and of a stored one, refused or only tried; nor has the log."""
    client = user(superuser=True)
    typed = {name: canaries.one() for name in KINDS[slug].secrets}
    for address in (f"{LIST}add/?kind={slug}", page(create(slug))):
        for more in ({"name": ""}, {"ca_certificate": "junk"}, {"_check": "1", "prefix": "::"}):
            response = client.post(address, {"name": "x", **typed, **more})
            assert response.status_code == 200
            canaries.assert_absent("the form", response.content.decode())
    canaries.assert_absent("the log", logs.getvalue())


def test_with_a_wrong_key_no_ciphertext_is_taken_for_a_secret(
    rows: list[Registry], other_key: None, server: FakeServer
) -> None:
    """#1: nothing is sent, and nothing but the site's own sentence is shown."""
    client = user(superuser=True)
    for row in rows:
        html = client.post(page(row, "check"), follow=True).content.decode()
        assert "cannot be decrypted" in html
        assert not [secret for secret in stored_secrets(row) if str(secret.token) in html]
    assert server.requests == []


def test_the_search_itself_finds_every_form() -> None:
    canaries = Canaries()
    secret = canaries.one()
    for text in (
        secret,
        quote(secret),
        json.dumps({"x": secret}),
        escape(secret),
        f"another way of quoting: {canaries.values[0]}",
        base64.b64encode(f"user:{secret}".encode()).decode(),
        base64.b64encode(f"johndoe:{secret}".encode()).decode(),
        base64.b64encode(f"a:{secret}".encode()).decode(),
    ):
        with pytest.raises(AssertionError):
            canaries.assert_absent("here", f"before {text} after")
    canaries.assert_absent("here", "nothing")
