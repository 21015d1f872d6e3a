"""Lists of tags: pages, links, and entries that are none.

Among the links are those that containers/image, go-containerregistry, oras-go and regclient take
each in its own way, with the one answer that loses nothing.
"""

from collections.abc import Mapping
from typing import Any

import pytest

from registries.client import listing
from registries.client.deadline import Deadline
from registries.client.errors import ClientError
from registries.credentials import Anonymous
from registries.endpoint import Endpoint
from tests.client.calls import code_of, fails
from tests.client.conftest import Serve
from tests.fakes.family import answer, problem
from tests.fakes.hosted import Quay
from tests.fakes.images import PRIVATE, PUBLIC
from tests.fakes.ledger import Ledger
from tests.fakes.selfhosted import BasicRegistry
from tests.fakes.server import FakeServer, Reply, Request
from tests.fakes.world import World

DIGEST = "sha256:" + "a" * 64


def tags_of(*answers: Reply, path: str = "") -> tuple[list[str] | str, list[str]]:
    """What a client makes of these answers, one after the other, and the requests it made: the
    tags or the code of an error.

    `{}` in a Link stands for the server's own origin.
    """
    left = list(answers)

    def handler(request: Request) -> Reply:
        if request.path == f"{path}/v2/":
            return answer({})
        reply = left.pop(0)
        headers = {name: value.replace("{}", server.origin) for name, value in reply.header_pairs}
        return Reply(reply.status, reply.body, headers)

    with FakeServer(handler) as server:
        client = World({}, Ledger()).client(Endpoint(url=server.origin + path), Anonymous())
        result: list[str] | str
        params = {}
        try:
            result = client.tags("acme/app")
        except ClientError as error:
            result, params = code_of(error), error.params
        assert params in ({}, {"host": server.origin.removeprefix("http://")})
        return result, [request.target for request in server.requests[1:]]


def page(tags: Any, link: str | None = None) -> Reply:
    return answer({"name": "acme/app", "tags": tags}, {"Link": link} if link else {})


FIRST = "/v2/acme/app/tags/list?n=1000"


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (page(["b", "a", "b"]), ["b", "a"]),
        (page(None), []),
        (page([]), []),
        (page([None]), []),
        (page(["", "a", None, 7, ["b"], DIGEST, "c"]), ["a", "c"]),
        (page(["a" * 128, "a" * 129]), ["a" * 128]),
        (page(["_", "1.0-rc.1", "-a", ".a", "a b", "a/b", "<b>", "a\n"]), ["_", "1.0-rc.1"]),
        (answer({"name": "acme/app"}), []),
        (answer({}), []),
        (answer({"tags": ["a"], "manifest": {"x": {"tag": ["a"]}}, "child": []}), ["a"]),
    ],
)
def test_one_page(reply: Reply, expected: list[str]) -> None:
    assert tags_of(reply) == (expected, [FIRST])


@pytest.mark.parametrize(
    "reply",
    [
        page("latest"),
        page({"latest": 1}),
        page(7),
        page([{"name": "latest"}, {"name": "edge"}]),
        answer({"errors": [{"code": "DENIED"}]}),
        answer({"errors": [{"code": "DENIED"}], "tags": None}),
        answer({"message": "not for you", "status": 403}),
        answer({"Tags": ["latest"]}),
        answer({"name": "acme/app", "results": ["latest"]}),
        answer(["latest"]),
        answer("latest"),
        Reply(200, b"<html>", {"Content-Type": "text/html"}),
        Reply(200, b""),
        Reply(204, b""),
    ],
)
def test_what_is_no_tag_list(reply: Reply) -> None:
    """Errors with status 200 and the lists of other APIs were taken for empty lists before."""
    assert tags_of(reply)[0] == "bad_answer"


NEXT = "/v2/acme/app/tags/list?n=2&last=b"


