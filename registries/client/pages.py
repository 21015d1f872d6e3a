"""Tag lists: one page's tags, and where the next page is."""

import re
from collections.abc import Iterable
from urllib.parse import urljoin, urlsplit, urlunsplit

from registries.client.answers import document
from registries.client.urls import Url

# What registries give at most on one page; Amazon ECR refuses more.
PAGE_SIZE = 1000
MAX_PAGES = 2000
MAX_TAGS = 200_000

_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", re.ASCII)
_LINK = re.compile(r'<([^<>]*)>((?:[^<>"]|"[^"]*")*)')
_RELATION = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))', re.IGNORECASE)


def tags(body: bytes) -> list[str] | None:
    """The tags of a page; None where it is no tag list.

    `tags` may be null or missing. Empty entries, nulls and digests, which some registries list,
    are passed over.
    """
    page = document(body)
    listed = None if page is None else page.get("tags") or []
    if not isinstance(listed, list):
        return None
    return [tag for tag in listed if isinstance(tag, str) and _TAG.fullmatch(tag)]


def next_link(headers: Iterable[str]) -> str | None:
    """The target of the first `rel="next"` in an answer's Link lines (RFC 8288)."""
    for header in headers:
        for link in _LINK.finditer(header[:8192]):
            relation = _RELATION.search(link[2])
            if relation and "next" in (relation[1] or relation[2] or "").lower().split():
                return link[1]
    return None


def next_url(link: str, page: str, base: str) -> str | None:
    """Where to ask for the next page: always the registry at `base`, whatever host `link` names.

    `link` is resolved against `page`; only its path and query are used, as containers/image does:
    Quay builds absolute links from its public name. A registry behind a path prefix may not know
    of it. None where the link leads out of the registry.
    """
    try:
        target = urlsplit(urljoin(page, link))
    except ValueError:
        return None
    root = urlsplit(base)
    path = target.path
    if not path.startswith(f"{root.path}/v2/"):
        path = root.path + path
    if target.scheme not in {"http", "https"} or not _inside(path, f"{root.path}/v2/"):
        return None
    try:
        return str(Url.parse(urlunsplit((root.scheme, root.netloc, path, target.query, ""))))
    except ValueError:
        return None


def _inside(path: str, root: str) -> bool:
    steps = path.lower().replace("%2e", ".").replace("%2f", "/").split("/")
    # Some servers read "..;" and "..%5c" as "..".
    return path.startswith(root) and not any(step.startswith("..") for step in steps)
