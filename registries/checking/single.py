"""Runs one check, and stores its result."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Case, F, Value, When
from django.views.decorators.debug import sensitive_variables

from registries import conf
from registries.checking import clock, days, health, schedule
from registries.checking.callers import Caller
from registries.client.errors import ClientError
from registries.kinds import KINDS
from registries.models import Check, Registry, certificates, names
from registries.models.check import Trust
from registries.models.ending import EndSource
from registries.models.results import CheckResult
from registries.models.tally import count_check
from registries.models.times import day_of
from registries.reference import Reference
from registries.row_client import addresses_of, client_for
from registries.verdicts import Stranger, Verdict

if TYPE_CHECKING:
    from registries.client.client import Pulls
    from registries.client.ends import End


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of a check and what else is stored with it."""

    result: CheckResult
    pulls: Pulls | None
    stranger: Stranger | None
    seconds: float
    end: End | None = None


@sensitive_variables()
def run_check(
    registry: Registry, reference: Reference | None, stranger: Stranger | None
) -> Checked:
    """Check a row, and an image if there is a reference. Uses no database."""
    started, using = time.monotonic(), registry.db_for_write
    pulls = end = None
    # Once a server has told it, the end stays the same.
    asks_end = not registry.expires_on_source
    try:
        with client_for(registry, reference.match_host if reference else None) as client:
            image = (reference.repository, reference.version) if reference else ()
            may_invent = conf.get().prove_with_stranger
            outcome = client.check(
                *image, stranger=stranger, may_invent=may_invent, asks_end=asks_end
            )
        pulls, stranger, end = outcome.pulls, outcome.stranger, outcome.end
        verdict, code, params = outcome.verdict, outcome.code, outcome.params
        if verdict is Verdict.REJECTED and (ended_on := _ended_on(registry, end)):
            code, params = "credentials_ended", {**params, "ended_on": ended_on.isoformat()}
        if verdict is Verdict.ANONYMOUS and registry.state == "authenticated":
            # The host is read without the row's credentials, so nothing is proven about them.
            verdict, code = Verdict.UNPROVEN, "no_proof"
        result = CheckResult(
            verdict,
            code,
            clock.now(using),
            params,
            clock.corrected(outcome.retry_at, using) if outcome.retry_at else None,
            outcome.steps,
            registry.kind,
        )
    except ClientError as error:
        verdict = error.verdict or Verdict.MISCONFIGURED
        checked_at = clock.now(using)
        result = CheckResult(verdict, error.code, checked_at, error.params, kind=registry.kind)
    return Checked(result, pulls, stranger, time.monotonic() - started, end)


def _ended_on(registry: Registry, end: End | None) -> date | None:
    """Return the day on which the credentials ended, if they did as far as is known."""
    if registry.expires_on_source != EndSource.TYPED and end is not None:
        now = clock.seconds(registry.db_for_write)
        return day_of(end.at) if end.at and end.at.timestamp() <= now else None
    return registry.expires_on if registry.has_ended else None


def _learned(registry: Registry, end: End | None) -> dict[str, Any]:
    """Return the columns of a row that learns when its credentials end; none if nothing is new."""
    if end is None or registry.expires_on_source == EndSource.TYPED:
        return {}
    day = day_of(end.at) if end.at else None
    learned = {"expires_on": day, "expires_on_source": EndSource.LEARNED.value}
    return learned if day == registry.expires_on else {**learned, "reminded_before": None}


def known_stranger(registry: Registry) -> Stranger | None:
    """Return how the registry treats an invented account; None for credentials not yet saved."""
    if registry._state.adding or registry.changed():
        return None
    # A later version of the app may have stored what this one does not know.
    is_known = registry.stranger in set(Stranger)
    return Stranger(registry.stranger) if is_known else None


