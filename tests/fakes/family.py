"""A registry with its token server, as distribution's: the base of the fakes of every family."""

import json
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.fakes.images import ALL_TYPES, Repository, Stored, images
from tests.fakes.ledger import Ledger, basic
from tests.fakes.server import Handler, Reply, Request

JSON = "application/json"
_ABOUT = re.compile(r"/v2/(?P<repository>.+)/(?:tags/list|manifests/(?P<reference>[^/]+))")


def problem(
    status: int,
    code: str,
    headers: Mapping[str, str] | None = None,
    message: str = "the registry's own words",
) -> Reply:
    """An error as the distribution specification writes it."""
    body = {"errors": [{"code": code, "message": message, "detail": None}]}
    return Reply(status, json.dumps(body).encode(), {"Content-Type": JSON, **(headers or {})})


def answer(document: Any, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(200, json.dumps(document).encode(), {"Content-Type": JSON, **(headers or {})})


def jwt(claims: Mapping[str, Any]) -> str:
    """A token that looks like a JWT; nobody checks the signature of a fake."""
    parts = (json.dumps({"alg": "none"}), json.dumps(claims), secrets.token_hex(16))
    return ".".join(urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)


class Family:
    """A registry at `origin` whose tokens come from `realm`.

    right, wrong: the account's user name and password, and a pair that is refused.
    """

    origin = "https://registry.example.com"
    realm = "https://auth.example.com/token"
    service: str | None = "registry.example.com"
    page_size = 3
    tls = False

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.images: dict[str, Repository] = images()
        self.right = ("reader", "right-" + secrets.token_urlsafe(8))
        self.wrong = ("reader", "wrong-" + secrets.token_urlsafe(8))
        self._granted: dict[str, tuple[str | None, frozenset[str]]] = {}
        self.admit_credentials()

    @property
    def realm_origin(self) -> str:
        parts = urlsplit(self.realm)
        return f"{parts.scheme}://{parts.netloc}"

    def admit_credentials(self) -> None:
        """Say where the account's credentials may arrive: at the token server alone."""
        for pair in (self.right, self.wrong):
            self.ledger.allow(basic(*pair), self.realm_origin)

    def servers(self) -> dict[str, Handler]:
        """What answers at each origin."""
        if self.realm_origin == self.origin:
            return {self.origin: self.both}
        return {self.origin: self.registry, self.realm_origin: self.token}

    def both(self, request: Request) -> Reply:
        at_token = request.path == urlsplit(self.realm).path
        return self.token(request) if at_token else self.registry(request)

    # The registry

    def registry(self, request: Request) -> Reply:
        self.ledger.see(request, self.origin)
        if request.path == "/v2/":
            return self.ping(request)
        about = _ABOUT.fullmatch(request.path)
        if about is None:
            return Reply(404, b"404 page not found", {"Content-Type": "text/plain"})
        refusal = self.refusal(request, about["repository"])
        if refusal is not None:
            return refusal
        repository = self.images.get(about["repository"])
        if repository is None:
            return self.no_repository(request, about["repository"])
        if about["reference"] is None:
            return self.tags(request, list(repository.tags))
        stored = repository.find(about["reference"])
        if stored is None:
            return self.no_tag(f"{about['repository']}:{about['reference']}")
        return self.manifest(request, stored)

    def no_repository(self, request: Request, name: str) -> Reply:
        return problem(404, "NAME_UNKNOWN")

    def no_tag(self, image: str) -> Reply:
        return problem(404, "MANIFEST_UNKNOWN")

    def ping(self, request: Request) -> Reply:
        if request.bearer in self._granted:
            return answer({})
        return problem(401, "UNAUTHORIZED", {"WWW-Authenticate": self.challenge()})

    def challenge(self, repository: str | None = None, **more: str) -> str:
        params = {"realm": self.realm}
        if self.service is not None:
            params["service"] = self.service
        if repository is not None:
            params["scope"] = f"repository:{repository}:pull"
        return "Bearer " + ",".join(f'{key}="{value}"' for key, value in (params | more).items())

    def refusal(self, request: Request, repository: str) -> Reply | None:
        """Why this request may not read the repository; None when it may."""
        _, granted = self._granted.get(request.bearer or "", (None, frozenset()))
        if repository in granted:
            return None
        more = {"error": "insufficient_scope"} if request.bearer else {}
        header = {"WWW-Authenticate": self.challenge(repository, **more)}
        return problem(401, "UNAUTHORIZED", header)

    def tags(self, request: Request, names: list[str]) -> Reply:
        """One page, with a link to the next where there is one."""
        size = min(int(request.query.get("n", [str(self.page_size)])[0]), self.page_size)
        last = request.query.get("last", [None])[0]
        start = names.index(last) + 1 if last else 0
        page, rest = names[start : start + size], names[start + size :]
        headers = {}
        if self.has_next(page, rest):
            query = urlencode({"n": size, "last": page[-1]})
            headers["Link"] = f'<{self.link(request.path)}?{query}>; rel="next"'
        return answer({"name": request.path, "tags": page}, headers)

    def has_next(self, page: list[str], rest: list[str]) -> bool:
        return bool(rest)

    def link(self, path: str) -> str:
        return path

    def manifest(self, request: Request, stored: Stored) -> Reply:
        """The manifest, or what distribution answers to a client that cannot read it."""
        accepted = {part.strip() for part in (request.headers["Accept"] or "").split(",")}
        if not accepted >= ALL_TYPES:
            return problem(404, "MANIFEST_UNKNOWN")
        headers = {"Content-Type": stored.media_type, "Docker-Content-Digest": stored.digest}
        return Reply(200, stored.body, headers | self.manifest_headers())

    def manifest_headers(self) -> dict[str, str]:
        return {}

    # The token server

    def token(self, request: Request) -> Reply:
        self.ledger.see(request, self.realm_origin)
        if request.method != "GET":
            return Reply(404)
        if request.query.get("service", [None])[0] != self.service:
            return problem(400, "UNSUPPORTED")
        if request.authorization is not None and request.basic != self.right:
            return self.refused()
        user = self.right[0] if request.basic else None
        requested = self.requested(request.query.get("scope", []))
        return self.denied(user, requested) or self.granted(user, requested)

    @staticmethod
    def requested(scopes: Iterable[str]) -> list[str]:
        """The repositories that are in the scopes."""
        return [scope.removeprefix("repository:").rpartition(":")[0] for scope in scopes]

    def refused(self) -> Reply:
        """The answer to wrong credentials."""
        return problem(401, "UNAUTHORIZED")

    def denied(self, user: str | None, requested: list[str]) -> Reply | None:
        """Why there is no token at all; by the specification there is one, with fewer rights."""
        return None

    def granted(self, user: str | None, requested: list[str]) -> Reply:
        allowed = {name for name in requested if self.readable(user, name)}
        return answer(self.token_answer(self.mint(user, allowed)))

    def readable(self, user: str | None, name: str) -> bool:
        repository = self.images.get(name)
        readers = repository.readers if repository else "everybody"
        return readers == "everybody" or (readers == "account" and user is not None)

    def mint(self, user: str | None, allowed: Iterable[str]) -> str:
        text = self.token_text(user, sorted(allowed))
        self._granted[text] = (user, frozenset(allowed))
        self.ledger.allow(f"Bearer {text}", self.origin)
        return text

    def token_text(self, user: str | None, allowed: list[str]) -> str:
        access = [{"type": "repository", "name": name, "actions": ["pull"]} for name in allowed]
        return jwt({"sub": user or "", "access": access})

    def token_answer(self, text: str) -> dict[str, Any]:
        return {"token": text, "expires_in": 300}

    def forget_tokens(self) -> None:
        """Every token handed out so far has ended."""
        self._granted.clear()
