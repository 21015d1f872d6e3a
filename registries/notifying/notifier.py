"""`Notifier`: delivers notifications in a thread of its own, beside the checks."""

import logging
import time
from threading import Event, Thread
from types import TracebackType
from typing import Self

from django.db import Error, connections, router

from registries import conf
from registries.checking.reminders import remind
from registries.models import Notification
from registries.notifying.collecting import collect
from registries.notifying.delivering import deliver

logger = logging.getLogger(__name__)

# Seconds between two looks into the outbox, and the longest while the database is away.
BEAT, LONGEST_PAUSE = 2.0, 30.0


def send_pending(*, at_once: bool = False) -> int:
    """Collect and send what is due, reminders included, and return how many messages were tried.

    at_once: whether changes of state do not wait for others.
    """
    using = router.db_for_write(Notification)
    remind(using)
    collect(using, at_once=at_once)
    return deliver(using)


class Notifier:
    """Sends what is due, from the start of the block to its end, or until it is told to stop.

    A message that is being sent then has `TIMEOUT` seconds from that moment; otherwise it is sent
    again later.
    """

    def __init__(self) -> None:
        self._using = router.db_for_write(Notification)
        self._stopped_at: float | None = None
        self._is_over = Event()
        # A daemon, so that a receiver that hangs does not hold up the end of the process.
        self._thread = Thread(target=self._run, name="registries-notify", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self._is_over.set()
        since = time.monotonic() - (self._stopped_at or 0)
        self._thread.join(max(0, conf.get().timeout - since))

    def stop(self) -> None:
        """Begin no other message. For signal handlers too."""
        if self._stopped_at is None:
            self._stopped_at = time.monotonic()

    @property
    def _is_wanted(self) -> bool:
        return self._stopped_at is None

    def _run(self) -> None:
        pause = BEAT
        while not self._is_over.wait(pause) and self._is_wanted:
            try:
                collect(self._using)
                deliver(self._using, lambda: self._is_wanted)
                connection = connections[self._using]
                if not connection.in_atomic_block:
                    connection.close_if_unusable_or_obsolete()
                pause = BEAT
            except Error as failure:
                connections[self._using].close()
                pause = min(2 * pause, LONGEST_PAUSE)
                logger.warning(
                    "The database fails (%s). Notifications are sent in %d s at the earliest.",
                    *(type(failure).__name__, pause),
                )
            except Exception as failure:  # noqa: BLE001 - later messages must not wait for this one
                pause = min(2 * pause, LONGEST_PAUSE)
                # No traceback: it might hold an address.
                logger.error("Notifications: %s", type(failure).__name__)  # noqa: TRY400
        connections[self._using].close()
