"""Who asks for checks, and how many a person may ask for in a minute."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from threading import Lock
from typing import Any, Self

from django.utils import timezone

from registries import conf
from registries.models.check import Check, Origin

# What a person asks for one by one; what was selected in the list is the stored rows as they are.
SINGLE = (Origin.ADMIN, Origin.FORM)
MINUTE = timedelta(minutes=1)

_lock = Lock()
# The checks that have begun in this process and are not in the audit yet, by account.
_begun: Counter[str] = Counter()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks for a check, and from where; without a user nobody did in person.

    `user_id` is the primary key as text and `user_name` the name: both outlive the account, which
    may be in another database.
    """

    origin: str = Origin.PYTHON
    user_id: str = ""
    user_name: str = ""

    @classmethod
    def of(cls, user: Any, origin: str) -> Self:
        return cls(origin, str(user.pk), user.get_username())


class TooManyChecks(Exception):
    """An account has checked as often as it may within a minute; `seconds` is how long to wait."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"again in {seconds} seconds")
        self.seconds = seconds


@contextmanager
def admitted(caller: Caller, using: str) -> Iterator[None]:
    """One check by somebody, counted before it begins. Raises TooManyChecks."""
    if not caller.user_id or caller.origin not in SINGLE:
        yield
        return
    with _lock:
        _count(caller, using)
        _begun[caller.user_id] += 1
    try:
        yield
    finally:
        with _lock:
            _begun[caller.user_id] -= 1


def _count(caller: Caller, using: str) -> None:
    limit, now = conf.get().checks_per_minute, timezone.now()
    # What lies ahead was left before the clock was set back.
    recent = Check.objects.using(using).filter(
        user_id=caller.user_id,
        origin__in=SINGLE,
        checked_at__gt=now - MINUTE,
        checked_at__lt=now + MINUTE,
    )
    times = list(recent.order_by("-checked_at").values_list("checked_at", flat=True)[:limit])
    if len(times) + _begun[caller.user_id] >= limit:
        first = times[-1] if times else now
        raise TooManyChecks(max(1, ceil((first + MINUTE - now).total_seconds())))
