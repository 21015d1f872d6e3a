"""A service account at a fake of Google's token endpoint that checks the assertion."""

import json
import secrets
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from registries.client.deadline import Deadline
from registries.client.errors import ClientError, Rejected
from registries.client.exchange import Exchanged, exchange
from registries.credentials import Basic, GoogleServiceAccount
from tests.client.calls import code_of, fails
from tests.client.transports import transport
from tests.fakes.server import FakeServer, Reply, Request

ORIGIN = "https://oauth2.googleapis.com"
EMAIL = "reader@example.iam.gserviceaccount.com"
TOKEN = f"ya29.{secrets.token_hex(20)}"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = KEY, passphrase: bytes | None = None
) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase)
        if passphrase
        else serialization.NoEncryption(),
    ).decode()


PEM = pem()


def google(request: Request) -> Reply:
    assert (request.method, request.target) == ("POST", "/token")
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert request.form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    (assertion,) = request.form["assertion"]
    try:
        claims = jwt.decode(
            assertion, KEY.public_key(), algorithms=["RS256"], audience=f"{ORIGIN}/token"
        )
    except jwt.InvalidSignatureError:
        claims = {}
    if claims.get("iss") != EMAIL:
        return Reply(400, b'{"error": "invalid_grant", "error_description": "words of theirs"}')
    assert claims["scope"] == "https://www.googleapis.com/auth/cloud-platform"
    return Reply(
        200,
        json.dumps({"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"}).encode(),
    )


def call(server: FakeServer, email: str = EMAIL, key: str = PEM, seconds: float = 10) -> Exchanged:
    return exchange(
        GoogleServiceAccount(email, key),
        registry=None,
        transport=transport(endpoints={ORIGIN: server.origin}),
        deadline=Deadline(seconds),
    )


def test_exchange() -> None:
    with FakeServer(google) as server:
        result = call(server)
    assert result.credential == Basic("oauth2accesstoken", TOKEN)
    assert result.registry is None
    ahead = result.expires_at - datetime.now(UTC)
    assert timedelta(minutes=50) < ahead <= timedelta(hours=1)


def test_wrong_key() -> None:
    other = pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    with FakeServer(google) as server, pytest.raises(Rejected) as caught:
        call(server, key=other)
    assert "theirs" not in str(caught.value)
    assert len(server.requests) == 1


def test_wrong_account() -> None:
    with FakeServer(google) as server, pytest.raises(Rejected):
        call(server, email="nobody@example.iam.gserviceaccount.com")


@pytest.mark.parametrize(
    "key",
    [
        "",
        "nonsense",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        PEM.replace("PRIVATE KEY", "PUBLIC KEY"),
        pem(ec.generate_private_key(ec.SECP256R1())),
        pem(passphrase=b"passphrase"),
    ],
    ids=["empty", "nonsense", "damaged", "public", "elliptic", "with a passphrase"],
)
def test_unreadable_key(key: str) -> None:
    with FakeServer(google) as server, fails("unreadable_key"):
        call(server, key=key)
    assert server.requests == []


# What Google says of an assertion whose times are off; the second is what it said until 2018.
SHORT_LIVED = (
    "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
    " Check your iat and exp values in the JWT claim."
)
OLDER = "Invalid JWT: Token must be a short-lived token and in a reasonable timeframe"


def invalid_grant(about: object) -> Reply:
    body = {"error": "invalid_grant", "error_description": about}
    return Reply(400, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (invalid_grant(SHORT_LIVED), "clock_skew"),
        (invalid_grant(OLDER), "clock_skew"),
        (invalid_grant("Invalid JWT: Token is expired."), "clock_skew"),
        (invalid_grant("Invalid JWT Signature."), "bad_credentials"),
        (invalid_grant("Invalid grant: account not found"), "bad_credentials"),
        (invalid_grant("Token has been expired or revoked."), "bad_credentials"),
        (invalid_grant(5), "bad_credentials"),
        (
            Reply(
                400, b'{"error": "invalid_scope", "error_description": "Check your iat and exp"}'
            ),
            "bad_credentials",
        ),
        (Reply(400, b"{}"), "bad_credentials"),
        (Reply(401, b"<html>"), "bad_credentials"),
        (Reply(401, b'{"access_token": "x", "expires_in": 60}'), "bad_credentials"),
        (Reply(403, b'{"error": "internal_failure"}'), "bad_credentials"),
        (Reply(403, b"<html>Error 403 (Forbidden)"), "token_server_refused"),
        (Reply(404, b""), "bad_answer"),
        (Reply(408, b""), "bad_answer"),
    ],
)
def test_refusals(reply: Reply, code: str) -> None:
    """#36, #44: asked once; google-auth neither follows, nor waits and tries again."""
    with FakeServer(lambda _: reply) as server, pytest.raises(ClientError) as caught:
        call(server)
    assert code_of(caught.value) == code
    assert caught.value.params in ({}, {"host": "oauth2.googleapis.com"})
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b'{"access_token": null, "expires_in": 3599}',
        b'{"access_token": 5, "expires_in": 3599}',
        b'{"access_token": "", "expires_in": 3599}',
        b'{"access_token": "two\\r\\nlines", "expires_in": 3599}',
        b'{"access_token": "token"}',
        b'{"access_token": "token", "expires_in": "soon"}',
        b'{"access_token": "token", "expires_in": 1e300}',
        b'{"access_token": "token", "expires_in": NaN}',
    ],
)
def test_hostile_answers(answer: bytes) -> None:
    """#42: only our own error comes out of whatever the endpoint answers."""
    with FakeServer(lambda _: Reply(200, answer)) as server, fails("bad_answer"):
        call(server)
