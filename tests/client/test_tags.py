"""Lists of tags: pages, links, and entries that are none."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from registries.client import pages
from registries.client.deadline import Deadline
from registries.client.errors import ClientError, ImageDenied, NotFound, Throttled, Unreachable
from registries.credentials import Anonymous
from registries.endpoint import Endpoint
from tests.client.conftest import Serve
from tests.fakes.family import answer, problem
from tests.fakes.hosted import Quay
from tests.fakes.images import PRIVATE, PUBLIC
from tests.fakes.ledger import Ledger
from tests.fakes.selfhosted import BasicRegistry
from tests.fakes.server import FakeServer, Reply, Request
from tests.fakes.world import World

DIGEST = "sha256:" + "a" * 64


def tags_of(*answers: Reply, path: str = "") -> tuple[list[str] | ClientError, list[str]]:
    """What a client makes of these answers, one after the other, and the requests it made.

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
        result: list[str] | ClientError
        try:
            result = client.tags("acme/app")
        except ClientError as error:
            result = error
        named = getattr(result, "params", {})
        assert named in ({}, {"host": server.origin.removeprefix("http://")})
        return result, [request.target for request in server.requests[1:]]


def page(tags: Any, link: str | None = None) -> Reply:
    return answer({"name": "acme/app", "tags": tags}, {"Link": link} if link else {})


FIRST = "/v2/acme/app/tags/list?n=1000"

# The longest query of a link that is read to its end.
LONG = "a" * (8192 - len("</v2/x?>; rel=next"))


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
        answer(["latest"]),
        answer("latest"),
        Reply(200, b"<html>", {"Content-Type": "text/html"}),
        Reply(200, b""),
        Reply(204, b""),
    ],
)
def test_what_is_no_tag_list(reply: Reply) -> None:
    error, _ = tags_of(reply)
    assert isinstance(error, Unreachable)
    assert error.code == "bad_answer"


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("</v2/acme/app/tags/list?n=2&last=b>; rel=\"next\"", "/v2/acme/app/tags/list?n=2&last=b"),
        ("<?last=b>; rel=next", "/v2/acme/app/tags/list?last=b"),
        ("<list?last=b&orderby=>; rel=\"next\"", "/v2/acme/app/tags/list?last=b&orderby="),
        (
            "<{}/v2/acme/app/tags/list?last=b%2Bc>; rel=\"next\"",
            "/v2/acme/app/tags/list?last=b%2Bc",
        ),
        (
            "<https://quay.example.com/v2/acme/app/tags/list?last=b>; rel=\"next\"",
            "/v2/acme/app/tags/list?last=b",
        ),
        (
            "<//evil.net/v2/acme/app/tags/list?last=b>; rel=\"next\"",
            "/v2/acme/app/tags/list?last=b",
        ),
        ("</v2/x?0>; rel=\"prev\", </v2/x?1>; title=\"a, b\"; REL=\"Next\"", "/v2/x?1"),
        ("</v2/x?1>; rel=\"last next\"", "/v2/x?1"),
        ("</v2/_catalog/next_page=gAAAA>; rel=\"next\"", "/v2/_catalog/next_page=gAAAA"),
        (f"</v2/x?{LONG}>; rel=next", f"/v2/x?{LONG}"),
    ],
)  # fmt: skip
def test_the_next_page_is_asked_of_the_registry_itself(link: str, target: str) -> None:
    """#43: whatever host a link names, its path and query go to the registry that was asked."""
    found, asked = tags_of(page(["a"], link), page(["b"]))
    assert (found, asked) == (["a", "b"], [FIRST, target])


