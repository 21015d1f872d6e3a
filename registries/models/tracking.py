"""`Tracked`: a model that knows which columns differ from the database."""

from collections.abc import Iterable
from typing import Any, ClassVar, Self

from django.db import models, router


class Tracked(models.Model):
    """A model whose rows know which of their columns were changed since they were loaded.

    watched: the names of the columns that are compared.
    """

    watched: ClassVar[tuple[str, ...]] = ()

    class Meta:
        abstract = True

    @property
    def db_for_write(self) -> str:
        """The alias of the database to write to, which may differ from the one that was read."""
        return router.db_for_write(type(self), instance=self)

    def raw_value(self, name: str) -> Any:
        """Return a column without its descriptor: for a variable its text, a Secret or None."""
        return self.__dict__[name] if name in self.__dict__ else getattr(self, name)

    @classmethod
    def from_db(cls, db: str | None, field_names: Any, values: Any, **kwargs: Any) -> Self:
        row = super().from_db(db, field_names, values, **kwargs)
        row._remember()
        return row

    def refresh_from_db(
        self,
        using: str | None = None,
        fields: Iterable[str] | None = None,
        from_queryset: Any = None,
    ) -> None:
        fields = None if fields is None else list(fields)
        super().refresh_from_db(using, fields, from_queryset)
        self._remember(fields)

    def _remember(self, fields: Iterable[str] | None = None) -> None:
        """Remember the values of these columns, or of all, as those in the database."""
        names = self.watched if fields is None else set(self.watched).intersection(fields)
        values = {name: self.__dict__[name] for name in names if name in self.__dict__}
        self._stored = {**self.__dict__.get("_stored", {}), **values}

    def stored_value(self, name: str, default: Any = None) -> Any:
        """Return a watched column as it was in the database when the row was loaded or saved."""
        stored: dict[str, Any] = self.__dict__.get("_stored", {})
        return stored.get(name, default)

    def changed(self) -> set[str]:
        """Return the watched columns that differ from the database; none for a new row."""
        if self._state.adding:
            return set()
        stored: dict[str, Any] = self.__dict__.get("_stored", {})
        # For columns that were set but never loaded, the database has to be asked.
        loaded = [name for name in self.watched if name in self.__dict__]
        if unknown := [name for name in loaded if name not in stored]:
            rows = type(self)._base_manager.using(self.db_for_write)
            row = rows.filter(pk=self.pk).only(*unknown).first()
            stored |= {name: row.__dict__[name] for name in unknown} if row else {}
        return {name for name, value in stored.items() if self.raw_value(name) != value}
