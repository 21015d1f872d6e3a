"""Lists of tags as different servers give them: whole, and no more pages than are wanted."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext

import pytest

from registries.client import listing
from registries.client.deadline import Deadline
from registries.client.errors import Unreachable
from registries.credentials import Anonymous
from registries.endpoint import Endpoint
from tests.client.calls import fails
from tests.fakes.family import answer, problem
from tests.fakes.ledger import Ledger
from tests.fakes.lists import (
    SERVERS,
    ByDate,
    GoRegistry,
    IgnoringCase,
    Lists,
    NexusGroup,
    OldQuay,
)
from tests.fakes.server import FakeServer, Reply, Request
from tests.fakes.world import World

Tags = Callable[..., list[str]]

# In no order, with small and capital letters.
NAMES = [f"{'RrVv'[n % 4]}{n * 7919 % 2302:04}" for n in range(2302)]

every_server = pytest.mark.parametrize("kind", SERVERS, ids=lambda kind: kind.__name__)


@contextmanager
def tags_of(server: Lists, deadline: Deadline | None = None) -> Iterator[Tags]:
    """How a client lists the tags of such a server."""
    with FakeServer(server) as fake:
        more = {"deadline": deadline} if deadline else {}
        client = World({}, Ledger()).client(Endpoint(url=fake.origin), Anonymous(), **more)
        yield lambda **some: client.tags(server.repository, **some)


@every_server
@pytest.mark.parametrize("count", [0, 1, 100, 999, 1000, 1001, 2000, 2302])
def test_a_list_is_complete(kind: type[Lists], count: int) -> None:
    """#43: also where a server sends no Link, or one that leads nowhere."""
    server = kind(NAMES[:count])
    with tags_of(server) as tags:
        assert tags() == server.names


@every_server
@pytest.mark.parametrize(("count", "n"), [(7, 2), (999, 300), (2302, 700), (2302, 1000)])
def test_a_list_read_in_parts_is_complete(kind: type[Lists], count: int, n: int) -> None:
    """#43: nothing is lost between two parts, and nothing comes twice."""
    server = kind(NAMES[:count])
    result: list[str] = []
    with tags_of(server) as tags:
        while part := tags(n=n, last=result[-1] if result else None):
            assert len(part) == n or len(result) + len(part) == count
            result += part
            assert len(result) <= count
    assert len(result) == count
    assert sorted(result) == sorted(server.names)


@every_server
def test_the_tags_that_begin_so(kind: type[Lists]) -> None:
    server = kind(NAMES)
    expected = [name for name in server.names if name.startswith("V1")]
    with tags_of(server) as tags:
        assert tags(prefix="V1") == expected
        assert set(tags(prefix="V1", n=5)) <= set(expected)
        assert len(tags(prefix="V1", n=5)) == 5
        assert tags(prefix="x") == []


@pytest.mark.parametrize(
    ("some", "pages"),
    [
        ({"n": 1}, 1),
        ({"n": 1000}, 1),
        ({"n": 1001}, 2),
        ({"n": 5, "last": "t00500"}, 1),
        ({"n": 5, "last": "t00998"}, 2),
        ({"n": 5, "last": "t00999"}, 2),
        # One to see that the registry begins where it is asked to, one for the answer.
        ({"n": 5, "last": "t00500x"}, 2),
        # And one to see that it does not always begin at the first.
        ({"n": 5, "last": "a"}, 3),
        ({"n": 5, "last": "t150000"}, 2),
        ({"n": 5, "last": "t150000x"}, 2),
        ({"n": 5, "prefix": "t0001"}, 1),
    ],
)
def test_no_more_pages_are_asked_than_are_wanted(some: dict[str, str | int], pages: int) -> None:
    """A hundred and sixty pages of a thousand tags, of which ten are wanted."""
    server = Lists([f"t{n:05}" for n in range(160_000)])
    with tags_of(server) as tags:
        result = tags(**some)
    first = next(name for name in server.names if name > str(some.get("last", "")))
    if "prefix" in some:
        first = "t00010"
    start = server.names.index(first)
    assert result == server.names[start : start + int(some["n"])]
    assert len(server.queries) == pages
    assert {query["n"] for query in server.queries} == {"1000"}


class ByAge(Lists):
    """As they were pushed, ten a page; `last` is a place in that order, or means nothing."""

    size = 10
    heeds = True
    begins = 1

    def ordered(self, names: Sequence[str]) -> list[str]:
        return list(names)

    def __call__(self, request: Request) -> Reply:
        query = {name: values[0] for name, values in request.query.items()}
        last, start = query.get("last"), int(query.get("token", 0))
        if self.heeds and last in self.names:
            start = self.names.index(last) + self.begins
        page = self.names[start : start + self.size]
        more = f'<?token={start + self.size}>; rel="next"'
        headers = {"Link": more} if start + self.size < len(self.names) else {}
        return answer({} if request.path == "/v2/" else {"tags": page}, headers)


class Heedless(ByAge):
    heeds = False


class Inclusive(ByAge):
    """Begins with `last` itself."""

    begins = 0


@pytest.mark.parametrize("kind", [ByAge, Heedless, Inclusive])
@pytest.mark.parametrize(("size", "n"), [(10, 7), (10, 10), (3, 1), (1, 1)])
@pytest.mark.parametrize(
    "names",
    [
        [f"v1.{n}" for n in range(30)],
        ["2024", "2025", "2026", "latest", "edge", "1999", "0", "zz", "2027", "a"],
    ],
)
def test_a_first_page_in_order_does_not_make_a_sorted_list(
    kind: type[ByAge], size: int, n: int, names: list[str]
) -> None:
    """Behind v1.9 comes v1.10: what followed a tag of a later page was looked for on the first.

    The parts then began anew for ever, and the rest of the list never came.
    """
    server = kind(names)
    server.size = size
    result: list[str] = []
    with tags_of(server) as tags:
        while part := tags(n=n, last=result[-1] if result else None):
            result += part
            assert len(result) <= len(names)
    assert sorted(result) == sorted(names)


