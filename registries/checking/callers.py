"""Who starts checks, and how many a person may start in a minute."""

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

# Only checks that a person starts one at a time are limited.
INTERACTIVE = (Origin.ADMIN, Origin.FORM)
MINUTE = timedelta(minutes=1)

_lock = Lock()
# The number of checks by account that run in this process and are not in the audit yet.
_running: Counter[str] = Counter()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who starts a check, and from where. Without a user, it was no person.

    `user_id` is the primary key as text. It and `user_name` are stored as text because the account
    may be deleted later or be in another database.
    """

    origin: str = Origin.PYTHON
    user_id: str = ""
    user_name: str = ""

    @classmethod
    def of(cls, user: Any, origin: str) -> Self:
        return cls(origin, str(user.pk), user.get_username())


class TooManyChecks(Exception):
    """An account reached its limit of checks per minute. It may check again in `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"again in {seconds} seconds")
        self.seconds = seconds


@contextmanager
def admitted(caller: Caller, using: str) -> Iterator[None]:
    """Count a check while it runs. Raises TooManyChecks if the caller reached the limit."""
    if not caller.user_id or caller.origin not in INTERACTIVE:
        yield
        return
    with _lock:
        _count(caller, using)
        _running[caller.user_id] += 1
    try:
        yield
    finally:
        with _lock:
            _running[caller.user_id] -= 1


def _count(caller: Caller, using: str) -> None:
    limit, now = conf.get().checks_per_minute, timezone.now()
    # Checks in the future were made before the clock was set back.
    recent = Check.objects.using(using).filter(
        user_id=caller.user_id,
        origin__in=INTERACTIVE,
        checked_at__gt=now - MINUTE,
        checked_at__lt=now + MINUTE,
    )
    times = list(recent.order_by("-checked_at").values_list("checked_at", flat=True)[:limit])
    if len(times) + _running[caller.user_id] >= limit:
        first = times[-1] if times else now
        raise TooManyChecks(max(1, ceil((first + MINUTE - now).total_seconds())))
