"""The last checks of a registry."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from registries import services
from registries.models import Check, Registry
from tests import factories

GetJson = Callable[..., Any]
START = datetime(2030, 1, 2, tzinfo=UTC)


def test_a_check_is_listed_as_the_row_shows_it(get_json: GetJson, row: Registry) -> None:
    address = f"registries/{row.pk}/checks/"
    assert get_json(address) == {"checks": []}
    services.check(row)
    assert get_json(address) == {"checks": [get_json(f"registries/{row.pk}/")["check"]]}
    assert get_json(address)["checks"][0]["code"] == row.check_code


def test_the_newest_first_and_bounded(get_json: GetJson, row: Registry) -> None:
    other = factories.create("hub")
    Check.objects.bulk_create(
        Check(
            registry=row if number % 2 else other,
            verdict="unreachable",
            code="dns",
            params={"host": "registry.example"},
            checked_at=START + timedelta(hours=number),
        )
        for number in range(2 * Check.KEPT + 10)
    )
    times = [check["checked_at"] for check in get_json(f"registries/{row.pk}/checks/")["checks"]]
    assert len(times) == Check.KEPT
    assert times == sorted(times, reverse=True)
    assert times[0] == (START + timedelta(hours=2 * Check.KEPT + 9)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_what_a_later_version_stored_is_passed_over(get_json: GetJson, row: Registry) -> None:
    services.check(row)
    for columns in ({"code": "later"}, {"verdict": "later", "code": "later"}):
        Check.objects.create(registry=row, checked_at=START, **{"verdict": "valid", **columns})
    assert len(get_json(f"registries/{row.pk}/checks/")["checks"]) == 1
    Registry.objects.filter(pk=row.pk).update(check_verdict="later", check_code="later")
    assert get_json(f"registries/{row.pk}/")["check"] is None


def test_the_checks_of_no_registry(get_json: GetJson) -> None:
    assert get_json("registries/999999/checks/", 404)["code"] == "not_found"
