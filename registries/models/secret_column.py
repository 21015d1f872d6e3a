"""What a query may do with the column of a secret: read it as it is, or ask whether it is set."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.exceptions import FieldError
from django.db.models.expressions import Col, RawSQL
from django.db.models.lookups import Exact, IsNull, Lookup
from django.db.models.sql.compiler import SQLCompiler, SQLUpdateCompiler


class SecretColumn(Col):
    """The column of a secret in a query.

    Selected, it arrives as a Secret. Any other expression that names it would carry its ciphertext
    into another column or out of the query as plain text: those are refused.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Stays the same in the copies that Django compiles.
        self.mark = object()

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> Any:
        if not self._is_selected(compiler):
            raise FieldError(f"{self.target.name} is a secret: no expression may name it.")
        return super().as_sql(compiler, connection)

    def _is_selected(self, compiler: SQLCompiler) -> bool:
        query = compiler.query
        if isinstance(compiler, SQLUpdateCompiler):
            return False
        # What is inside another query may be anything there; but for whole rows, which are counted.
        if query.subquery and not query.default_cols:
            return False
        computed = _inside((*query.annotation_select.values(), query.where))
        return not any(getattr(each, "mark", None) is self.mark for each in computed)


class _OfSecret(Lookup):
    """A lookup that tells nothing of a secret but what it is for."""

    def process_lhs(self, compiler: SQLCompiler, connection: Any, lhs: Any = None) -> Any:
        if lhs is None and isinstance(self.lhs, SecretColumn):
            return Col.as_sql(self.lhs, compiler, connection)
        return super().process_lhs(compiler, connection, lhs)


class IsSet(_OfSecret, IsNull):
    """`isnull`, the one lookup of a secret that has a name."""


class IsStill(_OfSecret, Exact):
    """Whether a secret's ciphertext is the one that was read: for who writes it anew."""


def _inside(expressions: Iterable[Any]) -> Iterator[Any]:
    """The expressions, and all that they are made of."""
    waiting = list(expressions)
    while waiting:
        expression = waiting.pop()
        yield expression
        if hasattr(expression, "get_source_expressions"):
            waiting += expression.get_source_expressions()


def refuse_raw(expressions: Iterable[Any], secrets: Iterable[str]) -> None:
    """Raise FieldError for SQL, somewhere in the expressions, that names one of the secrets."""
    named = re.compile(rf"\b(?:{'|'.join(secrets)})\b", re.IGNORECASE)
    for each in _inside(expressions):
        if isinstance(each, RawSQL) and (match := named.search(each.sql)):
            raise FieldError(f"{match[0]} is a secret: no expression may name it.")
