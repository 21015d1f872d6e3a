"""`Runner`: checks the rows that are due, for as long as its process runs."""

import logging
import time
from collections.abc import Callable, Collection
from concurrent.futures import FIRST_COMPLETED, Future, wait

from django.db import Error, InterfaceError, OperationalError, connections, router

from registries import conf
from registries.checking.callers import Caller
from registries.checking.claims import claim, follow_setting
from registries.checking.pools import Pool
from registries.checking.reminders import remind
from registries.checking.single import Checked, known_stranger, postpone, run_check, store
from registries.models import Registry
from registries.models.check import Origin, prune

logger = logging.getLogger(__name__)

CALLER = Caller(Origin.SCHEDULE)
# Seconds until the database is asked again for due rows, when there were none; and until a signal
# to stop is seen.
IDLE, BEAT = 1.0, 0.25
# A line in the log is for so many checks at most, or for those of so many seconds.
LINE_CHECKS, LINE_SECONDS = 100, 10
# Expired checks are deleted for so many rows together.
PRUNED = 100
# Seconds between two looks for credentials that end.
REMIND_SECONDS = 60
# The longest pause between two attempts while the database is away, in seconds.
LONGEST_PAUSE = 30
AWAY = (OperationalError, InterfaceError)


class Runner:
    """Claims rows as threads become free, and checks them; any number of runners share the work.

    The threads only call registries; the thread of `run` uses the database.

    is_wanted: is asked now and then; it stops as after `stop` once the answer is no.
    among: the primary keys of the rows to choose from; None for all rows.
    checked, fine: how many checks were stored, and how many of them found a row fine.
    """

    def __init__(
        self,
        is_wanted: Callable[[], bool] = lambda: True,
        among: Collection[int] | None = None,
    ) -> None:
        self.checked = self.fine = 0
        self._is_wanted = is_wanted
        self._among = among
        self._using = router.db_for_write(Registry)
        self._workers = conf.get().check_workers
        self._running: dict[Future[Checked], Registry] = {}
        self._is_told_to_stop = False
        self._stored: set[int] = set()
        self._claim_at = self._remind_at = 0.0
        self._told = (0, 0)
        self._failed_attempts = 0
        self._line_at = time.monotonic()

    def stop(self) -> None:
        """Let `run` end once the running checks are stored. For signal handlers too."""
        self._is_told_to_stop = True

    @property
    def _is_stopping(self) -> bool:
        return self._is_told_to_stop or not self._is_wanted()

    def run(self, *, once: bool = False) -> None:
        """Check what is due until `stop` is called, or, with `once`, until nothing is due."""
        is_started = self._among is not None
        with Pool(self._workers) as pool:
            while not self._is_stopping or self._running:
                try:
                    if not is_started:
                        follow_setting(self._using)
                        is_started = True
                    self._store_ended()
                    self._prune()
                    self._remind()
                    count = self._claim(pool)
                    self._has_answered()
                except Error as error:
                    if self._is_stopping:
                        break  # what was claimed is due again when its lease ends
                    self._pause(error)
                    continue
                if once and not (count or self._running):
                    break
                self._wait()
        self._tell()

    def _claim(self, pool: Pool) -> int:
        """Claim as many rows as there are free threads, and return how many there were."""
        free = self._workers - len(self._running)
        # One by one would take more of the database's time than several at once.
        is_worth_it = free >= max(1, self._workers // 4) and time.monotonic() >= self._claim_at
        if self._is_stopping or not is_worth_it:
            return 0
        rows = claim(free, self._using, self._among)
        if not rows:
            self._claim_at = time.monotonic() + IDLE
            self._renew_connection()
        for row in rows:
            pool.acquire()
            self._running[pool.run(run_check, row, None, known_stranger(row))] = row
        return len(rows)

    def _remind(self) -> None:
        """Remind people of credentials that end, now and then."""
        if self._among is None and time.monotonic() >= self._remind_at:
            self._remind_at = time.monotonic() + REMIND_SECONDS
            remind(self._using)

    def _renew_connection(self) -> None:
        """Obey CONN_MAX_AGE, as Django does between requests."""
        connection = connections[self._using]
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()

    def _wait(self) -> None:
        if not self._running:
            time.sleep(max(0.0, min(BEAT, self._claim_at - time.monotonic())))
        else:
            wait(self._running, BEAT, FIRST_COMPLETED)
        if (
            time.monotonic() - self._line_at > LINE_SECONDS
            or self.checked - self._told[0] >= LINE_CHECKS
        ):
            self._tell()

    def _prune(self) -> None:
        """Delete the expired checks of many rows together, which costs less than one by one."""
        if len(self._stored) >= PRUNED or (self._stored and not self._running):
            prune(self._using, self._stored)
            self._stored.clear()

    def _store_ended(self) -> None:
        for future in [running for running in self._running if running.done()]:
            self._claim_at = 0  # its host has room for one more
            self._store(future, self._running.pop(future))

    def _store(self, future: Future[Checked], row: Registry) -> None:
        lease = row.checking_until
        try:
            checked = future.result()
            store(row, None, checked, CALLER, lease=lease, prunes=False)
        except AWAY:
            raise
        except Exception as error:  # noqa: BLE001 - one row must not end the checks of all others
            # No traceback: it might hold what was sent.
            args = (row.pk, type(error).__name__)
            logger.error("The check of registry %s failed: %s", *args)  # noqa: TRY400
            postpone(row, lease)
            return
        self._stored.add(row.pk)
        self.checked += 1
        self.fine += checked.result.is_fine

    def _tell(self) -> None:
        checked, fine = self.checked - self._told[0], self.fine - self._told[1]
        if checked:
            logger.info(
                "Registries checked: %d; fine: %d; need attention: %d",
                *(checked, fine, checked - fine),
            )
        self._told = (self.checked, self.fine)
        self._line_at = time.monotonic()

    def _pause(self, error: Exception) -> None:
        """Wait, longer after each attempt, for a database that is away or being migrated."""
        seconds = min(2**self._failed_attempts, LONGEST_PAUSE)
        self._failed_attempts += 1
        logger.warning(
            "The database %s (%s). The next attempt is in %d s.",
            "does not answer" if isinstance(error, AWAY) else "reports an error",
            *(type(error).__name__, seconds),
        )
        connections[self._using].close()
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self._is_stopping:
            time.sleep(BEAT)

    def _has_answered(self) -> None:
        if self._failed_attempts:
            logger.warning("The database answers again.")
        self._failed_attempts = 0
