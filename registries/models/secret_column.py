"""Allows queries to read a secret's column as it is or to ask whether it is set, nothing else."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.exceptions import FieldError
from django.db.models.expressions import Col, RawSQL
from django.db.models.lookups import Exact, IsNull, Lookup
from django.db.models.sql.compiler import SQLCompiler, SQLUpdateCompiler


class SecretColumn(Col):
    """The column of a secret in a query.

    A query may select it and gets a Secret. All other expressions with this column are refused,
    because they could return its ciphertext as text or write it to another column.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Identifies the copies of this column that Django makes.
        self.mark = object()

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> Any:
        if not self._is_selected(compiler):
            raise FieldError(f"{self.target.name} is a secret: no expression may name it.")
        return super().as_sql(compiler, connection)

    def _is_selected(self, compiler: SQLCompiler) -> bool:
        query = compiler.query
        if isinstance(compiler, SQLUpdateCompiler):
            return False
        # In a subquery the column may be used for anything, unless whole rows are counted.
        if query.subquery and not query.default_cols:
            return False
        computed = _flatten((*query.annotation_select.values(), query.where))
        return not any(getattr(expression, "mark", None) is self.mark for expression in computed)


class _SecretLookup(Lookup):
    """Base class of the lookups that are allowed on a secret."""

    def process_lhs(self, compiler: SQLCompiler, connection: Any, lhs: Any = None) -> Any:
        if lhs is None and isinstance(self.lhs, SecretColumn):
            return Col.as_sql(self.lhs, compiler, connection)
        return super().process_lhs(compiler, connection, lhs)


class IsSet(_SecretLookup, IsNull):
    """`isnull`, the only lookup of a secret that can be used by name."""


class IsUnchanged(_SecretLookup, Exact):
    """Whether a secret still has the ciphertext that was read. Re-encryption uses it."""


def _flatten(expressions: Iterable[Any]) -> Iterator[Any]:
    """Yield the expressions and all their source expressions."""
    pending = list(expressions)
    while pending:
        expression = pending.pop()
        yield expression
        if hasattr(expression, "get_source_expressions"):
            pending += expression.get_source_expressions()


def refuse_raw(expressions: Iterable[Any], secrets: Iterable[str]) -> None:
    """Raise FieldError if raw SQL in the expressions contains the name of a secret."""
    pattern = re.compile(rf"\b(?:{'|'.join(secrets)})\b", re.IGNORECASE)
    for expression in _flatten(expressions):
        if isinstance(expression, RawSQL) and (match := pattern.search(expression.sql)):
            raise FieldError(f"{match[0]} is a secret: no expression may name it.")
