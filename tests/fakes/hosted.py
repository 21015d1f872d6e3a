"""Fakes of the registries that are run for everybody."""

import secrets
from typing import Any

from tests.fakes.family import Family, problem
from tests.fakes.images import ALL_TYPES, SCHEMA1, Stored
from tests.fakes.server import Reply, Request


class GitHub(Family):
    """ghcr.io: token and registry on one host; refuses what is signed in unasked.

    Source: https://github.com/renovatebot/renovate/issues/11446.
    """

    origin = "https://ghcr.io"
    realm = "https://ghcr.io/token"
    service = "ghcr.io"
    tls = True

    def ping(self, request: Request) -> Reply:
        if request.authorization is not None and request.bearer not in self._granted:
            return problem(403, "DENIED")
        return super().ping(request)

    def refused(self) -> Reply:
        return problem(403, "DENIED")

    def denied(self, user: str | None, requested: list[str]) -> Reply | None:
        if user is None and not all(self.readable(None, name) for name in requested):
            return problem(401, "UNAUTHORIZED")
        return None

    def refusal(self, request: Request, repository: str) -> Reply | None:
        refusal = super().refusal(request, repository)
        return problem(403, "DENIED") if refusal and request.bearer in self._granted else refusal

    def token_text(self, user: str | None, allowed: list[str]) -> str:
        return secrets.token_urlsafe(40)  # nothing can be read in it

    def token_answer(self, text: str) -> dict[str, Any]:
        return {"token": text}


class LinuxServer(GitHub):
    """lscr.io, whose token server is GitHub's."""

    origin = "https://lscr.io"


class DockerHub(Family):
    """Docker Hub: limits on pulls, and HEAD that is none.

    Source: docs.docker.com/docker-hub/usage/pulls.
    """

    origin = "https://registry-1.docker.io"
    realm = "https://auth.docker.io/token"
    service = "registry.docker.io"
    pulls = 0
    tls = True

    def registry(self, request: Request) -> Reply:
        if "python" in (request.headers["User-Agent"] or "python").lower():
            return problem(403, "DENIED")
        return super().registry(request)

    def manifest(self, request: Request, stored: Stored) -> Reply:
        self.pulls += request.method == "GET"
        return super().manifest(request, stored)

    def manifest_headers(self) -> dict[str, str]:
        left = 100 - self.pulls
        return {"RateLimit-Limit": "100;w=21600", "RateLimit-Remaining": f"{left};w=21600"}

    def token_answer(self, text: str) -> dict[str, Any]:
        issued = "2026-01-01T00:00:00.000000000Z"
        return {"token": text, "access_token": text, "expires_in": 300, "issued_at": issued}


class Quay(Family):
    """Quay: absolute links to its public name, and schema 1 for those who ask for nothing.

    Source: quay/quay, endpoints/v2/__init__.py, endpoints/v2/manifest.py, endpoints/v2/v2auth.py.
    """

    origin = "https://quay.io"
    realm = "https://quay.io/v2/auth"
    service = "quay.io"
    public_name = "https://quay.io"

    def admit_credentials(self) -> None:
        self.right = ("acme+reader", self.right[1])
        self.wrong = ("acme+reader", self.wrong[1])
        super().admit_credentials()

    def link(self, path: str) -> str:
        return f"{self.public_name}{path}"

    def denied(self, user: str | None, requested: list[str]) -> Reply | None:
        return problem(401, "UNAUTHORIZED") if user is None and not requested else None

    def manifest(self, request: Request, stored: Stored) -> Reply:
        accepted = {part.strip() for part in (request.headers["Accept"] or "").split(",")}
        if not accepted >= ALL_TYPES:
            return super().manifest(request, Stored(SCHEMA1, b'{"schemaVersion": 1}'))
        return super().manifest(request, stored)

    def token_answer(self, text: str) -> dict[str, Any]:
        return {"token": text}


class DigitalOcean(Family):
    """DigitalOcean: one token as user name and password; its API makes the registry's tokens.

    Guests get none, and a repository of one part is refused with 400.
    Source: docs.digitalocean.com/products/container-registry/how-to/set-up-ci-cd.
    """

    origin = "https://registry.digitalocean.com"
    realm = "https://api.digitalocean.com/v2/registry/auth"
    service = "registry.digitalocean.com"

    def admit_credentials(self) -> None:
        self.right = (self.right[1], self.right[1])
        self.wrong = (self.wrong[1], self.wrong[1])
        super().admit_credentials()

    def name_account(self, name: str) -> None:
        """Take another user name with the right token."""
        self.right = (name, self.right[1])
        super().admit_credentials()

    def denied(self, user: str | None, requested: list[str]) -> Reply | None:
        if user is None:
            return problem(401, "UNAUTHORIZED")
        return None if all("/" in name for name in requested) else problem(400, "NAME_INVALID")