@pytest.mark.parametrize(
    "link",
    [
        "</v2/acme/app/tags/list?last=b>; rel=\"prev\"",
        "</v2/acme/app/tags/list?last=b>",
        "/v2/acme/app/tags/list?last=b; rel=\"next\"",
        "</v2/acme/app/tags/list?last=b>; rel=\"nextish\"",
        "<" * 5000,
        "<a>;" + "rel" * 2000,
        "rel=\"next\"",
        "</v2/x?0>; rel=\"\"",
        f"</v2/x?a{LONG}>; rel=next",
    ],
)  # fmt: skip
def test_what_names_no_next_page(link: str) -> None:
    assert tags_of(page(["a"], link)) == (["a"], [FIRST])


@pytest.mark.parametrize(
    "target",
    [
        "/admin/delete",
        "/v2/../admin/delete",
        "/v2/%2e%2e/admin",
        "/v2/a/..%2F..%2f../admin",
        "/v2/..;/admin",
        "/v2/a/..%5c..%5c/admin",
        "javascript:alert(1)",
        "http://[bad/v2/",
        "/v2/a b",
        "/v2/\u00e4",
    ],
)
def test_a_link_out_of_the_registry_is_not_followed(target: str) -> None:
    """#43: credentials of a registry are not shown to what else lives on its host."""
    link = f'<{target}>; rel="next"'.encode().decode("latin-1")
    found, asked = tags_of(page(["a"], link))
    assert isinstance(found, Unreachable)
    assert (found.code, asked) == ("bad_answer", [FIRST])


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("/hub/v2/acme/app/tags/list?last=b", "/hub/v2/acme/app/tags/list?last=b"),
        ("/v2/acme/app/tags/list?last=b", "/hub/v2/acme/app/tags/list?last=b"),
        ("https://other/v2/acme/app/tags/list?last=b", "/hub/v2/acme/app/tags/list?last=b"),
    ],
)
def test_a_registry_below_a_path(link: str, target: str) -> None:
    """Behind a proxy a registry may not know of its path prefix."""
    found, asked = tags_of(page(["a"], f'<{link}>; rel="next"'), page(["b"]), path="/hub")
    assert (found, asked) == (["a", "b"], ["/hub" + FIRST, target])


def test_an_empty_last_page() -> None:
    link = '</v2/acme/app/tags/list?last=a>; rel="next"'
    assert tags_of(page(["a"], link), page([]))[0] == ["a"]


def test_a_page_that_links_to_itself_ends_the_list() -> None:
    """#43: a loop is no list without end."""
    link = f'<{FIRST}>; rel="next"'
    assert tags_of(page(["a"], link)) == (["a"], [FIRST])


def test_two_pages_that_link_to_each_other_end_the_list() -> None:
    """#43: nor is a longer loop."""
    second = "/v2/acme/app/tags/list?last=a"
    answers = (page(["a"], f'<{second}>; rel="next"'), page(["b"], f'<{FIRST}>; rel="next"'))
    assert tags_of(*answers) == (["a", "b"], [FIRST, second])


@pytest.mark.parametrize(
    ("limits", "code"),
    [({"MAX_PAGES": 20}, "too_large"), ({"MAX_TAGS": 50}, "too_large"), ({}, "timeout")],
)
def test_pages_without_end(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, limits: Mapping[str, int], code: str
) -> None:
    """#43: pages and tags are counted, and the deadline holds for all of them together."""
    for name, value in limits.items():
        monkeypatch.setattr(pages, name, value)

    class Endless(BasicRegistry):
        def tags(self, request: Request, names: list[str]) -> Reply:
            self.count += 1
            link = f'<{request.path}?last={self.count}>; rel="next"'
            return page([f"{self.count}-{n}" for n in range(10)], link)

        count = 0

    family = Endless(Ledger())
    world = serve(family)
    endpoint, seconds = Endpoint(url=family.origin), 5.0 if limits else 0.4
    client = world.client(endpoint, Anonymous(), deadline=Deadline(seconds))
    family.refusal = lambda request, repository: None  # type: ignore[method-assign] # open to all
    with pytest.raises(Unreachable) as caught:
        client.tags(PUBLIC)
    assert (caught.value.code, caught.value.params) == (code, {"host": "registry.example.com"})
    if limits:
        assert family.count <= 20