def test_behind_a_tag_that_is_gone() -> None:
    for kind in (Lists, OldQuay, GoRegistry):
        with tags_of(kind([f"t{n:04}" for n in range(3000)])) as tags:
            assert tags(last="t2500x", n=2) == ["t2501", "t2502"]
            assert tags(last="t0010x", n=2) == ["t0011", "t0012"]
            assert tags(last="z", n=2) == []


def test_a_list_that_the_registry_does_not_sort_is_sorted_here() -> None:
    server = ByDate([f"t{n:04}" for n in range(3000)])
    with tags_of(server) as tags:
        assert tags()[0] == "t2999"
        assert tags(n=2) == ["t0000", "t0001"]
        assert tags(n=2, last="t1500") == ["t1501", "t1502"]


def test_a_registry_that_sorts_small_and_capital_letters_alike_keeps_its_order() -> None:
    """Sorted by bytes, what is behind the last tag of a part would leave some out for ever."""
    server = IgnoringCase([f"{'aB'[n % 2]}{n:04}" for n in range(3000)] + ["Zulu"])
    with tags_of(server) as tags:
        assert tags(n=3) == ["a0000", "a0002", "a0004"]
        assert tags(n=2, last="a2998") == ["B0001", "B0003"]
        assert tags(last="B2997", n=9) == ["B2999", "Zulu"]


@pytest.mark.parametrize("status", [400, 404, 500, 429])
def test_a_registry_that_refuses_to_begin_there_is_read_from_its_start(status: int) -> None:
    """A pause that it asks for is no refusal."""

    class Refusing(Lists):
        def refusal(self, request: Request) -> Reply | None:
            mine = request.query.get("last", [""])[0].startswith("page")
            return None if "last" not in request.query or mine else problem(status, "UNKNOWN")

        def behind(self, last: str) -> list[str]:
            return super().behind(last.removeprefix("page"))

        def cursor(self, last: str) -> str:
            return f"page{last}"

    server = Refusing([f"t{n:04}" for n in range(3000)])
    with tags_of(server) as tags, fails("rate_limited") if status == 429 else nullcontext():
        assert tags(last="t2500", n=2) == ["t2501", "t2502"]


@pytest.mark.parametrize(
    ("status", "expected"),
    [(400, 100), (404, 100), (405, 100), (500, 100), (429, "rate_limited"), (503, "server_error")],
)
def test_a_full_page_of_a_registry_that_cannot_go_on_is_the_list(
    status: int, expected: int | str
) -> None:
    """A hundred tags may be all that a registry gives at a time; what lies behind is asked once."""

    class Refusing(NexusGroup):
        def refusal(self, request: Request) -> Reply | None:
            return Reply(status) if "last" in request.query else None

    fault = fails(expected) if isinstance(expected, str) else nullcontext()
    with tags_of(Refusing(NAMES[:100])) as tags, fault:
        assert len(tags()) == expected


def test_a_refused_page_size_is_refused_for_a_part_as_well() -> None:
    class Small(Lists):
        most = 100

    server = Small([f"t{n:04}" for n in range(300)])
    with tags_of(server) as tags:
        assert tags() == server.names
        assert tags(last="t0250", n=2) == ["t0251", "t0252"]


@pytest.mark.parametrize(("seconds", "longest", "pages"), [(10, 60, 20), (10, 15, 3), (10, 5, 1)])
def test_each_page_has_its_time_and_all_have_a_limit(
    wait: Callable[[float], None], seconds: float, longest: float, pages: int
) -> None:
    """#40: a list of many pages takes longer than a call may, and not for ever."""

    class Slow(Lists):
        def refusal(self, request: Request) -> Reply | None:
            if "n" in request.query:
                wait(6 if longest < 60 else 2)
            return None

    server = Slow([f"t{n:05}" for n in range(20_000)])
    with tags_of(server, Deadline(seconds, longest)) as tags:
        if longest == 60:
            assert tags() == server.names
        else:
            with fails("list_timeout"):
                tags()
    assert len(server.queries) == pages


def test_a_page_that_does_not_come_is_no_long_list(wait: Callable[[float], None]) -> None:
    """#40: whoever answers nothing is told apart from who has much to say."""

    class Silent(Lists):
        def refusal(self, request: Request) -> Reply | None:
            wait(11 if "last" in request.query else 2)
            return None

    server = Silent([f"t{n:04}" for n in range(3000)])
    with tags_of(server, Deadline(10, 60)) as tags, fails("timeout"):
        tags()


def test_a_deadline_that_is_over_is_not_renewed() -> None:
    """#40: what a thread still does behind its block fails."""
    with Deadline(10, 60) as deadline:
        deadline.renew()
        assert deadline.remaining() > 0
    deadline.renew()
    assert deadline.expired


def test_lists_are_asked_for_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pulp answers 406 to who accepts manifests alone."""
    monkeypatch.setattr(listing, "ACCEPT", "application/vnd.oci.image.manifest.v1+json")
    pulp = next(kind for kind in SERVERS if kind.__name__ == "Pulp")
    with tags_of(pulp(["a"])) as tags, pytest.raises(Unreachable):
        tags()
