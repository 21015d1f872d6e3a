"""The clock of the database, which all machines of a site share.

Whatever machines compare, such as leases, results and what is due, is timed by it. So nothing
depends on how far their own clocks differ. SQLite has no clock but that of its one machine.
"""

import time
from datetime import UTC, date, datetime

from django.db import connections
from django.utils import timezone

from registries.models.times import as_moment, day_of

# Seconds since 1970, whatever the server's time zone is.
QUERIES = {
    "postgresql": "SELECT EXTRACT(EPOCH FROM clock_timestamp())",
    "mysql": "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) / 1000000",
}

# By database: what its clock is ahead of this machine's monotonic one, which nobody can set.
_ahead: dict[str, float] = {}


def read(using: str) -> None:
    """Read the clock of a database, for the functions below, which need no query then."""
    if query := QUERIES.get(connections[using].vendor):
        before = time.monotonic()
        with connections[using].cursor() as cursor:
            cursor.execute(query)
            read_at = float(cursor.fetchone()[0])
        _ahead[using] = read_at - (before + time.monotonic()) / 2


def seconds(using: str) -> float:
    """Return the seconds since 1970 by the clock of a database, as far as it was read."""
    return time.monotonic() + _ahead[using] if using in _ahead else time.time()


def now(using: str) -> datetime:
    """Return the time by the clock of a database, as the site's models hold times."""
    return as_moment(seconds(using)) if using in _ahead else timezone.now()


def today(using: str) -> date:
    """Return the day in the site's time zone by the clock of a database."""
    return day_of(datetime.fromtimestamp(seconds(using), UTC))


def corrected(moment: datetime, using: str) -> datetime:
    """Return a time of this machine's clock by the clock of a database, as models hold times."""
    return as_moment(moment.timestamp() + seconds(using) - time.time())
