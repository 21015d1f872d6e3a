"""Changes of state: counted once several checks in a row say so, told once, and outlive changes."""

import logging
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from registries.checking.callers import Caller
from registries.checking.single import Checked, store
from registries.models import Notification, Registry, StateChange
from registries.models.results import CheckResult
from registries.signals import state_changed
from registries.verdicts import Verdict
from tests.factories import create
from tests.threads import together

pytestmark = pytest.mark.django_db

RESULTS = {
    "v": (Verdict.VALID, "signed_in"),
    "a": (Verdict.ANONYMOUS, "public"),
    "r": (Verdict.REJECTED, "bad_credentials"),
    "u": (Verdict.UNREACHABLE, "timeout"),
    "t": (Verdict.THROTTLED, "rate_limited"),
    "p": (Verdict.UNPROVEN, "no_proof"),
}


def checked(row: Registry, letter: str) -> None:
    """Store the result of a check, as of a row that was loaded just before it."""
    verdict, code = RESULTS[letter]
    result = CheckResult(verdict, code, timezone.now(), {"host": "registry.example"})
    store(row, None, Checked(result, None, None, 0.1), Caller())


def check_each(row: Registry, letters: str) -> None:
    for letter in letters:
        checked(row, letter)


@pytest.mark.parametrize(
    ("confirm", "seen", "told"),
    [
        (2, "v", ""),
        (2, "vvv", ""),  # that a new row is fine is no news
        (2, "r", ""),
        (2, "rr", "-r"),
        (2, "vr", ""),  # never twice in a row
        (2, "vrvrvr", ""),
        (2, "vvrvrvrv", ""),  # flapping
        (2, "vvrr", "---r"),
        (2, "vvru", "---u"),  # whatever is wrong with it
        (2, "vvrrutprr", "---r-----"),  # once, however its trouble changes
        (2, "vvtp", "---p"),
        (2, "vvrrv", "---r-"),
        (2, "vvrrva", "---r-a"),
        (2, "vvrrvrv", "---r---"),
        (2, "vvrrvvrr", "---r-v-r"),
        (1, "vrv", "-rv"),
        (3, "vvvrrvrrr", "--------r"),
    ],
)
def test_a_change_counts_once_it_was_seen_so_often_in_a_row(
    confirm: int, seen: str, told: str, settings: Any
) -> None:
    settings.REGISTRIES = {"CONFIRM_CHECKS": confirm}
    pk = create("custom").pk
    for number, letter in enumerate(seen):
        before = StateChange.objects.count()
        checked(Registry.objects.get(pk=pk), letter)
        news = list(StateChange.objects.all())[before:]
        expected = told[number : number + 1].strip("-")
        assert [each.verdict for each in news] == [RESULTS[each][0] for each in expected], number


def test_rows_that_are_never_loaded_again_change_as_well() -> None:
    check_each(create("custom"), "vvrrvv")
    states = list(StateChange.objects.values_list("previous", "state"))
    assert states == [("fine", "attention"), ("attention", "fine")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("count", [2, 8])
def test_many_workers_make_exactly_one_change(count: int) -> None:
    row = create("custom")
    check_each(row, "vv")
    loaded = [Registry.objects.get(pk=row.pk) for _ in range(count)]
    assert together(*(partial(checked, mine, "u") for mine in loaded)) == [None] * count
    assert [each.state for each in StateChange.objects.all()] == ["attention"]
    assert Registry.objects.get(pk=row.pk).checks_in_row == count


def test_the_state_outlives_a_change_of_the_row_which_begins_to_count_anew() -> None:
    row = create("custom")
    check_each(row, "rrv")
    row = Registry.objects.get(pk=row.pk)
    row.password = "another-fake-password"
    row.save()
    checked(Registry.objects.get(pk=row.pk), "v")
    assert [each.state for each in StateChange.objects.all()] == ["attention"]
    checked(Registry.objects.get(pk=row.pk), "v")
    assert [each.state for each in StateChange.objects.all()] == ["attention", "fine"]
    stored = Registry.objects.get(pk=row.pk)
    assert stored.health_since == StateChange.objects.last().changed_at  # type: ignore[union-attr]


def test_what_was_checked_while_the_row_was_saved_counts_for_nothing() -> None:
    row = create("custom")
    check_each(row, "vvr")
    old = Registry.objects.get(pk=row.pk)
    saved = Registry.objects.get(pk=row.pk)
    saved.password = "another-fake-password"
    saved.save()
    checked(old, "r")
    assert not StateChange.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_it_is_a_signal_and_a_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """A receiver that raises holds up neither the check nor the other receivers."""
    heard: list[tuple[str, str, str]] = []

    def broken(**kwargs: Any) -> None:
        raise RuntimeError("broken receiver")

    def listen(sender: Any, registry: Registry, result: CheckResult, **kwargs: Any) -> None:
        assert registry.last_check == result
        heard.append((registry.health, kwargs["previous"], result.code))

    state_changed.connect(broken)
    state_changed.connect(listen)
    row = create("custom", name="Acme")
    try:
        with caplog.at_level(logging.INFO, "registries"):
            check_each(row, "vvrrvv")
    finally:
        state_changed.disconnect(broken)
        state_changed.disconnect(listen)
    assert heard == [("attention", "fine", "bad_credentials"), ("fine", "attention", "signed_in")]
    lines = [each.getMessage() for each in caplog.records if each.name.startswith("registries")]
    assert lines == [
        f"Registry {row.pk} (Acme) needs attention: bad_credentials",
        f"Registry {row.pk} (Acme) is fine again.",
    ]
    assert caplog.text.count("broken receiver") > 0


def test_without_receivers_nothing_is_sent_and_the_change_is_kept() -> None:
    check_each(create("custom"), "rr")
    assert StateChange.objects.count() == 1
    assert not Notification.objects.exists()