@pytest.mark.parametrize(
    "link",
    [
        '<{next}>; rel="next"',
        "<{next}>;rel=next",
        "<{next}> ; REL = NEXT",
        "<{next}>; rel='next'",
        '<{next}>; rel="last next"',
        '<{next}>; rel="next last"; title="b"',
        '<{next}>; rel="next,last"',
        '<{next}>; rel=next,last',
        '<{next}>; rel="https://example.com/more next"',
        '<{next}>; title="x; rel=prev"; rel="next"',
        '<{next}>; title="a \\"quoted\\"; rel=prev"; rel=next',
        '<{next}>; title="a, <b>"; rel="next"',
        '</v2/x?0>; rel="prev", <{next}>; rel="next"',
        '</v2/x?0>; rel=prev; title="x; rel=next", <{next}>; rel="next last"',
        '</v2/x?0>; rel="first",, <{next}>; rel="next" ,',
        '<{next}>; rel="next", </v2/x?0>',
        '<{next}>; rel="next", <{next}>; rel="last next"',
        '<{next}>; rel="next"; rel="last"',
        '<{next}>; rel="next";',
        '<{next}>; rel="next',
        # go-containerregistry and oras-go take a link that has no relation.
        "<{next}>",
        '<{next}>; title="more"',
        '</v2/x?0>; rel="prev", <{next}>',
        '<{next}>; rel=""',
        # containers/image takes one without brackets.
        '{next}; rel="next"',
        "{next}",
        '<{next}; rel="next"',
        '{next}>; rel="next"',
        '/v2/x?0; rel="prev", {next}; rel="next"',
        # The query alone counts: the rest may name the registry's public name, or its inner one.
        '<?n=2&last=b>; rel="next"',
        '<list?n=2&last=b#top>; rel="next"',
        '<https://quay.example.com{next}>; rel="next"',
        '<http://127.0.0.1:1{next}>; rel="next"',
        '<//evil.example.net{next}>; rel="next"',
        '<http://evil.example.net:1/admin/delete?n=2&last=b>; rel="next"',
        '</v2/../admin/delete?n=2&last=b>; rel="next"',
        '</v2/docker/acme/app/tags/list?n=2&last=b>; rel="next"',
        '</repository/docker/v2/acme/app/tags/list?n=2&last=b>; rel="next"',
    ],
)  # fmt: skip
def test_the_next_page_is_asked_where_the_first_was(link: str) -> None:
    """#43: of a link its query is taken, so that credentials go nowhere but to the registry.

    A link whose path is another was followed before, which failed at registries behind a prefix.
    """
    result, requests = tags_of(page(["a"], link.replace("{next}", NEXT)), page(["b"]))
    assert (result, requests) == (["a", "b"], [FIRST, NEXT])


@pytest.mark.parametrize(
    "query",
    [
        "last=b%2Bc",
        "last=b&orderby=",
        "next_page=gAAAA%3D%3D&n=50",
        "last=a,b;c",
        "last=" + "a" * 20_000,
        "n=1000&last=%22",
    ],
)
def test_a_query_is_sent_as_it_came(query: str) -> None:
    result, requests = tags_of(page(["a"], f'<?{query}>; rel="next"'), page(["b"]))
    assert (result, requests) == (["a", "b"], [FIRST, f"/v2/acme/app/tags/list?{query}"])


def test_the_lines_of_a_header_are_read_together() -> None:
    lines = [("link", '</v2/x?0>; rel="prev"'), ("LINK", f'<{NEXT}>; rel="next"')]
    first = answer({"tags": ["a"]})
    reply = Reply(200, first.body, [*first.header_pairs, *lines])
    assert tags_of(reply, page(["b"])) == (["a", "b"], [FIRST, NEXT])


@pytest.mark.parametrize(
    "link",
    [
        f'<{NEXT}>; rel="prev"',
        f"<{NEXT}>; rel=nextish",
        f'<{NEXT}>; rel="prev"; title="rel=next"',
        f'<{NEXT}>; rel="prev"; title="\\"; rel=next"',
        f"<{NEXT}>; rel=prev, </style.css>; rel=preload; as=style",
        ",",
    ],
)
def test_what_names_no_next_page(link: str) -> None:
    assert tags_of(page(["a"], link)) == (["a"], [FIRST])


