"""One page of a tag list: its tags, and where the next one is."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from registries.client import links
from registries.client.responses import parsed

# All tags at once, or some thousand with what Google's registries say of each.
MAX_VALUES = 250_000

_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Page:
    """What stands on a page.

    tags: in the registry's order. Entries that are none are left out: empty ones, nulls, and
        digests, which some registries list.
    entries: how many there are with those.
    following: the address of the next page, None where the registry names none.
    """

    tags: list[str]
    entries: int
    following: str | None


def read(body: bytes, lines: Iterable[str], url: str) -> Page:
    """The page in an answer from `url` with these Link lines.

    `tags` may be null, and missing where nothing else stands there but the repository's name.
    Raises ValueError for what is no page, such as an error that was sent with status 200 or a list
    of another API, and for a link that cannot be read.
    """
    following = {links.following(target, url) for target in links.next_targets(lines)}
    if len(following) > 1:
        raise ValueError("links to several next pages")
    with parsed(body, MAX_VALUES) as page:
        entries = None if page is None else page.get("tags") or _none_of(page)
        if not isinstance(entries, list) or any(isinstance(one, dict) for one in entries):
            raise ValueError("no tag list")
        tags = [tag for tag in entries if isinstance(tag, str) and _TAG.fullmatch(tag)]
        return Page(tags, len(entries), next(iter(following), None))


def _none_of(page: dict[str, Any]) -> list[Any] | None:
    """The empty list of a page that names no tags; None where it is no page of tags."""
    is_page = "tags" in page or page.keys() <= {"name"}
    return [] if is_page and not page.get("errors") else None
