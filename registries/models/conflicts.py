"""How databases say that a transaction has to begin anew."""

from typing import Any

from django.db import DatabaseError

# Deadlock and serialization on PostgreSQL, deadlock on MariaDB. Of several that insert the same
# row, MariaDB makes one begin anew, even with INSERT IGNORE (mariadb.com/kb/en/innodb-lock-modes).
CONFLICT = {"40P01", "40001", 1213}


def codes_of(error: DatabaseError) -> set[Any]:
    """Return the codes of an error: PostgreSQL's SQLSTATE, MariaDB's number."""
    return {getattr(error.__cause__, "sqlstate", None), *error.args[:1]}