def store(
    registry: Registry,
    host: str | None,
    checked: Checked,
    caller: Caller,
    *,
    lease: datetime | None = None,
    prunes: bool = True,
) -> None:
    """Store a result in the audit, and on its row unless that has changed meanwhile.

    lease: that of the check, to be released. prunes: whether expired checks are deleted; if not,
    the caller does that for several checks together.
    """
    result, pulls = checked.result, checked.pulls
    using = registry.db_for_write
    called = host_of(registry)
    columns: dict[str, Any] = {
        "check_verdict": result.verdict.value,
        "check_code": result.code,
        "check_params": dict(result.params),
        "checked_at": result.checked_at,
        "retry_at": result.retry_at,
        "pulls_remaining": pulls.remaining if pulls else None,
        "pulls_limit": pulls.limit if pulls else None,
        "stranger": checked.stranger or "",
        "failures": schedule.failures_after(registry, result),
        "check_host": called,
        "next_check": schedule.next_check(registry, result, clock.seconds(using)),
        **_learned(registry, checked.end),
    }
    if result.is_fine:
        columns["succeeded_at"] = result.checked_at
    is_stored = not registry._state.adding and not registry.changed()
    row = Registry._base_manager.using(using).filter(pk=registry.pk)
    check = Check(
        registry_name=(registry.name or "")[: names.MAX_NAME],
        kind=registry.kind if registry.kind in KINDS else "",
        address=" ".join(addresses_of(registry, host)),
        trust=_trust(registry),
        ca=certificates.described(registry.ca_certificate or "") if registry.verify_tls else "",
        is_secret_stored=registry.holds_stored_secret,
        verdict=result.verdict.value,
        code=result.code,
        params=dict(result.params),
        checked_at=result.checked_at,
        seconds=checked.seconds,
        origin=caller.origin,
        user_id=caller.user_id,
        user_name=caller.user_name,
    )
    # In one transaction, so that a concurrent deletion of the row happens either before or after.
    with transaction.atomic(using=using):
        # Whoever holds a lease has loaded the row under it; others may have long before.
        record = registry.check_days if lease else row.values_list("check_days", flat=True).first()
        columns["check_days"] = days.with_check(record, result.verdict, clock.today(using))
        check.is_recent = is_stored and bool(
            row.filter(version=registry.version).update(
                **health.counted(result), **columns, **_released(lease)
            )
        )
        state = health.confirm(registry, called, result, using) if check.is_recent else None
        # Without a stored row, the audit only has the name. An update has locked the row.
        if check.is_recent or (
            not registry._state.adding and row.select_for_update().values_list("pk").first()
        ):
            check.registry_id = registry.pk
        check.keep(using, prunes=prunes)
        if not check.is_recent:
            release(registry, lease)
        count_check(check.kind, check.verdict, check.seconds, using)
    if check.is_recent:
        for name, value in columns.items():
            setattr(registry, name, value)
    if state:
        health.announce(registry, state, result, using)


def postpone(registry: Registry, lease: datetime | None) -> None:
    """Plan the next check of a row whose check could not be made or stored: as after a failure.

    The row keeps the result of its last check. lease: that of the check, to be released.
    """
    using = registry.db_for_write
    failures = schedule.one_more_failure(registry)
    due = schedule.after_failures(registry, failures, clock.seconds(using))
    row = Registry._base_manager.using(using).filter(pk=registry.pk, version=registry.version)
    row.update(failures=failures, next_check=due)
    release(registry, lease)


def release(registry: Registry, lease: datetime | None) -> None:
    """Release a lease, also of a row that was saved meanwhile, unless somebody else took one."""
    if lease:
        row = Registry._base_manager.using(registry.db_for_write).filter(pk=registry.pk)
        row.filter(checking_until=lease).update(checking_until=None)


def _released(lease: datetime | None) -> dict[str, Any]:
    """Return what releases a lease, unless it ended and somebody else took one."""
    if lease is None:
        return {}
    is_own = When(checking_until=lease, then=Value(None))
    return {"checking_until": Case(is_own, default=F("checking_until"))}


def host_of(registry: Registry) -> str:
    """Return the host that checks of a row call, with its port; of a row without one, its kind."""
    addresses = addresses_of(registry)
    return addresses[0].partition("://")[2] if addresses else registry.kind


def _trust(registry: Registry) -> Trust:
    if (registry.raw_value("url") or "").lower().startswith("http:"):
        return Trust.HTTP
    if not registry.verify_tls:
        return Trust.UNVERIFIED
    return Trust.OWN_CA if registry.ca_certificate else Trust.VERIFIED
