"""Lists the tags of a repository, page by page, and only as many pages as are needed.

Source: the OCI distribution specification, "Listing Tags".
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

from registries.client import links, pages, responses
from registries.client.digests import REDIRECTS, validated
from registries.client.errors import ClientError, Throttled, Unreachable
from registries.client.pages import Page
from registries.client.session import Session
from registries.client.transport import Response
from registries.reference import parse_repository

# The most tags that registries put on one page. Amazon ECR refuses a larger size.
PAGE_SIZE = 1000
MAX_PAGES = 2000
MAX_TAGS = 200_000
# Some registries send no links and fewer tags than requested. A page whose length is a multiple of
# this may be such a page, so the next one is requested as well.
FULL = 50
# Registries refuse `last` with these statuses if they expect a number or do not support it.
NO_LAST = frozenset({400, 404, 405, 500})
# The most pages in a row without a new tag: a registry may hide tags from an account.
MAX_FRUITLESS = 10
PAGE_LIMIT = 4 * 1024 * 1024
# Pulp answers 406 if a request for a list accepts only the media types of manifests.
ACCEPT = "application/json"


@dataclass(frozen=True, slots=True)
class _Part:
    """The tags of a page that are not on earlier pages, and whether it is the last page."""

    tags: list[str]
    is_last: bool


def tags(
    session: Session,
    repository: str,
    *,
    last: str | None = None,
    n: int | None = None,
    prefix: str | None = None,
) -> list[str]:
    """Return the tags of a repository that start with `prefix`, in the registry's order.

    With `last` or `n`, return at most `n` tags after the tag `last`. They are in the registry's
    order if it sorts its list, and sorted here if it does not. Raises ClientError.
    """
    path = validated(parse_repository, repository)
    parts = _parts(session, path)
    if last is None and n is None:
        all_tags = _all_tags(parts)
    else:
        all_tags = _sorted(session, path, next(parts), parts, last)
    # Some registries start with `last` itself.
    filtered = (tag for tag in all_tags if tag != last and tag.startswith(prefix or ""))
    return list(islice(filtered, n))


def _all_tags(parts: Iterable[_Part]) -> Iterator[str]:
    return chain.from_iterable(part.tags for part in parts)


def _sorted(
    session: Session, path: str, first: _Part, rest: Iterator[_Part], last: str | None
) -> Iterator[str]:
    """Yield the tags after `last` in order; `rest` are the parts after the first page.

    If the first page is sorted, with upper and lower case distinguished or not, the registry's
    order is used and only the pages that are needed are read. Otherwise, and if there is only one
    page, the whole list is read and sorted here.
    """
    keys = [key for key in (str, str.lower) if first.tags == sorted(first.tags, key=key)]
    if not keys or first.is_last:
        return iter(_after(sorted(chain(first.tags, _all_tags(rest))), last))
    if last is None:
        return chain(first.tags, _all_tags(rest))
    if last in first.tags:
        return chain(first.tags[first.tags.index(last) + 1 :], _all_tags(rest))
    positions = {bisect_right(first.tags, key(last), key=key) for key in keys}
    return _tags_after(session, path, first, rest, last, positions)


def _after(ordered: list[str], last: str | None) -> list[str]:
    return ordered if last is None else ordered[bisect_right(ordered, last) :]


def _tags_after(
    session: Session,
    path: str,
    first: _Part,
    rest: Iterator[_Part],
    last: str,
    positions: Collection[int],
) -> Iterator[str]:
    """Yield the tags after `last`, which is not on the first page.

    positions: where `last` would be on the first page, by each order that the page may have.

    The registry is asked to start after `last`, but not all do so: Quay sent its first page again
    (regclient/regclient#272), and Artifactory expected a number (renovatebot/renovate#15080). The
    response is used if it has none of the tags of the first page, or starts at one of the
    positions. Otherwise pages are read until `last` is found. A sorted first page proves nothing:
    in a list by age, v1.0 to v1.9 are in order and v1.10 comes next.
    """
    first_tags, more_tags = _first_page_after(session, path, last)
    is_plausible = bool(first_tags) and first_tags[:1] in [
        first.tags[position : position + 1] for position in positions
    ]
    if is_plausible and first_tags[0] == first.tags[0]:
        # The registry may send this page whatever `last` is: compare with another value.
        second, _ = _first_page_after(session, path, first.tags[0])
        is_plausible = second[:1] == first.tags[1:2]
    if first_tags and (is_plausible or set(first_tags).isdisjoint(first.tags)):
        yield from chain(first_tags, more_tags)
        return
    before = list(first.tags)
    for part in rest:
        if last in part.tags:
            yield from chain(part.tags[part.tags.index(last) + 1 :], _all_tags(rest))
            return
        before += part.tags
    # The tag no longer exists. The tags that are sorted after it are what followed it.
    yield from _after(sorted(before), last)


def _first_page_after(session: Session, path: str, last: str) -> tuple[list[str], Iterator[str]]:
    """Return the first page after a tag, empty if the registry refuses, and the tags after it."""
    parts = _parts(session, path, last)
    try:
        return next(parts).tags, _all_tags(parts)
    except Throttled:
        raise
    except ClientError:
        return [], iter(())


def _parts(session: Session, path: str, last: str | None = None) -> Iterator[_Part]:
    """Yield the parts of a list, from its start or after a tag. Pages are requested when needed.

    Each page may take the time of a call, all together the time of a list. A list is either
    complete or an error: links that lead back to an earlier page, or too often to nothing new,
    raise ClientError.
    """
    base_url = f"{session.auth.base}/v2/{path}/tags/list"
    query_last, size = [f"last={last}"] if last else [], [f"n={PAGE_SIZE}"]
    url = _url(base_url, *size, *query_last)
    response = _ask(session, url, path)
    if response.status in {400, 405}:
        # Some registries refuse a page size above their own: let them choose.
        size = []
        url = _url(base_url, *query_last)
        response = _ask(session, url, path)
    seen: set[str] = set()
    requested: set[str] = set()
    has_links, may_end, fruitless = False, False, 0
    while True:
        requested.add(_normalized(url))
        if may_end and response.status in NO_LAST:
            return
        page = _page(session, response)
        new = [tag for tag in dict.fromkeys(page.tags) if tag not in seen]
        seen.update(new)
        fruitless = 0 if new else fruitless + 1
        if len(seen) > MAX_TAGS:
            raise Unreachable("too_large", host=session.host)
        following = page.following
        has_links = has_links or following is not None
        if following and _normalized(following) in requested and not page.tags:
            following = None  # an empty page that links to itself is the end
        may_end = False
        if not has_links and new and page.entries % FULL == 0:
            # The specification does not require a Link: go-containerregistry's registry and Nexus
            # groups send none. A page with fewer tags than requested should be the last one, so
            # it is if the registry then refuses `last`.
            query = _url("", *size, f"last={page.tags[-1]}")
            following = links.following(query, response.url)
            may_end = page.entries < PAGE_SIZE
        yield _Part(new, is_last=following is None)
        if following is None:
            return
        if _normalized(following) in requested or fruitless > MAX_FRUITLESS:
            raise Unreachable("bad_answer", host=session.host)
        if len(requested) == MAX_PAGES:
            raise Unreachable("too_large", host=session.host)
        url, response = following, _ask(session, following, path)


def _url(address: str, *query: str) -> str:
    return f"{address}?{'&'.join(query)}" if query else address


def _normalized(url: str) -> str:
    """Return a page's URL with its query sorted, to compare it with others."""
    address, _, query = url.partition("?")
    return _url(address, *sorted(query.split("&")))


def _ask(session: Session, url: str, path: str) -> Response:
    """Request a page, with the time for one page. Raises ClientError."""
    session.deadline.renew()
    try:
        # Redirects are followed as for manifests: registry.k8s.io redirects all to its back end.
        return session.request(
            "GET", url, path, accept=ACCEPT, limit=PAGE_LIMIT, redirects=REDIRECTS
        )
    except Unreachable as error:
        failure = error.with_traceback(None)
    if failure.code == "timeout" and session.deadline.is_used_up:
        raise Unreachable("list_timeout", host=session.host)
    raise failure


def _page(session: Session, response: Response) -> Page:
    if response.status != 200:
        raise responses.image_refusal(response, session.host)
    try:
        return pages.read(response.body, response.header_lines("Link"), response.url)
    except ValueError:
        pass
    raise Unreachable("bad_answer", host=session.host)
