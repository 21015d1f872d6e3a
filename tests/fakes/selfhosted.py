"""Fakes of the registries that people run themselves."""

import secrets
import time
from typing import Any

from tests.fakes.family import Family, answer, jwt, problem
from tests.fakes.ledger import Ledger
from tests.fakes.server import Reply, Request


class BasicRegistry(Family):
    """distribution with htpasswd: one list of users; a check may try one that is not on it."""

    realm = "https://registry.example.com"

    def admit_credentials(self) -> None:
        super().admit_credentials()
        self.ledger.allow_strangers(self.origin, self.right[0])

    def servers(self) -> dict[str, Any]:
        return {self.origin: self.registry}

    def ping(self, request: Request) -> Reply:
        return self.refusal(request, "") or answer({})

    def refusal(self, request: Request, repository: str) -> Reply | None:
        if request.basic == self.right:
            return None
        return problem(401, "UNAUTHORIZED", {"WWW-Authenticate": 'Basic realm="Registry"'})


class TokenRegistry(Family):
    """distribution with a token server of its own; a check may try an invented account there."""

    def admit_credentials(self) -> None:
        super().admit_credentials()
        self.ledger.allow_strangers(self.realm_origin, self.right[0])


class Harbor(TokenRegistry):
    """Harbor: wrong credentials freeze their account, and get a guest's token with any scope.

    Its registry shows public images without a token. What may not be read is answered with where
    tokens come from, but with Basic to whoever brought an Authorization.
    Sources: goharbor/harbor, src/server/middleware/v2auth/auth.go, src/core/auth/authenticator.go
    (1.5 seconds), src/core/service/token/creator.go; its issue 21224.
    """

    origin = "https://harbor.example.com"
    realm = "https://harbor.example.com/service/token"
    service = "harbor-registry"
    FROZEN = 1.5

    def __init__(self, ledger: Ledger) -> None:
        self._frozen: dict[str, float] = {}
        super().__init__(ledger)

    def admit_credentials(self) -> None:
        self.right = ("robot$acme+reader", self.right[1])
        self.wrong = ("robot$acme+reader", self.wrong[1])
        super().admit_credentials()

    def refusal(self, request: Request, repository: str) -> Reply | None:
        user, granted = self._granted.get(request.bearer or "", (None, frozenset()))
        is_head = request.method == "HEAD" and request.authorization is None
        if repository in granted or (self.readable(user, repository) and not is_head):
            return None
        basic = 'Basic realm="harbor"'
        challenge = basic if request.authorization else self.challenge(repository)
        return problem(401, "UNAUTHORIZED", {"WWW-Authenticate": challenge})

    def no_repository(self, request: Request, name: str) -> Reply:
        return problem(404, "NOT_FOUND", message=f"repository {name} not found")

    def no_tag(self, image: str) -> Reply:
        return problem(404, "NOT_FOUND", message=f"artifact {image} not found")

    def token(self, request: Request) -> Reply:
        if request.basic is None:
            return super().token(request)
        user = request.basic[0]
        if time.monotonic() >= self._frozen.get(user, 0):
            if request.basic == self.right:
                return super().token(request)
            self._frozen[user] = time.monotonic() + self.FROZEN
        self.ledger.see(request, self.realm_origin)
        requested = self.requested(request.query.get("scope", []))
        return self.granted(None, requested) if requested else self.refused()

    def denied(self, user: str | None, requested: list[str]) -> Reply | None:
        return problem(401, "UNAUTHORIZED") if user is None and not requested else None


class Artifactory(Family):
    """Artifactory: one opaque token for all images, asked for without a scope.

    It answers 401 for an image that an account may not see; its links lack the repository's key.
    Sources: containerd/containerd#3556, kubernetes/kubernetes#65958, renovatebot/renovate#15080;
    jfrog.com/help, "How to troubleshoot Docker problems".
    """

    origin = "https://acme.jfrog.io"
    realm = "https://acme.jfrog.io/v2/token"
    service = "acme.jfrog.io"

    def challenge(self, repository: str | None = None, **more: str) -> str:
        return super().challenge()

    def denied(self, user: str | None, requested: list[str]) -> Reply | None:
        return problem(401, "UNAUTHORIZED") if user is None else None

    def granted(self, user: str | None, requested: list[str]) -> Reply:
        return super().granted(user, [*self.images, *requested])

    def token_text(self, user: str | None, allowed: list[str]) -> str:
        return secrets.token_urlsafe(48)  # nothing can be read in it

    def token_answer(self, text: str) -> dict[str, Any]:
        return {"token": text, "expires_in": 3600}

    def link(self, path: str) -> str:
        return "/v2/" + path.removeprefix("/v2/").partition("/")[2]

    def no_repository(self, request: Request, name: str) -> Reply:
        return super().no_repository(request, name) if "/tags/" in request.path else self.no_tag("")


class GitLab(Family):
    """GitLab: its own token server, which bans whoever fails too often.

    Source: app/controllers/jwt_controller.rb, lib/gitlab/auth.rb.
    """

    origin = "https://registry.gitlab.example.com"
    realm = "https://gitlab.example.com/jwt/auth"
    service = "container_registry"
    failures = 0

    def refused(self) -> Reply:
        self.failures += 1
        assert self.failures == 1, "GitLab would ban this address"
        return problem(401, "HTTP Basic: Access denied")

    def denied(self, user: str | None, requested: list[str]) -> Reply | None:
        return problem(403, "DENIED") if user is None and not requested else None

    def token_answer(self, text: str) -> dict[str, Any]:
        return {"token": text}


class Gitea(Family):
    """Gitea and Forgejo: two challenges in one line, a guest's token for everybody.

    Source: go-gitea/gitea, routers/api/packages/container/container.go, services/packages/auth.go.
    """

    origin = "https://git.example.com"
    realm = "https://git.example.com/v2/token"
    service = "container_registry"

    def challenge(self, repository: str | None = None, **more: str) -> str:
        bearer = f'Bearer realm="{self.realm}",service="{self.service}",scope="*"'
        return f'{bearer},Basic realm="Gitea Package API"'

    def refusal(self, request: Request, repository: str) -> Reply | None:
        user, _ = self._granted.get(request.bearer or "", (None, frozenset()))
        if request.bearer in self._granted and self.readable(user, repository):
            return None
        header = {"WWW-Authenticate": 'Basic realm="Gitea Package API"'}
        return Reply(401, b"401 Unauthorized", header)

    def has_next(self, page: list[str], rest: list[str]) -> bool:
        return bool(page)  # so the last page is empty

    def token_text(self, user: str | None, allowed: list[str]) -> str:
        return jwt({"UserID": -1 if user is None else 7, "Scope": "", "jti": secrets.token_hex(8)})

    def token_answer(self, text: str) -> dict[str, Any]:
        return {"token": text}


class OldGitea(Gitea):
    """Gitea up to 1.17 answers wrong credentials with a guest's token.

    Source: https://github.com/go-gitea/gitea/issues/20563.
    """

    def refused(self) -> Reply:
        return self.granted(None, [])
