"""Invented accounts: how often a row's checks try one, what is remembered, how it is turned off."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from registries import services
from registries.models import Registry
from registries.models.results import CheckResult
from registries.verdicts import Stranger
from tests.factories import build, create
from tests.fakes.family import answer, problem
from tests.fakes.ledger import Ledger
from tests.fakes.server import FakeServer, Reply, Request
from tests.threads import together

pytestmark = pytest.mark.django_db

RIGHT = ("johndoe", "fake-password")
UNAUTHORIZED = problem(401, "UNAUTHORIZED", {"WWW-Authenticate": 'Basic realm="fake"'})


class Htpasswd:
    """A registry of one user; `reply` is what it makes of any other user."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.reply = UNAUTHORIZED
        self.right = RIGHT

    def __call__(self, request: Request) -> Reply:
        self.ledger.see(request, "")
        if request.basic is None:
            return UNAUTHORIZED
        if request.basic[0] != self.right[0]:
            return self.reply
        if request.basic != self.right:
            return UNAUTHORIZED
        return answer({}) if request.path == "/v2/" else problem(404, "NAME_UNKNOWN")

    @property
    def strangers(self) -> int:
        return len(self.ledger.strangers(RIGHT[0]))


@pytest.fixture
def registry() -> Htpasswd:
    return Htpasswd()


@pytest.fixture
def server(registry: Htpasswd) -> Iterator[FakeServer]:
    with FakeServer(registry) as server:
        yield server


@pytest.fixture
def row(server: FakeServer) -> Registry:
    return create("custom", url=server.origin)


def ended(result: CheckResult) -> tuple[str, str]:
    return result.verdict.value, result.code


@pytest.mark.parametrize(
    ("reply", "remembered", "expected"),
    [
        (UNAUTHORIZED, Stranger.REFUSED, ("valid", "signed_in")),
        (answer({}), Stranger.LET_IN, ("unproven", "accepts_any_password")),
        (Reply(429), Stranger.UNANSWERED, ("valid", "signed_in")),
    ],
)
def test_an_account_is_invented_once_for_credentials_as_they_stand(
    row: Registry,
    registry: Htpasswd,
    reply: Reply,
    remembered: Stranger,
    expected: tuple[str, str],
) -> None:
    """#90: the answer stays beside the last check, however often the row is checked or renamed."""
    registry.reply = reply
    for number in range(3):
        row = Registry.objects.get(pk=row.pk)
        assert ended(services.check(row, "app:1" if number == 1 else None))[0] == expected[0]
        assert row.stranger == Registry.objects.get(pk=row.pk).stranger == remembered
        row.name = f"renamed {number}"
        row.save()
    assert ended(services.check(row)) == expected
    assert registry.strangers == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"password": RIGHT[1]},
        {"password": RIGHT[1], "verify_tls": False},
        {"login": f"{RIGHT[0]}2"},
    ],
)
def test_changed_credentials_are_asked_for_anew(
    row: Registry, registry: Htpasswd, changes: dict[str, Any]
) -> None:
    """#90: entering the same password again counts as well; it is how to have it asked again."""
    services.check(row)
    for column, value in changes.items():
        setattr(row, column, value)
    row.save()
    assert (row.stranger, Registry.objects.get(pk=row.pk).stranger) == ("", "")
    registry.right = (changes.get("login", RIGHT[0]), RIGHT[1])
    assert ended(services.check(row)) == ("valid", "signed_in")
    invented = {user for user in registry.ledger.users if user not in {RIGHT[0], row.login}}
    assert len(invented) == 2


def test_refused_credentials_invent_nobody_and_forget_nothing(
    row: Registry, registry: Htpasswd
) -> None:
    """#90: an account that may not sign in has nothing to be compared with, before or after."""
    for password, code, known, asked in (
        ("another", "bad_credentials", "", 0),
        (RIGHT[1], "signed_in", "refused", 1),
        ("another", "bad_credentials", "refused", 1),
        (RIGHT[1], "signed_in", "refused", 1),
    ):
        registry.right = (RIGHT[0], password)
        assert services.check(row).code == code
        assert (row.stranger, registry.strangers) == (known, asked)


def test_what_is_not_stored_is_asked_for_once_a_check(
    row: Registry, registry: Htpasswd, server: FakeServer
) -> None:
    """#90: neither does an unsaved form believe what is known of the stored credentials."""
    services.check(row)
    typed = Registry.objects.get(pk=row.pk)
    typed.password = RIGHT[1]
    new = build("custom", url=server.origin)
    for count, unsaved in enumerate((typed, typed, new, new), 2):
        assert ended(services.check(unsaved)) == ("valid", "signed_in")
        assert registry.strangers == count
    assert Registry.objects.get(pk=row.pk).stranger == "refused"


def test_a_row_that_was_loaded_before_an_answer_learns_of_it(
    row: Registry, registry: Htpasswd
) -> None:
    """#90: lists are loaded, and checked one after the other; somebody else may be faster."""
    stale = Registry.objects.get(pk=row.pk)
    services.check(row)
    assert stale.stranger == ""
    assert ended(services.check(stale, "app:1"))[0] == "valid"
    assert stale.stranger == "refused"
    assert registry.strangers == 1


def test_a_later_versions_word_is_no_answer(row: Registry, registry: Htpasswd) -> None:
    Registry.objects.filter(pk=row.pk).update(stranger="of tomorrow")
    row.refresh_from_db()
    assert ended(services.check(row)) == ("valid", "signed_in")
    assert (row.stranger, registry.strangers) == ("refused", 1)


def test_a_site_may_turn_it_off(row: Registry, registry: Htpasswd, settings: Any) -> None:
    """#90: the sign-in counts then where a guest was refused, and the steps say the rest."""
    settings.REGISTRIES = {"PROVE_WITH_STRANGER": False}
    result = services.check(row)
    assert ended(result) == ("valid", "signed_in")
    assert result.steps[-1] == ("stranger", None, 0)
    assert (row.stranger, registry.strangers) == ("", 0)
    settings.REGISTRIES = {}
    services.check(row)
    assert (row.stranger, registry.strangers) == ("refused", 1)


@pytest.mark.parametrize("slug", ["gitea", "forgejo", "gitlab"])
def test_other_kinds_invent_nobody(registry: Htpasswd, server: FakeServer, slug: str) -> None:
    """#90: what their token servers answer needs no comparison."""
    row = create(slug, url=server.origin)
    if slug == "gitlab":
        registry.right = ("token", "fake-token")
    assert ended(services.check(row)) == ("valid", "signed_in")
    assert set(registry.ledger.users) == {registry.right[0]}


@pytest.mark.django_db(transaction=True)
def test_checks_at_once_invent_one_account_between_them(row: Registry, registry: Htpasswd) -> None:
    """#90: with an image each makes its own check, one after the other."""
    rows = [Registry.objects.get(pk=row.pk) for _ in range(4)]
    results = together(*(partial(services.check, item, "app:1") for item in rows))
    assert {result.verdict.value for result in results} == {"valid"}
    assert registry.strangers == 1
