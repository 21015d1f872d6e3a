"""The tags of a repository, a page after the other, no more of them than are wanted.

Source: the OCI distribution specification, "Listing Tags".
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

from registries.client import links, pages, responses
from registries.client.digests import REDIRECTS, checked
from registries.client.errors import ClientError, Throttled, Unreachable
from registries.client.pages import Page
from registries.client.session import Session
from registries.client.transport import Response
from registries.reference import parse_repository

# What registries give at most on one page; Amazon ECR refuses more.
PAGE_SIZE = 1000
MAX_PAGES = 2000
MAX_TAGS = 200_000
# A page of so many, or of a multiple, may be as much as a registry gives at a time, though more was
# asked for and no link says that there is more.
FULL = 50
# How registries refuse `last` where it is no number to them, or nothing at all.
NO_LAST = frozenset({400, 404, 405, 500})
# Pages in a row that may bring nothing new: a registry may leave out what an account may not see.
MAX_FRUITLESS = 10
PAGE_LIMIT = 4 * 1024 * 1024
# Manifests' media types are no lists': Pulp answers 406 to whoever accepts only those.
ACCEPT = "application/json"


@dataclass(frozen=True, slots=True)
class _Part:
    """The tags that a page adds to those before, and whether no page comes after it."""

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
    """The tags of a repository, each once: all that begin with `prefix`, in the registry's order.

    With `last` or `n` only those behind the tag `last`, at most `n` of them, sorted: by the
    registry where it sorts its list, else here. Raises ClientError.
    """
    path = checked(parse_repository, repository)
    parts = _parts(session, path)
    if last is None and n is None:
        found = _joined(parts)
    else:
        found = _sorted(session, path, next(parts), parts, last)
    # Where a registry begins with `last` itself, it is left out.
    wanted = (tag for tag in found if tag != last and tag.startswith(prefix or ""))
    return list(islice(wanted, n))


def _joined(parts: Iterable[_Part]) -> Iterator[str]:
    return chain.from_iterable(part.tags for part in parts)


def _sorted(
    session: Session, path: str, first: _Part, rest: Iterator[_Part], last: str | None
) -> Iterator[str]:
    """The tags in order, from behind `last` on; `rest` is what comes after the first page.

    Where the first page shows that the registry sorts, its order is kept, whatever it does with
    capital letters, so that nothing is lost between two pages of one list. No page is read that
    is not needed. Any other list, and one of a single page, is read whole and sorted here.
    """
    keys = [key for key in (str, str.lower) if first.tags == sorted(first.tags, key=key)]
    if not keys or first.is_last:
        return iter(_behind(sorted(chain(first.tags, _joined(rest))), last))
    if last is None:
        return chain(first.tags, _joined(rest))
    if last in first.tags:
        return chain(first.tags[first.tags.index(last) + 1 :], _joined(rest))
    places = {bisect_right(first.tags, key(last), key=key) for key in keys}
    return _beyond(session, path, first, rest, last, places)


def _behind(ordered: list[str], last: str | None) -> list[str]:
    return ordered if last is None else ordered[bisect_right(ordered, last) :]


def _beyond(
    session: Session,
    path: str,
    first: _Part,
    rest: Iterator[_Part],
    last: str,
    places: Collection[int],
) -> Iterator[str]:
    """The tags behind one that is not on the first page, where it would stand in one of `places`.

    The registry is asked to begin there. Not each does: Quay answered with its first page again
    (regclient/regclient#272), for Artifactory `last` was a number (renovatebot/renovate#15080).
    Only an answer of other tags than those of the first page is believed, or one that begins where
    the tag would stand; else the list is read until the tag comes. The first page alone does not
    tell: in a list by age v1.0 to v1.9 are in order, and behind them comes v1.10.
    """
    begun, there = _begun(session, path, last)
    fits = bool(begun) and begun[:1] in [first.tags[place : place + 1] for place in places]
    if fits and begun[0] == first.tags[0]:
        # Or this is what it answers to everything.
        second, _ = _begun(session, path, first.tags[0])
        fits = second[:1] == first.tags[1:2]
    if begun and (fits or set(begun).isdisjoint(first.tags)):
        yield from chain(begun, there)
        return
    before = list(first.tags)
    for part in rest:
        if last in part.tags:
            yield from chain(part.tags[part.tags.index(last) + 1 :], _joined(rest))
            return
        before += part.tags
    # It is gone: what is sorted behind it is what followed it.
    yield from _behind(sorted(before), last)


def _begun(session: Session, path: str, last: str) -> tuple[list[str], Iterator[str]]:
    """The first page behind a tag as the registry has it, empty where it has none, and the rest."""
    parts = _parts(session, path, last)
    try:
        return next(parts).tags, _joined(parts)
    except Throttled:
        raise
    except ClientError:
        return [], iter(())


def _parts(session: Session, path: str, last: str | None = None) -> Iterator[_Part]:
    """The pages of a list, from its beginning or behind a tag; the next one is asked when wanted.

    Each page has the whole time of a call, all together the time of a list. A list is complete or
    an error: a link that leads back to a page that was read, or to nothing new again and again,
    ends in one.
    """
    address = f"{session.auth.base}/v2/{path}/tags/list"
    behind, size = [f"last={last}"] if last else [], [f"n={PAGE_SIZE}"]
    url = _with(address, *size, *behind)
    response = _ask(session, url, path)
    if response.status in {400, 405}:
        # Some registries refuse a page size above their own: ask for theirs.
        size = []
        url = _with(address, *behind)
        response = _ask(session, url, path)
    known: set[str] = set()
    asked: set[str] = set()
    has_links, may_end, fruitless = False, False, 0
    while True:
        asked.add(_normal(url))
        if may_end and response.status in NO_LAST:
            return
        page = _page(session, response)
        new = [tag for tag in dict.fromkeys(page.tags) if tag not in known]
        known.update(new)
        fruitless = 0 if new else fruitless + 1
        if len(known) > MAX_TAGS:
            raise Unreachable("too_large", host=session.host)
        following = page.following
        has_links = has_links or following is not None
        if following and _normal(following) in asked and not page.tags:
            following = None  # nothing is left, and the link only repeats what was asked
        may_end = False
        if not has_links and new and page.entries % FULL == 0:
            # A Link is a MAY: go-containerregistry's registry and Nexus groups send none. A page
            # of fewer than were asked for is the last by the specification: so it is where the
            # registry cannot say what is behind it.
            query = _with("", *size, f"last={page.tags[-1]}")
            following = links.following(query, response.url)
            may_end = page.entries < PAGE_SIZE
        yield _Part(new, is_last=following is None)
        if following is None:
            return
        if _normal(following) in asked or fruitless > MAX_FRUITLESS:
            raise Unreachable("bad_answer", host=session.host)
        if len(asked) == MAX_PAGES:
            raise Unreachable("too_large", host=session.host)
        url, response = following, _ask(session, following, path)


def _with(address: str, *query: str) -> str:
    return f"{address}?{'&'.join(query)}" if query else address


def _normal(url: str) -> str:
    """A page's address with its query in order: the same page, however it is written."""
    address, _, query = url.partition("?")
    return _with(address, *sorted(query.split("&")))


def _ask(session: Session, url: str, path: str) -> Response:
    """A page, in the time that each has. Raises ClientError."""
    session.deadline.renew()
    try:
        # A list may lie elsewhere, as a manifest may: registry.k8s.io sends all to its back end.
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