@pytest.mark.parametrize(
    "link",
    [
        "<" * 5000,
        "<>; rel=next",
        'rel="next"',
        "<a>;" + "rel" * 2000,
        "</v2/acme/app/tags/list>; rel=next",
        '</v2/_catalog/next_page=gAAAA>; rel="next"',
        f'<{NEXT}> rel="next"',
        f"<{NEXT}>; rel=\u201cnext\u201d",
        f'"{NEXT}"; rel="next"',
        f'<{NEXT}>; rel="next" x',
        f'<{NEXT}>; rel="next", </v2/x?last=c>; rel="next"',
        "/v2/x?last=b, /v2/x?last=c",
        "<javascript:alert(1)?last=b>; rel=next",
        "<http://[bad/v2/?last=b>; rel=next",
        "</v2/x?last=a b>; rel=next",
        "</v2/x?last=\u00e4>; rel=next",
        "</v2/x?last=a\\b>; rel=next",
    ],
)
def test_a_link_that_cannot_be_read_is_an_error(link: str) -> None:
    """#43: a list is complete or an error. Such a link ended it before, as though it were whole."""
    assert tags_of(page(["a"], link.encode().decode("latin-1"))) == ("bad_answer", [FIRST])


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("/hub/v2/acme/app/tags/list?last=b", "/hub/v2/acme/app/tags/list?last=b"),
        ("/v2/acme/app/tags/list?last=b", "/hub/v2/acme/app/tags/list?last=b"),
        ("https://other/v2/acme/app/tags/list?last=b", "/hub/v2/acme/app/tags/list?last=b"),
    ],
)
def test_a_registry_below_a_path(link: str, target: str) -> None:
    """Behind a proxy a registry may not know of its path prefix.

    Artifactory's links do without it: https://github.com/renovatebot/renovate/issues/15080.
    """
    result, requests = tags_of(page(["a"], f'<{link}>; rel="next"'), page(["b"]), path="/hub")
    assert (result, requests) == (["a", "b"], ["/hub" + FIRST, target])


LINKED = f'<{NEXT}>; rel="next"'


@pytest.mark.parametrize(
    ("last", "expected"),
    [(page([]), ["a"]), (page([], LINKED), ["a"]), (problem(500, "UNKNOWN"), "server_error")],
    ids=["empty", "empty, and links to itself", "fails"],
)
def test_a_last_page_without_tags(last: Reply, expected: list[str] | str) -> None:
    """A page that fails does not make the list shorter."""
    assert tags_of(page(["a"], LINKED), last)[0] == expected


def test_a_page_that_links_to_itself_is_an_error() -> None:
    """#43: what it says comes next cannot be had. The list was taken for complete before."""
    assert tags_of(page(["a"], f'<{FIRST}>; rel="next"')) == ("bad_answer", [FIRST])


@pytest.mark.parametrize("back", ["?n=2&last=a", "?last=a&n=2"])
def test_two_pages_that_link_to_each_other_are_an_error(back: str) -> None:
    """#43: a longer loop, in whatever order the query is written."""
    first, second = "?n=2&last=a", "?last=b&n=2"
    answers = [
        page([tag], f'<{to}>; rel="next"')
        for tag, to in zip("abc", (first, second, back), strict=True)
    ]
    result, requests = tags_of(*answers)
    assert (result, len(requests)) == ("bad_answer", 3)


def test_pages_without_anything_new_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """#43: a loop that never repeats an address; a few empty pages are none."""
    monkeypatch.setattr(listing, "MAX_FRUITLESS", 2)
    empty = [page(["a"], f'<?token={number}>; rel="next"') for number in range(4)]
    result, requests = tags_of(*empty)
    assert (result, len(requests)) == ("bad_answer", 4)
    assert tags_of(*empty[:3], page(["b"]))[0] == ["a", "b"]


