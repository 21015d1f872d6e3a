"""Limits: what an access token may do at most, whatever its account may do."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What a token may do, and with which registries.

    registries: ids of rows. prefixes: beginnings of images' names, the host first. A token that
    names neither is for every registry. Credentials are handed to none that does not say so.
    """

    may_read: bool = True
    may_query: bool = True
    may_hand_over: bool = False
    registries: frozenset[int] = frozenset()
    prefixes: tuple[str, ...] = ()

    @property
    def names_all(self) -> bool:
        """Whether it is for every registry."""
        return not self.registries and not self.prefixes

    def name(self, registry: int | None) -> bool:
        """Whether a row is named by its id."""
        return registry in self.registries

    def cover(self, place: str) -> bool:
        """Whether an image, or a prefix of images, is under one of the prefixes."""
        return any(place == prefix or place.startswith(f"{prefix}/") for prefix in self.prefixes)


UNLIMITED = Limits(may_hand_over=True)
