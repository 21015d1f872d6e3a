"""A token server for distribution's token authentication, on loopback."""

import json
import time
from base64 import b32encode
from datetime import UTC, datetime
from hashlib import sha256
from typing import cast
from uuid import uuid4

import jwt
import trustme
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from tests.fakes.server import FakeServer, Reply, Request
from tests.real.account import Account

SERVICE = "registry.test"
ISSUER = "token-server.test"
SECONDS = 300
# Repositories below this path are public: guests may pull them.
PUBLIC = "public/"


class TokenServer(FakeServer):
    """Grants `account` everything and guests the public repositories; all else is refused.

    With `account` None every user name and password is taken. `certificate` (PEM) is what a
    registry must trust. `requests` holds all that arrived. With `first_scope_only` a token is
    good for the first scope of those asked for, as some servers have it.
    """

    def __init__(self, account: Account | None) -> None:
        self.first_scope_only = False
        self._account = account
        authority = trustme.CA(key_type=trustme.KeyType.RSA)
        self.certificate = authority.cert_pem.bytes()
        # Read once: reading takes a hundred times as long as signing.
        self._key = cast(
            "RSAPrivateKey", load_pem_private_key(authority.private_key_pem.bytes(), None)
        )
        self._key_id = key_id(self._key)
        super().__init__(self._answer)
        self.url = self.origin + "/token"

    def sign(self, subject: str, access: list[dict[str, object]], issuer: str = ISSUER) -> str:
        """An RS256 token as distribution reads it (docs/content/spec/auth/jwt.md)."""
        now = int(time.time())
        claims = {
            "iss": issuer,
            "sub": subject,
            "aud": SERVICE,
            "iat": now,
            "nbf": now - 10,
            "exp": now + SECONDS,
            "jti": uuid4().hex,
            "access": access,
        }
        return jwt.encode(claims, self._key, "RS256", headers={"kid": self._key_id})

    def _answer(self, request: Request) -> Reply:
        if (request.method, request.path) != ("GET", "/token"):
            return Reply(404)
        if request.query.get("service") != [SERVICE]:
            return Reply(400)
        guest = request.authorization is None
        if not guest and self._account and request.basic != tuple(self._account):
            return Reply(401, headers={"WWW-Authenticate": 'Basic realm="tests"'})
        scopes = " ".join(request.query.get("scope", [])).split()
        if self.first_scope_only:
            del scopes[1:]
        access = [grant for scope in scopes if (grant := _grant(scope, guest=guest))]
        body = {
            "token": self.sign("" if request.basic is None else request.basic[0], access),
            "expires_in": SECONDS,
            "issued_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        return Reply(200, json.dumps(body).encode(), {"Content-Type": "application/json"})


def _grant(scope: str, *, guest: bool) -> dict[str, object] | None:
    kind, _, rest = scope.partition(":")
    name, _, expected = rest.rpartition(":")
    if guest and not name.startswith(PUBLIC):
        return None
    actions = [action for action in expected.split(",") if action == "pull" or not guest]
    return {"type": kind, "name": name, "actions": actions}


def key_id(private_key: RSAPrivateKey) -> str:
    """The name by which distribution 2.8 finds a key among those it trusts (libtrust)."""
    public = private_key.public_key()
    digest = sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    letters = b32encode(digest[:30]).decode()
    return ":".join(letters[i : i + 4] for i in range(0, len(letters), 4))
