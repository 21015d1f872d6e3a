"""Tracked: what the database holds of a row, and which database that is."""

from collections.abc import Iterable
from typing import Any, ClassVar, Self

from django.db import models, router


class Tracked(models.Model):
    """A row that knows which of its columns differ from what is stored.

    watched: the columns of which that is known.
    """

    watched: ClassVar[tuple[str, ...]] = ()

    class Meta:
        abstract = True

    @property
    def written_to(self) -> str:
        """The database that the site's routers say: it may have been read from another."""
        return router.db_for_write(type(self), instance=self)

    def held(self, name: str) -> Any:
        """A column as the row holds it: for a variable text, a Secret, or None."""
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
        """Note what the database holds, of these columns or of all; others keep their note."""
        names = self.watched if fields is None else set(self.watched).intersection(fields)
        held = {name: self.__dict__[name] for name in names if name in self.__dict__}
        self._stored = {**self.__dict__.get("_stored", {}), **held}

    def stored(self, name: str, otherwise: Any = None) -> Any:
        """A watched column as the database held it when the row was loaded or saved."""
        stored: dict[str, Any] = self.__dict__.get("_stored", {})
        return stored.get(name, otherwise)

    def changed(self) -> set[str]:
        """The watched columns that differ from the stored row; empty for a new row."""
        if self._state.adding:
            return set()
        stored: dict[str, Any] = self.__dict__.get("_stored", {})
        # Set although they were never loaded: only the database knows what they were.
        given = [name for name in self.watched if name in self.__dict__]
        if unknown := [name for name in given if name not in stored]:
            rows = type(self)._base_manager.using(self.written_to)
            row = rows.filter(pk=self.pk).only(*unknown).first()
            stored |= {name: row.__dict__[name] for name in unknown} if row else {}
        return {name for name, value in stored.items() if self.held(name) != value}
