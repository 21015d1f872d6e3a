"""Limits: what an access token may do. It never may do more than its account."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What a token may do, and with which registries.

    may_read: read registries and checks. may_query: have registries called for tags and digests.
    may_hand_over: get credentials; only if it is set explicitly.
    registries: ids of rows. prefixes: of images, such as `ghcr.io/acme`. If both are empty, the
        token is for all registries.
    """

    may_read: bool = True
    may_query: bool = True
    may_hand_over: bool = False
    registries: frozenset[int] = frozenset()
    prefixes: tuple[str, ...] = ()

    @property
    def names_all(self) -> bool:
        """Whether the token is for all registries."""
        return not self.registries and not self.prefixes

    def name(self, registry: int | None) -> bool:
        """Whether the token names the row with this id."""
        return registry in self.registries

    def cover(self, place: str) -> bool:
        """Whether an image, or a prefix of images, is covered by one of the prefixes."""
        return any(place == prefix or place.startswith(f"{prefix}/") for prefix in self.prefixes)


UNLIMITED = Limits(may_hand_over=True)
