"""Redirects: followed when asked to, each hop judged anew, credentials left at home."""

from functools import partial

import pytest

from registries.client.errors import Misconfigured, Unreachable
from tests.client import transports
from tests.client.transports import hello, transport
from tests.fakes.server import FakeServer, Handler, Reply, Request

ALL = [301, 302, 303, 307, 308]
SECRETS = {
    "Accept": "text/x",
    "PRIVATE-TOKEN": "sesame",
    "X-Api-Key": "sesame",
    "Cookie": "session=sesame",
}


send = partial(transports.send, redirects=5)
failure = partial(transports.failure, redirects=5)


def to(location: str, status: int = 307, end: str = "no end") -> Handler:
    """Redirect to `location`, where `{}` is the server's own authority, from all but this path."""

    def handler(request: Request) -> Reply:
        where = location.replace("{}", str(request.headers["Host"]))
        return hello(request) if request.path == end else Reply(status, b"", {"Location": where})

    return handler


@pytest.mark.parametrize("status", ALL)
def test_not_followed_unless_asked(status: int) -> None:
    with FakeServer(hello) as there, FakeServer(to(there.origin, status)) as here:
        error = failure(transport(), here.origin, redirects=0)
    assert isinstance(error, Unreachable)
    assert (error.code, error.params) == ("redirected", {"host": f"127.0.0.1:{here.port}"})
    assert there.requests == []


@pytest.mark.parametrize("status", ALL)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_elsewhere_without_credentials(method: str, status: int) -> None:
    """#36: neither Authorization nor any other header but Accept follows to another origin."""
    with FakeServer(hello) as there, FakeServer(to(f"{there.origin}/x", status)) as here:
        response = send(
            transport(), here.origin, method, headers=SECRETS, authorization="Bearer sesame"
        )
    assert response.url == f"{there.origin}/x"
    assert here.requests[0].authorization == "Bearer sesame"
    (request,) = there.requests
    assert request.method == method
    assert "sesame" not in str(request.headers)
    assert request.headers["Accept"] == "text/x"


@pytest.mark.parametrize("status", [307, 308])
def test_same_origin_with_credentials_and_body(status: int) -> None:
    with FakeServer(to("there", status, end="/there")) as server:
        over, more = transport(), {"headers": SECRETS, "authorization": "Bearer sesame"}
        response = send(over, server.origin, **more)
        send(over, server.origin, "POST", form={"a": "b"}, **more)
    assert response.url == f"{server.origin}/there"
    assert [request.authorization for request in server.requests] == ["Bearer sesame"] * 4
    assert [request.headers["X-Api-Key"] for request in server.requests] == ["sesame"] * 4
    assert [(one.method, one.form) for one in server.requests[2:]] == [("POST", {"a": ["b"]})] * 2


def test_there_and_back_without_credentials() -> None:
    """#36: what was left behind once is not sent again."""

    def home(request: Request) -> Reply:
        return hello(request) if request.path == "/back" else to(there.origin)(request)

    with FakeServer(home) as here, FakeServer(to(f"{here.origin}/back")) as there:
        send(transport(), here.origin, authorization="Bearer sesame")
    assert [request.authorization for request in here.requests] == ["Bearer sesame", None]


def test_too_many() -> None:
    with FakeServer(to("/again")) as server:
        error = failure(transport(), server.origin, redirects=3)
    assert error.code == "redirected"
    assert len(server.requests) == 4


def test_never_from_https_to_http() -> None:
    """#36: decided on the original names; the target's own scheme is the operator's choice."""
    with FakeServer(hello) as there, FakeServer(to(f"http://127.0.0.1:{there.port}/")) as here:
        over = transport(endpoints={"https://ghcr.io": here.origin})
        error = failure(over, "https://ghcr.io/")
    assert (error.code, error.params) == ("redirected", {"host": "ghcr.io"})
    assert there.requests == []


def test_blocked_hop() -> None:
    """#36: each hop's address is judged."""
    with FakeServer(hello) as there, FakeServer(to(there.origin)) as here:
        over = transport(
            endpoints={"http://ghcr.example": here.origin}, allow_private_addresses=False
        )
        error = failure(over, "http://ghcr.example/")
    assert isinstance(error, Misconfigured)
    assert (error.code, error.params) == ("blocked_address", {"host": f"127.0.0.1:{there.port}"})
    assert there.connections == 0


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "redirected"),
        *(
            ({"Location": location}, "redirected")
            for location in ("", "http://[::1", "ftp://x/", "http://u:p@x/", "http://x\\@y/", "/#x")
        ),
        ({"Location": "http://2130706433/"}, "redirected"),
        ({"Location": "http://169.254.169.254/latest/meta-data/"}, "blocked_address"),
    ],
)
def test_where_nobody_goes(headers: dict[str, str], code: str) -> None:
    """#36: what is no URL, or leads to a metadata service."""
    with FakeServer(lambda _: Reply(302, b"", headers)) as here:
        error = failure(transport(), here.origin)
    assert error.code == code
    if code == "redirected":
        assert error.params == {"host": f"127.0.0.1:{here.port}"}


def test_location_that_names_the_target() -> None:
    """It is read as the original, with the credentials, or as the one that was asked of several."""
    with FakeServer(to("http://{}/there", end="/there")) as server:
        origins = ("https://ghcr.io", "https://quay.io", "https://registry-1.docker.io")
        over = transport(endpoints=dict.fromkeys(origins, server.origin))
        for name in origins:
            response = send(over, name, authorization="Bearer sesame")
            assert response.url == f"{name}/there"
    assert [one.authorization for one in server.requests] == ["Bearer sesame"] * 6


def test_300_and_304_are_answers() -> None:
    for status in (300, 304):
        with FakeServer(lambda _, status=status: Reply(status)) as server:  # type: ignore[misc]
            assert send(transport(), server.origin).status == status


@pytest.mark.parametrize("status", ALL)
@pytest.mark.parametrize("name", ["Authorization", "PRIVATE-TOKEN", "X-Api-Key", "Cookie"])
def test_nothing_of_a_form_goes_elsewhere(name: str, status: int) -> None:
    """#36: whatever the code, neither a header nor the body; at most a bare GET."""
    with FakeServer(hello) as there, FakeServer(to(there.origin, status)) as here:
        over, form = transport(), {"client_secret": "sesame"}
        if status >= 307:
            error = failure(over, here.origin, "POST", headers={name: "sesame"}, form=form)
            assert error.code == "redirected"
        else:
            send(over, here.origin, "POST", headers={name: "sesame"}, form=form)
    assert (here.requests[0].headers[name], here.requests[0].form) == (
        "sesame",
        {"client_secret": ["sesame"]},
    )
    assert [(one.method, one.body) for one in there.requests] == [("GET", b"")] * (status < 307)
    assert not any(one.headers[name] or one.headers["Content-Type"] for one in there.requests)