@pytest.mark.parametrize(
    ("limits", "code"),
    [({"MAX_PAGES": 20}, "too_large"), ({"MAX_TAGS": 50}, "too_large"), ({}, "list_timeout")],
)
def test_pages_without_end(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, limits: Mapping[str, int], code: str
) -> None:
    """#43: pages and tags are counted, and the deadline holds for all of them together."""
    for name, value in limits.items():
        monkeypatch.setattr(listing, name, value)

    class Endless(BasicRegistry):
        def tags(self, request: Request, names: list[str]) -> Reply:
            self.count += 1
            link = f'<{request.path}?last={self.count}>; rel="next"'
            return page([f"{self.count}-{n}" for n in range(10)], link)

        count = 0

    family, world = serve(Endless)
    endpoint, seconds = Endpoint(url=family.origin), 5.0 if limits else 0.4
    client = world.client(endpoint, Anonymous(), deadline=Deadline(seconds))
    family.refusal = lambda request, repository: None  # type: ignore[method-assign] # open to all
    with fails(code) as caught:
        client.tags(PUBLIC)
    assert caught.value.params == {"host": "registry.example.com"}
    if limits:
        assert family.count <= 20


def test_the_longest_list_that_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MAX_PAGES", "MAX_TAGS"):
        monkeypatch.setattr(listing, name, 2)
    assert tags_of(page(["a"], LINKED), page(["b"]))[0] == ["a", "b"]


@pytest.mark.parametrize("status", [400, 405])
def test_a_page_size_that_is_refused_is_left_to_the_registry(status: int) -> None:
    result, requests = tags_of(problem(status, "PAGINATION_NUMBER_INVALID"), page(["a"]))
    assert (result, requests) == (["a"], [FIRST, "/v2/acme/app/tags/list"])


def test_the_token_goes_along_to_a_list_of_the_registrys_own_page_size(serve: Serve) -> None:
    class Small(Quay):
        def tags(self, request: Request, names: list[str]) -> Reply:
            if request.query.get("n") == ["1000"]:
                return problem(400, "PAGINATION_NUMBER_INVALID")
            return super().tags(request, names)

    family, world = serve(Small)
    assert world.account(family).tags(PRIVATE) == list(family.images[PRIVATE].tags)
    scopes = [request.query["scope"] for request in world.requests if "scope" in request.query]
    assert scopes == [[f"repository:{PRIVATE}:pull"]]


@pytest.mark.parametrize(
    ("reply", "code", "requests"),
    [
        (problem(404, "NAME_UNKNOWN"), "repository_not_found", 1),
        (problem(404, "NOT_FOUND"), "repository_not_found", 1),
        (Reply(404, b"404 page not found"), "repository_not_found", 1),
        (problem(403, "DENIED"), "no_access_to_image", 1),
        (problem(429, "TOOMANYREQUESTS"), "rate_limited", 1),
        (problem(500, "UNKNOWN"), "server_error", 1),
        (problem(418, "TEAPOT"), "bad_answer", 1),
        # Not about the page's size, as asking without one tells. Quay answers 405 DENIED for a
        # namespace that is disabled.
        (problem(405, "DENIED"), "no_access_to_image", 2),
        (problem(405, "UNSUPPORTED"), "bad_answer", 2),
        (problem(400, "NAME_INVALID"), "repository_not_found", 2),
        (problem(400, "UNKNOWN"), "bad_answer", 2),
        # #41: a limit on every page.
        (page(["x" * 100] * 200_000), "too_large", 1),
    ],
)
def test_what_a_refusal_means(reply: Reply, code: str, requests: int) -> None:
    result, sent = tags_of(reply, reply)
    assert (result, len(sent)) == (code, requests)


def test_the_token_goes_along_to_every_page(serve: Serve) -> None:
    """Quay's links carry its public name, which here is another than the row's address."""

    class Behind(Quay):
        public_name = "https://public.quay.example.net"

    family, world = serve(Behind)
    assert world.account(family).tags(PRIVATE) == list(family.images[PRIVATE].tags)
