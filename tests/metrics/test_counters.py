"""Counters only grow: whatever is deleted, and whichever processes count."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.utils import timezone

from registries.checking import single
from registries.handover.auditing import Audit
from registries.handover.recipient import Recipient
from registries.handover.refusals import HandoverRefused
from registries.models import Check, Handover, Registry, Tally
from registries.models.check import prune
from registries.models.tally import BUCKETS, SHARDS, count_check
from registries.verdicts import Verdict
from tests.factories import create
from tests.metrics.conftest import Figures, checked, get, key
from tests.threads import together

Find = Callable[..., Any]
AT = datetime(2026, 11, 28, 12, tzinfo=UTC)


def counters(figures: Figures) -> Figures:
    endings = ("_total", "_bucket", "_sum", "_count")
    return {key: value for key, value in figures.items() if key[0].endswith(endings)}


@pytest.mark.django_db
def test_what_did_not_happen_yet_is_zero(chief: Client) -> None:
    """A series that begins at 1 would hide its first event from rate()."""
    figures = counters(get(chief))
    assert set(figures.values()) == {0.0}
    assert key("registries_checks_total", {"kind": "hub", "verdict": "throttled"}) in figures
    assert key("registries_handovers_total", {"form": "line", "outcome": "handed_over"}) in figures


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("seconds", "bound"),
    [(0, "0.05"), (0.05, "0.05"), (0.0501, "0.1"), (1, "1.0"), (60, "60.0"), (61, "+Inf")],
)
def test_a_check_counts_in_its_bucket(seconds: float, bound: str, figure: Find) -> None:
    checked(create("custom"), Verdict.VALID, "signed_in", seconds, AT)
    bounds = [*map(str, BUCKETS), "+Inf"]
    name = "check_duration_seconds"
    found = [figure(f"{name}_bucket", kind="custom", le=le) for le in bounds]
    place = bounds.index(bound)
    assert found == [0.0] * place + [1.0] * (len(bounds) - place)
    assert figure(f"{name}_count", kind="custom") == 1
    assert figure(f"{name}_sum", kind="custom") == seconds
    assert figure("checks_total", kind="custom", verdict="valid") == 1


@pytest.mark.django_db
def test_bounds_of_another_version_stay_counted(figure: Find) -> None:
    for bound in (1, 700, 2_000_000):
        key = {"counted": "check", "subject": "custom", "outcome": "valid", "bound": bound}
        Tally.objects.create(**key, shard=0, number=1)
    name = "check_duration_seconds_bucket"
    found = [figure(name, kind="custom", le=le) for le in ("0.05", "0.5", "1.0", "60.0", "+Inf")]
    assert found == [1, 1, 2, 2, 3]


@pytest.mark.django_db
def test_counters_only_grow(chief: Client) -> None:
    """Over pruning, deletion and changes; what was counted once, counts on."""
    row = create("custom")
    seen = [counters(get(chief))]

    def grown() -> None:
        figures = counters(get(chief))
        assert all(figures[key] >= value for key, value in seen[-1].items())
        seen.append(figures)

    for number in range(Check.KEPT + 5):
        checked(row, Verdict.VALID, "signed_in", 0.1, AT + timedelta(minutes=number))
    grown()
    assert Check.objects.count() == Check.KEPT
    Check.objects.update(keep_until=timezone.now() - timedelta(days=1))
    prune("default", [])
    assert not Check.objects.exists()
    grown()
    row.delete()
    grown()
    total = key("registries_checks_total", {"kind": "custom", "verdict": "valid"})
    assert seen[-1][total] == Check.KEPT + 5


@pytest.mark.django_db
def test_sums_are_the_same_in_any_order(figure: Find) -> None:
    """Sums of fractions may shrink by a hair, and Prometheus takes that for a restart."""
    for shard, seconds in enumerate((0.1, 0.2, 0.3, 1e-6, 12345.678901)):
        key = {"counted": "check", "subject": "custom", "outcome": "valid", "bound": 50}
        Tally.objects.create(**key, shard=shard, microseconds=round(seconds * 1e6))
    assert figure("check_duration_seconds_sum", kind="custom") == 12346.278902


@pytest.mark.django_db
def test_a_check_is_stored_and_counted_or_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    row = create("custom")

    def fail(*_about: Any) -> None:
        raise OperationalError

    monkeypatch.setattr(single, "count_check", fail)
    with pytest.raises(OperationalError):
        checked(row, Verdict.VALID, "signed_in", 1, AT)
    assert not Check.objects.exists()
    assert Registry.objects.get(pk=row.pk).last_check is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite lets one process write at a time")
def test_threads_count_without_losing_or_blocking() -> None:
    """All add the same figure at once; the rows are new to some, and none waits for another."""
    ready = threading.Barrier(4)

    def count() -> None:
        with transaction.atomic():
            ready.wait(20)
            count_check("custom", "valid", 0.1, "default")
        for _ in range(20):
            with transaction.atomic():
                count_check("custom", "valid", 0.1, "default")

    assert together(*[count] * 4) == [None] * 4
    assert sum(Tally.objects.values_list("number", flat=True)) == 84
    assert set(Tally.objects.values_list("shard", flat=True)) <= set(range(SHARDS))


@pytest.mark.django_db
def test_what_was_undone_is_counted_anew(figure: Find) -> None:
    """Its row is gone, and another figure may have got the number of it."""
    with transaction.atomic():
        count_check("custom", "valid", 0.1, "default")
        transaction.set_rollback(True)
    count_check("custom", "rejected", 0.1, "default")
    count_check("custom", "valid", 0.1, "default")
    for verdict in ("valid", "rejected"):
        assert figure("checks_total", kind="custom", verdict=verdict) == 1


@pytest.mark.django_db
def test_handovers_by_form_and_outcome(figure: Find) -> None:
    rows = [create("custom", handover="any") for _ in range(2)]
    audit = Audit(Recipient("api"), "#1", "docker")
    audit.record([(row, []) for row in rows])
    for _ in range(3):
        with pytest.raises(HandoverRefused), audit.recording_refusal(rows[0]):
            raise HandoverRefused("token_limited")
    assert figure("handovers_total", form="docker", outcome="handed_over") == 2
    # The audit leaves out the same refusal again; the figure does not.
    assert figure("handovers_total", form="docker", outcome="token_limited") == 3
    assert Handover.objects.filter(code="token_limited").count() == 1
    Handover.objects.all().delete()
    Registry.objects.filter(is_default=False).delete()
    assert figure("handovers_total", form="docker", outcome="handed_over") == 2


@pytest.mark.django_db
def test_what_is_asked_for_from_python_has_no_form(figure: Find) -> None:
    Audit(Recipient("python"), "", "").record([(create("custom"), [])])
    assert figure("handovers_total", form="none", outcome="handed_over") == 1
