"""Fakes of the clouds' registries, with the services that exchange an identity."""

import json
import re
import secrets
import time
from base64 import b64encode
from functools import cache
from typing import Any

import jwt as pyjwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.fakes.family import Family, answer, jwt, problem
from tests.fakes.ledger import Ledger, basic
from tests.fakes.server import Handler, Reply, Request

GOOGLE_TOKENS = "https://oauth2.googleapis.com"
ENTRA = "https://login.microsoftonline.com"
TENANT = "99999999-8888-7777-6666-555555555555"


@cache
def rsa_key(name: str) -> str:
    """A PEM key; the same name gives the same key for the whole run."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


class Google(Family):
    """gcr.io: no `service`, one-hour access tokens from Google, 403 at the token server.

    The pairs are the e-mail and the key; the registry sees `oauth2accesstoken` alone.
    """

    origin = "https://gcr.io"
    realm = "https://gcr.io/v2/token"
    service = None

    def admit_credentials(self) -> None:
        email = "reader@example.iam.gserviceaccount.com"
        self.right = (email, rsa_key("right"))
        self.wrong = (email, rsa_key("wrong"))
        self.renew_password()

    def renew_password(self) -> None:
        """Google hands out another access token from now on; the earlier one has ended."""
        self.access = "ya29." + secrets.token_urlsafe(16)
        self.ledger.allow(basic("oauth2accesstoken", self.access), self.origin)

    def servers(self) -> dict[str, Handler]:
        return {**super().servers(), GOOGLE_TOKENS: self.exchange}

    def exchange(self, request: Request) -> Reply:
        self.ledger.see(request, GOOGLE_TOKENS)
        private = serialization.load_pem_private_key(self.right[1].encode(), None)
        try:
            claims = pyjwt.decode(
                request.form["assertion"][0],
                private.public_key(),  # type: ignore[arg-type] # an RSA key is one
                algorithms=["RS256"],
                audience=f"{GOOGLE_TOKENS}/token",
            )
        except pyjwt.InvalidTokenError:
            return Reply(400, b'{"error": "invalid_grant"}', {"Content-Type": "application/json"})
        assert claims["iss"] == self.right[0]
        return answer({"access_token": self.access, "expires_in": 3599, "token_type": "Bearer"})

    def token(self, request: Request) -> Reply:
        self.ledger.see(request, self.realm_origin)
        user = None
        if request.authorization is not None:
            if request.basic != ("oauth2accesstoken", self.access):
                return problem(401, "UNAUTHORIZED")
            user = self.right[0]
        requested = self.requested(request.query.get("scope", []))
        if not all(self.readable(user, name) for name in requested):
            return problem(403, "DENIED")
        return self.granted(user, requested)

    def token_text(self, user: str | None, allowed: list[str]) -> str:
        return secrets.token_urlsafe(40)


class Azure(Family):
    """An ACR registry that takes a service principal's id and secret at its token server.

    Source: Azure/acr, docs/Token-BasicAuth.md.
    """

    origin = "https://acme.azurecr.io"
    realm = "https://acme.azurecr.io/oauth2/token"
    service = "acme.azurecr.io"

    def __init__(self, ledger: Ledger) -> None:
        # Tokens without the action that listing tags needs.
        self._without_metadata: set[str] = set()
        super().__init__(ledger)

    def token_answer(self, text: str) -> dict[str, Any]:
        return {"access_token": text}

    def refusal(self, request: Request, repository: str) -> Reply | None:
        if request.path.endswith("/tags/list") and request.bearer in self._without_metadata:
            return problem(401, "UNAUTHORIZED", {"WWW-Authenticate": self.challenge(repository)})
        return super().refusal(request, repository)

    def token(self, request: Request) -> Reply:
        reply = super().token(request)
        self._note_actions(reply, request.query.get("scope", []))
        return reply

    def _note_actions(self, reply: Reply, scopes: list[str]) -> None:
        if reply.status == 200 and not all("metadata_read" in scope for scope in scopes):
            assert isinstance(reply.body, bytes)
            self._without_metadata.add(json.loads(reply.body)["access_token"])


class AzureTenant(Azure):
    """The same for a principal that signs in at its tenant first.

    Source: Azure/acr, docs/AAD-OAuth.md.
    """

    def admit_credentials(self) -> None:
        self.entra_token = "entra-" + secrets.token_urlsafe(16)
        for secret in (self.right[1], self.wrong[1]):
            self.ledger.allow(secret, ENTRA)
        self.ledger.allow(self.entra_token, self.origin)
        self.renew_password()

    def renew_password(self) -> None:
        """The exchange hands out another refresh token from now on; the earlier one has ended."""
        self.refresh_token = jwt({"exp": int(time.time()) + 3 * 3600, "jti": secrets.token_hex(8)})
        self.ledger.allow(self.refresh_token, self.origin)

    def servers(self) -> dict[str, Handler]:
        return {**super().servers(), ENTRA: self.entra}

    def both(self, request: Request) -> Reply:
        return (
            self.exchange(request) if request.path == "/oauth2/exchange" else super().both(request)
        )

    def entra(self, request: Request) -> Reply:
        root = f"{ENTRA}/{TENANT}"
        if request.path == f"/{TENANT}/v2.0/.well-known/openid-configuration":
            return answer(
                {
                    "issuer": f"{root}/v2.0",
                    "authorization_endpoint": f"{root}/oauth2/v2.0/authorize",
                    "token_endpoint": f"{root}/oauth2/v2.0/token",
                }
            )
        assert request.path == f"/{TENANT}/oauth2/v2.0/token", request.path
        self.ledger.show(request.form["client_secret"][0], ENTRA)
        if (request.form["client_id"][0], request.form["client_secret"][0]) != self.right:
            body = json.dumps({"error": "invalid_client", "error_codes": [7000215]})
            return Reply(401, body.encode(), {"Content-Type": "application/json"})
        return answer(
            {"access_token": self.entra_token, "token_type": "Bearer", "expires_in": 3599}
        )

    def exchange(self, request: Request) -> Reply:
        form = {name: values[0] for name, values in request.form.items()}
        self.ledger.show(form["access_token"], self.origin)
        assert form["grant_type"] == "access_token"
        assert (form["service"], form["tenant"]) == (self.service, TENANT)
        if form["access_token"] != self.entra_token:
            return problem(401, "UNAUTHORIZED")
        return answer({"refresh_token": self.refresh_token})

    def token(self, request: Request) -> Reply:
        if request.method != "POST":
            assert request.authorization is None
            return super().token(request)
        form = {name: values[0] for name, values in request.form.items()}
        self.ledger.show(form["refresh_token"], self.origin)
        assert (form["grant_type"], form["service"]) == ("refresh_token", self.service)
        if form["refresh_token"] != self.refresh_token:
            return problem(401, "UNAUTHORIZED")
        scopes = form.get("scope", "").split()
        reply = self.granted(self.right[0], self.requested(scopes))
        self._note_actions(reply, scopes)
        return reply


class Ecr(Family):
    """A private ECR registry: Basic with a password from the API; 405 for long pages.

    Sources: botocore data/ecr/2015-09-21; google/go-containerregistry issue 681.
    """

    origin = "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com"
    realm = "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com/"
    api = "https://api.ecr.eu-west-1.amazonaws.com"
    target = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"

    def admit_credentials(self) -> None:
        self.right = ("AKIARIGHTRIGHTRIGHT1", "right-" + secrets.token_urlsafe(20))
        self.wrong = ("AKIAWRONGWRONGWRONG1", "wrong-" + secrets.token_urlsafe(20))
        self.renew_password()

    def renew_password(self) -> None:
        """The API hands out another password from now on; the earlier one has ended."""
        self.password = secrets.token_urlsafe(40)
        self.ledger.allow(basic("AWS", self.password), self.origin)

    def servers(self) -> dict[str, Handler]:
        return {self.origin: self.registry, self.api: self.exchange}

    def exchange(self, request: Request) -> Reply:
        assert request.headers["X-Amz-Target"] == self.target
        signature = re.search(r"Credential=([^/]+)/", request.authorization or "")
        assert signature is not None
        if signature[1] != self.right[0]:
            body = b'{"__type": "UnrecognizedClientException"}'
            return Reply(400, body, {"Content-Type": "application/x-amz-json-1.1"})
        data = {
            "authorizationToken": b64encode(f"AWS:{self.password}".encode()).decode(),
            "expiresAt": time.time() + 12 * 3600,
            "proxyEndpoint": self.origin,
        }
        return Reply(
            200,
            json.dumps({"authorizationData": self.data(data)}).encode(),
            {"Content-Type": "application/x-amz-json-1.1"},
        )

    def data(self, data: dict[str, Any]) -> Any:
        return [data]

    def ping(self, request: Request) -> Reply:
        header = f'Basic realm="{self.origin}/",service="ecr.amazonaws.com"'
        return problem(401, "UNAUTHORIZED", {"WWW-Authenticate": header})

    def refusal(self, request: Request, repository: str) -> Reply | None:
        if request.authorization is None:
            return self.ping(request)
        if request.basic != ("AWS", self.password):
            return problem(403, "DENIED")  # an expired one, without a challenge
        return None if self.readable(self.right[0], repository) else problem(403, "DENIED")

    def tags(self, request: Request, names: list[str]) -> Reply:
        if int(request.query.get("n", ["100"])[0]) > 1000:
            return problem(405, "UNSUPPORTED")
        return super().tags(request, names)

    def link(self, path: str) -> str:
        return f"{self.origin}{path}"


class EcrPublic(Ecr):
    """public.ecr.aws: tokens for a password from an API of its own; 400 for stale ones.

    Sources: botocore data/ecr-public/2020-10-30; aws/containers-roadmap issues 2091 and 2835.
    """

    origin = "https://public.ecr.aws"
    realm = "https://public.ecr.aws/token/"
    service = "public.ecr.aws"
    api = "https://api.ecr-public.us-east-1.amazonaws.com"
    target = "SpencerFrontendService.GetAuthorizationToken"

    def servers(self) -> dict[str, Handler]:
        return {self.origin: self.both, self.api: self.exchange}

    def data(self, data: dict[str, Any]) -> Any:
        del data["proxyEndpoint"]
        return data

    def ping(self, request: Request) -> Reply:
        header = self.challenge(scope="aws")
        return problem(401, "UNAUTHORIZED", {"WWW-Authenticate": header})

    def refusal(self, request: Request, repository: str) -> Reply | None:
        if request.authorization is None:
            return self.ping(request)
        if request.bearer not in self._granted:
            return problem(400, "DENIED")
        return None if self.readable(None, repository) else problem(403, "DENIED")

    def token(self, request: Request) -> Reply:
        self.ledger.see(request, self.origin)
        if request.query.get("service", [None])[0] != self.service:
            return problem(400, "UNSUPPORTED")
        if request.authorization is None:
            return self.granted(None, [])
        if request.basic != ("AWS", self.password):
            return problem(400, "DENIED")
        return self.granted("AWS", [])

    def link(self, path: str) -> str:
        return path

    def token_text(self, user: str | None, allowed: list[str]) -> str:
        return secrets.token_urlsafe(200)
