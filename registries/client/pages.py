"""One page of a tag list: its tags, and where the next one is."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from registries.client import links
from registries.client.answers import parsed

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

    `tags` may be null or missing. Raises ValueError for what is no page, or has a link that cannot
    be read.
    """
    following = {links.following(target, url) for target in links.next_targets(lines)}
    if len(following) > 1:
        raise ValueError("links to several next pages")
    with parsed(body, MAX_VALUES) as page:
        entries = None if page is None else page.get("tags") or []
        if not isinstance(entries, list):
            raise ValueError("no tag list")
        tags = [tag for tag in entries if isinstance(tag, str) and _TAG.fullmatch(tag)]
        return Page(tags, len(entries), next(iter(following), None))
