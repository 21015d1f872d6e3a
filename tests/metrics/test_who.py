"""Who may read the metrics, and which of them; tests/permissions.py has the roles."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.authentication import BaseAuthentication

from registries.api.base import View
from registries.limits import UNLIMITED, Limits
from registries.metrics.families import FAMILIES
from registries.models import Registry
from registries.verdicts import Verdict
from tests.api.conftest import caller
from tests.api.test_limits import Token
from tests.factories import create
from tests.metrics.conftest import PATH, checked, get, parsed

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 28, 12, tzinfo=UTC)


def test_it_is_only_read_and_only_by_who_signed_in(chief: Client) -> None:
    for method in ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"):
        answer = Client().generic(method, PATH)
        assert (answer.status_code, b"registries_" in answer.content) == (401, False), method
        if method not in {"GET", "HEAD", "OPTIONS"}:
            assert chief.generic(method, PATH).status_code == 405, method


def test_a_deactivated_account_is_refused(chief: Client) -> None:
    User.objects.update(is_active=False)
    assert chief.get(PATH).status_code == 401


def test_bad_parameters(chief: Client) -> None:
    for query in ("?per_registry=no", "?per_registry=", "?rows=1", "?%ff"):
        answer = chief.get(PATH + query)
        assert (answer.status_code, answer["Content-Type"]) == (400, "application/json"), query


def test_an_account_is_answered_ten_times_a_minute(chief: Client) -> None:
    answers = [chief.get(f"{PATH}?per_registry=false") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert answers[-1].json()["code"] == "throttled"
    assert 1 <= int(answers[-1]["Retry-After"]) <= 60
    get(caller("viewer", "view_registry"))


def test_handovers_need_their_own_permission(viewer: Client) -> None:
    without = {family.name for family in FAMILIES if not family.permission}
    assert "registries_handovers_total" not in without
    names = {name for name, _labels in get(viewer)}
    assert "registries_checks_total" in names
    assert "registries_handovers_total" not in names
    auditor = caller("auditor", "view_registry", "view_handover")
    assert "registries_handovers_total" in {name for name, _labels in get(auditor)}


@pytest.fixture
def scraped(monkeypatch: pytest.MonkeyPatch) -> Callable[[Limits], Any]:
    """What a superuser's access token with these limits is answered."""
    user = User.objects.create_superuser("chief")

    def send(limits: Limits) -> Any:
        class Authentication(BaseAuthentication):
            def authenticate(self, request: Any) -> Any:
                return user, Token(limits)

        monkeypatch.setattr(View, "authentication_classes", [Authentication])
        return Client().get(PATH)

    return send


@pytest.mark.parametrize(
    ("limits", "status"),
    [
        (UNLIMITED, 200),
        (Limits(), 200),
        (Limits(may_query=False), 200),
        (Limits(may_read=False), 403),
        (Limits(may_read=False, may_query=False, may_hand_over=True), 403),
    ],
)
def test_which_tokens_may(limits: Limits, status: int, scraped: Callable[[Limits], Any]) -> None:
    answer = scraped(limits)
    assert answer.status_code == status
    assert status == 200 or answer.json()["code"] == "token_limited"


def test_a_token_for_some_registries_sees_theirs(scraped: Callable[[Limits], Any]) -> None:
    """And nothing that counts others: not even how many checks the site makes."""
    Registry._base_manager.all().delete()
    own, other = (create("custom", url=f"https://{name}.example") for name in ("own", "other"))
    for row in (own, other):
        checked(row, Verdict.VALID, "signed_in", 1, AT)
    every = parsed(scraped(UNLIMITED).content.decode())
    for limits in (Limits(registries=frozenset([own.pk])), Limits(prefixes=("own.example",))):
        figures = parsed(scraped(limits).content.decode())
        expected = {
            (name, labels): 1.0 if name == "registries_registries" else value
            for (name, labels), value in every.items()
            if name in {family.name for family in FAMILIES if not family.whole}
            and not {str(other.pk), "other.example"}.intersection(dict(labels).values())
        }
        due = {key for key in expected if key[0] in {"registries_due", "registries_overdue"}}
        assert {key: figures[key] for key in expected.keys() - due} == {
            key: expected[key] for key in expected.keys() - due
        }
        assert figures.keys() == expected.keys()
