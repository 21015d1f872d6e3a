"""Parser for one page of a tag list."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from registries.client import links
from registries.client.responses import parsed

# Enough for all tags at once, or for some thousand with the metadata that Google adds.
MAX_VALUES = 250_000

_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a tag list.

    tags: in the registry's order. Entries that are not tags are left out: empty strings, nulls, and
        digests, which some registries list.
    entries: the number of entries including those.
    following: the URL of the next page, or None if the registry names none.
    """

    tags: list[str]
    entries: int
    following: str | None


def read(body: bytes, lines: Iterable[str], url: str) -> Page:
    """Parse the page in a response from `url` with these Link lines.

    `tags` may be null; it may be missing if there is nothing but the repository's name. Raises
    ValueError for anything else, such as an error that was sent with status 200 or a list of
    another API, and for a link that cannot be parsed.
    """
    following = {links.following(target, url) for target in links.next_targets(lines)}
    if len(following) > 1:
        raise ValueError("links to several next pages")
    with parsed(body, MAX_VALUES) as page:
        entries = None if page is None else page.get("tags") or _empty(page)
        if not isinstance(entries, list) or any(isinstance(entry, dict) for entry in entries):
            raise ValueError("no tag list")
        tags = [tag for tag in entries if isinstance(tag, str) and _TAG.fullmatch(tag)]
        return Page(tags, len(entries), next(iter(following), None))


def _empty(page: dict[str, Any]) -> list[Any] | None:
    """Return an empty list if this is a page without tags, None if it is not a page of tags."""
    is_page = "tags" in page or page.keys() <= {"name"}
    return [] if is_page and not page.get("errors") else None
