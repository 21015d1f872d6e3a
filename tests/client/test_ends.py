"""When credentials end: what passwords say themselves, and what GitLab tells of its tokens."""

import json
from base64 import b64encode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any

import pytest

from registries.client.ends import End, said_by
from registries.credentials import Anonymous, AwsKeys, Basic
from registries.endpoint import Endpoint, TokenPage
from tests.fakes.ledger import Ledger
from tests.fakes.server import FakeServer, Reply, Request
from tests.fakes.world import World

AT = datetime(2030, 1, 31, 12, 30, tzinfo=UTC)
PAGE = TokenPage("/jwt/auth", "/api/v4/personal_access_tokens/self")
TOKEN = "glpat-fake-token"
DIGEST = f"sha256:{0:064x}"


def jwt(claims: Any) -> str:
    part = urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{part}.fake-signature"


def amazons(content: Any) -> str:
    return b64encode(json.dumps(content).encode()).decode()


@pytest.mark.parametrize(
    ("password", "end"),
    [
        (jwt({"exp": AT.timestamp()}), End(AT)),
        (jwt({"exp": int(AT.timestamp()), "iat": 1}), End(AT)),
        (amazons({"type": "DATA_KEY", "expiration": int(AT.timestamp())}), End(AT)),
        # Never, or nonsense: none of these is a day on which anything ends.
        *((jwt({"exp": exp}), None) for exp in (0, -1, None, True, "1900000000", 1e300, 19e11, [])),
        # Its last seconds are in the year 10000 east of Greenwich.
        *((jwt({"exp": exp}), None) for exp in (253402300799, 253402214400)),
        (jwt([]), None),
        (jwt({}), None),
        (amazons([AT.timestamp()]), None),
        (amazons({"expiration": "soon"}), None),
        ("fake-password", None),
        ("a.b.c", None),
        ("", None),
        ("é.é.é", None),
        (jwt({"exp": AT.timestamp()}) + "x" * 20_000, None),
        (b64encode(b"[" * 9_000).decode(), None),
    ],
)
def test_what_a_password_says_itself(password: str, end: End | None) -> None:
    assert said_by(Basic("johndoe", password)) == end


def test_other_credentials_say_nothing() -> None:
    keys = AwsKeys("eu-west-1", "AKIAFAKE", jwt({"exp": AT.timestamp()}))
    assert (said_by(keys), said_by(Anonymous())) == (None, None)


def told(
    page: Reply, realm: str = "/jwt/auth", *, asks: bool = True, status: int = 200
) -> tuple[End | None, list[Request]]:
    """What a check with a token learns, and the requests for the page about it."""

    def answer(request: Request) -> Reply:
        if request.path == "/v2/":
            challenge = f'Bearer realm="{server.origin}{realm}"'
            return Reply(401, b"{}", {"WWW-Authenticate": challenge})
        return Reply(status, b'{"token": "fake-bearer"}') if request.path == realm else page

    with FakeServer(answer) as server:
        endpoint = Endpoint(url=server.origin, token_page=PAGE)
        client = World({}, Ledger()).client(endpoint, Basic("token", TOKEN))
        outcome = client.check(asks_end=asks)
    assert outcome.code == ("signed_in" if status == 200 else "bad_credentials")
    return outcome.end, [each for each in server.requests if each.path not in {"/v2/", realm}]


def says(day: Any) -> Reply:
    return Reply(200, json.dumps({"id": 1, "expires_at": day}).encode())


@pytest.mark.parametrize(
    ("page", "end"),
    [
        # GitLab ends a token in the first second of that day.
        (says("2030-01-31"), End(datetime(2030, 1, 31, tzinfo=UTC))),
        (says(None), End(None)),
        *(
            (says(day), None)
            for day in ("", "soon", 5, "0001-01-01", [], "2030-02-30", "9999-12-31")
        ),
        (Reply(200, b"{}"), None),
        (Reply(200, b"[]"), None),
        (Reply(200, b"<html>"), None),
        *((Reply(status, b"{}"), None) for status in (302, 400, 401, 404, 429, 500)),
    ],
)
def test_what_the_token_server_says(page: Reply, end: End | None) -> None:
    """Whatever it says, the credentials work."""
    found, [request] = told(page)
    assert found == end
    assert (request.method, request.path, request.bearer) == ("GET", PAGE.path, TOKEN)


def test_an_address_with_a_path() -> None:
    _end, [request] = told(says(None), "/gitlab/jwt/auth")
    assert request.path == f"/gitlab{PAGE.path}"


@pytest.mark.parametrize(
    "more", [{"realm": "/other/auth"}, {"asks": False}, {"status": 401}], ids=str
)
def test_nobody_is_asked(more: dict[str, Any]) -> None:
    """Not where it would be another server's page, nor again, nor with refused credentials."""
    assert told(says("2030-01-31"), **more) == (None, [])


@pytest.mark.parametrize(
    ("elsewhere", "code"), [(False, "untrusted_realm"), (True, "signed_in")], ids=["no", "guest"]
)
def test_the_token_server_of_an_image_is_not_asked(elsewhere: bool, code: str) -> None:
    """A registry may name another one for an image, which never receives the credentials."""

    def answer(request: Request) -> Reply:
        if not request.path.startswith("/v2/"):
            return Reply(200, b'{"token": "ours", "expires_at": null}')
        is_evil = "/evil/" in request.path
        if request.bearer == ("theirs" if is_evil else "ours"):
            return Reply(200, b"{}", {"Docker-Content-Digest": DIGEST})
        challenge = f'Bearer realm="{(other if is_evil else server).origin}/jwt/auth"'
        return Reply(401, b"{}", {"WWW-Authenticate": challenge})

    def theirs(request: Request) -> Reply:
        return Reply(200, b'{"token": "theirs", "expires_at": null}')

    with FakeServer(answer) as server, FakeServer(theirs) as other:
        endpoint = Endpoint(url=server.origin, token_page=PAGE, anonymous_elsewhere=elsewhere)
        world = World({}, Ledger())
        outcome = world.client(endpoint, Basic("token", TOKEN)).check("evil/image", asks_end=True)
        assert (outcome.code, outcome.end) == (code, None)
        seen = [(request.path, request.authorization) for request in other.requests]
        assert seen == ([("/jwt/auth", None)] if elsewhere else [])
        if not elsewhere:
            # A token server that is refused is not remembered for other images.
            good = world.client(endpoint, Basic("token", TOKEN))
            assert good.digest("good/image", "latest") == DIGEST