def test_the_longest_list_that_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MAX_PAGES", "MAX_TAGS"):
        monkeypatch.setattr(pages, name, 2)
    answers = (page(["a"], '</v2/acme/app/tags/list?last=a>; rel="next"'), page(["b"]))
    assert tags_of(*answers)[0] == ["a", "b"]


@pytest.mark.parametrize("status", [400, 405])
def test_a_page_size_that_is_refused_is_left_to_the_registry(status: int) -> None:
    found, asked = tags_of(problem(status, "PAGINATION_NUMBER_INVALID"), page(["a"]))
    assert (found, asked) == (["a"], [FIRST, "/v2/acme/app/tags/list"])


def test_the_token_goes_along_to_a_list_of_the_registrys_own_page_size(serve: Serve) -> None:
    class Small(Quay):
        def tags(self, request: Request, names: list[str]) -> Reply:
            if request.query.get("n") == ["1000"]:
                return problem(400, "PAGINATION_NUMBER_INVALID")
            return super().tags(request, names)

    family = Small(Ledger())
    world = serve(family)
    assert world.account(family).tags(PRIVATE) == list(family.images[PRIVATE].tags)
    scopes = [request.query["scope"] for request in world.requests if "scope" in request.query]
    assert scopes == [[f"repository:{PRIVATE}:pull"]]


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (problem(404, "NAME_UNKNOWN"), NotFound, "repository_not_found"),
        (problem(404, "NOT_FOUND"), NotFound, "repository_not_found"),
        (Reply(404, b"404 page not found"), NotFound, "repository_not_found"),
        (problem(403, "DENIED"), ImageDenied, "no_access_to_image"),
        (problem(429, "TOOMANYREQUESTS"), Throttled, "rate_limited"),
        (problem(500, "UNKNOWN"), Unreachable, "server_error"),
        (problem(418, "TEAPOT"), Unreachable, "bad_answer"),
    ],
)
def test_what_a_refusal_means(reply: Reply, kind: type[ClientError], code: str) -> None:
    error, _ = tags_of(reply)
    assert isinstance(error, kind)
    assert error.code == code


@pytest.mark.parametrize(
    ("status", "name", "kind", "code"),
    [
        (405, "DENIED", ImageDenied, "no_access_to_image"),
        (405, "UNSUPPORTED", Unreachable, "bad_answer"),
        (400, "NAME_INVALID", NotFound, "repository_not_found"),
        (400, "UNKNOWN", Unreachable, "bad_answer"),
    ],
)
def test_what_a_refusal_means_that_is_not_about_the_page_size(
    status: int, name: str, kind: type[ClientError], code: str
) -> None:
    """Quay answers 405 DENIED for a namespace that is disabled."""
    error, asked = tags_of(problem(status, name), problem(status, name))
    assert isinstance(error, kind)
    assert (error.code, len(asked)) == (code, 2)


def test_a_failure_on_a_later_page_is_no_shorter_list() -> None:
    link = '</v2/acme/app/tags/list?last=a>; rel="next"'
    error, _ = tags_of(page(["a"], link), problem(500, "UNKNOWN"))
    assert isinstance(error, Unreachable)


def test_the_token_goes_along_to_every_page(serve: Serve) -> None:
    """Quay's links carry its public name, which here is another than the row's address."""

    class Behind(Quay):
        public_name = "https://public.quay.example.net"

    family = Behind(Ledger())
    assert serve(family).account(family).tags(PRIVATE) == list(family.images[PRIVATE].tags)


def test_a_list_that_is_too_long_is_not_read() -> None:
    """#41: a limit on every page."""
    body = json.dumps({"tags": ["x" * 100] * 200_000}).encode()
    error, _ = tags_of(Reply(200, body))
    assert isinstance(error, Unreachable)
    assert error.code == "too_large"
