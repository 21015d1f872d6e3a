"""What the figures are: of the rows that are there now, whichever process is asked."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from registries import conf, outbox
from registries.metrics.families import FAMILIES
from registries.models import Delivery, GoneReceiver, Registry
from registries.verdicts import Verdict
from tests.api.conftest import caller
from tests.factories import create
from tests.metrics.conftest import checked, get, key

pytestmark = pytest.mark.django_db
Find = Callable[..., Any]
AT = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _only_own() -> None:
    Registry._base_manager.all().delete()


def labels(row: Registry) -> dict[str, Any]:
    return {"id": row.pk, "kind": row.kind, "name": row.name}


def test_registries_by_kind_state_and_verdict(figure: Find) -> None:
    create("custom"), create("custom"), create("custom", login=None, password=None)
    checked(create("custom"), Verdict.REJECTED, "bad_credentials", 1, AT)
    with_credentials = {"kind": "custom", "state": "authenticated"}
    assert figure("registries", **with_credentials, verdict="none") == 2
    assert figure("registries", **with_credentials, verdict="rejected") == 1
    assert figure("registries", kind="custom", state="anonymous", verdict="none") == 1


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({}, (1, 0, 0)),
        ({"next_check": None}, (0, 0, 0)),
        ({"next_check": 2**40}, (0, 0, 0)),
        ({"next_check": 1_000_000}, (1, 1, 0)),
        ({"updated_at": timedelta(minutes=-11)}, (1, 1, 0)),
        ({"next_check": 1_000_000, "checking_until": timedelta(seconds=5)}, (0, 0, 1)),
        ({"next_check": 1_000_000, "checking_until": timedelta(minutes=-1)}, (1, 1, 0)),
        # from before the clock was set back
        ({"next_check": 1_000_000, "checking_until": timedelta(days=1)}, (1, 1, 0)),
    ],
)
def test_due_overdue_and_running(
    columns: dict[str, Any], expected: tuple[int, ...], figure: Find
) -> None:
    row = create("custom")
    times = {
        name: timezone.now() + value if isinstance(value, timedelta) else value
        for name, value in columns.items()
    }
    Registry.objects.filter(pk=row.pk).update(**times)
    names = ("due", "overdue", "checks_running")
    assert tuple(figure(name, kind="custom") for name in names) == expected


def test_last_check_and_last_success(figure: Find) -> None:
    row = create("custom")
    names = ("fine", "last_check_timestamp_seconds", "last_success_timestamp_seconds")

    def now() -> list[Any]:
        return [figure(f"registry_{name}", **labels(row)) for name in names]

    assert now() == [None, None, None]
    checked(row, Verdict.VALID, "signed_in", 1, AT)
    assert now() == [1, AT.timestamp(), AT.timestamp()]
    checked(row, Verdict.THROTTLED, "rate_limited", 1, AT + timedelta(hours=1))
    assert now() == [0, AT.timestamp() + 3600, AT.timestamp()]
    row.password = "another-fake-password"
    row.save()
    assert now() == [None, None, None]


def test_a_success_that_an_earlier_version_stored(figure: Find) -> None:
    row = create("custom")
    Registry.objects.filter(pk=row.pk).update(check_verdict="valid", checked_at=AT)
    assert figure("registry_last_success_timestamp_seconds", **labels(row)) == AT.timestamp()


def test_times_where_the_site_uses_local_ones(figure: Find, settings: Any) -> None:
    settings.USE_TZ, settings.TIME_ZONE = False, "America/New_York"
    row = create("custom")
    checked(row, Verdict.VALID, "signed_in", 1, AT)
    assert figure("registry_last_check_timestamp_seconds", **labels(row)) == AT.timestamp()


def test_unreadable_secrets_need_attention(figure: Find, request: pytest.FixtureRequest) -> None:
    row = create("custom")
    checked(row, Verdict.VALID, "signed_in", 1, AT)
    request.getfixturevalue("other_key")
    assert figure("registry_fine", **labels(row)) == 0


def test_ends_of_credentials(figure: Find, settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    row = create("custom", expires_on=date(2030, 1, 31))
    end = datetime(2030, 1, 30, 23, tzinfo=UTC).timestamp()
    assert figure("registry_credentials_end_timestamp_seconds", **labels(row)) == end


def test_pulls(figure: Find) -> None:
    row = create("custom")
    assert figure("registry_pulls_remaining", **labels(row)) is None
    Registry.objects.filter(pk=row.pk).update(pulls_remaining=0, pulls_limit=100)
    assert figure("registry_pulls_remaining", **labels(row)) == 0
    assert figure("registry_pulls_limit", **labels(row)) == 100


def test_hosts(figure: Find) -> None:
    """Of the address, host and port: never an account or a path."""
    for verdict, code in ((Verdict.VALID, "signed_in"), (Verdict.UNREACHABLE, "dns")):
        row = create("custom", url="https://registry.example:5000")
        checked(row, verdict, code, 1, AT)
    for verdict in ("valid", "unreachable"):
        assert figure("host_registries", host="registry.example:5000", verdict=verdict) == 1


def test_notifications_and_receivers(figure: Find, settings: Any) -> None:
    assert "registries_notifications" not in str(get(caller("viewer", "view_registry")))
    settings.REGISTRIES = {"NOTIFY": ["https://a.example#whsec_" + "ZmFrZSBzZWNyZXQg" * 2]}
    notification = outbox.enqueue("state_changed", "Fake", [])
    notification.deliveries.all().delete()
    fared = [("pending", "")] * 2 + [("pending", "timeout"), ("sent", ""), ("failed", "gone")]
    for status, code in fared:
        Delivery.objects.create(notification=notification, status=status, code=code)
    counts = {"pending": 2, "retrying": 1, "sent": 1, "failed": 1}
    assert {status: figure("notifications", status=status) for status in counts} == counts
    GoneReceiver.objects.create(receiver="of an earlier address")
    assert figure("notification_receivers_off") == 0
    [receiver] = conf.get().notify
    GoneReceiver.objects.create(receiver=outbox.key_of(receiver))
    assert figure("notification_receivers_off") == 1


def test_what_is_renamed_or_deleted_is_gone(chief: Client) -> None:
    """Nothing is remembered: elsewhere, series of deleted monitors stayed until a restart."""
    row = create("custom", name="Before")
    checked(row, Verdict.VALID, "signed_in", 1, AT)
    assert key("registries_registry_fine", {**labels(row), "id": str(row.pk)}) in get(chief)
    row.name = "After"
    row.save()
    names = {dict(labels)["name"] for name, labels in get(chief) if "_registry_" in name}
    assert names == {"After"}
    row.delete()
    assert not [name for name, _labels in get(chief) if "_registry_" in name]


def test_a_kind_that_was_removed_is_left_out(chief: Client) -> None:
    create("custom")
    Registry.objects.update(kind="gone")
    assert "gone" not in str(get(chief))


def test_without_series_for_each_registry(chief: Client) -> None:
    checked(create("custom"), Verdict.VALID, "signed_in", 1, AT)
    kept, everything = get(chief, "?per_registry=false"), get(chief, "?per_registry=true")
    assert everything == get(chief)
    own = {family.name for family in FAMILIES if family.own}
    assert {name for name, _labels in everything.keys() - kept.keys()} <= own
    assert not own.intersection(name for name, _labels in kept)


def test_queries_do_not_grow_with_rows(chief: Client) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            get(chief)
        return len(queries)

    create("custom")
    few = count()
    for slug in ("custom", "hub", "ecr", "ghcr"):
        for _ in range(5):
            checked(create(slug), Verdict.VALID, "signed_in", 1, AT)
    assert count() == few
