"""Registries that list the tags of one repository, each with its own idea of pages.

All are open to everybody. `queries` has the query parameters of every request for a list.
"""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from tests.fakes.family import problem
from tests.fakes.server import Reply, Request


class Lists:
    """distribution 3: sorted by bytes, a Link wherever more tags follow, and without `n` all.

    Source: distribution/distribution, registry/handlers/tags.go.
    """

    repository = "acme/app"
    most = 1000

    def __init__(self, names: Sequence[str]) -> None:
        self.names = self.ordered(names)
        self.queries: list[dict[str, str]] = []

    def __call__(self, request: Request) -> Reply:
        if request.path == "/v2/":
            return Reply(200, b"{}", {"Content-Type": "application/json"})
        assert request.path == f"/v2/{self.repository}/tags/list", request.path
        if refusal := self.refusal(request):
            return refusal
        query = {name: values[0] for name, values in request.query.items()}
        self.queries.append(query)
        size = int(query["n"]) if "n" in query else None
        if size and size > self.most:
            return problem(400, "PAGINATION_NUMBER_INVALID")
        rest = self.behind(query.get("last", ""))
        page = rest[:size]
        headers = {"Content-Type": "application/json"}
        if link := self.link(request, page, rest[len(page) :], size):
            headers["Link"] = link
        return Reply(200, json.dumps({"name": "acme/app", "tags": page}).encode(), headers)

    def refusal(self, request: Request) -> Reply | None:
        return None

    def ordered(self, names: Sequence[str]) -> list[str]:
        return sorted(names)

    def behind(self, last: str) -> list[str]:
        """The tags behind `last`, which need not be one."""
        return [name for name in self.names if name > last]

    def link(
        self, request: Request, page: list[str], rest: list[str], size: int | None
    ) -> str | None:
        if not rest or not page:
            return None
        query = urlencode({"last": self.cursor(page[-1]), "n": str(size)})
        return f'<{self.address(request)}?{query}>; rel="next"'

    def cursor(self, last: str) -> str:
        return last

    def address(self, request: Request) -> str:
        return request.path


class OldDistribution(Lists):
    """distribution 2.8: all tags at once, in the order of a directory, whatever is asked."""

    def ordered(self, names: Sequence[str]) -> list[str]:
        return sorted(names, key=lambda name: name[::-1])

    def behind(self, last: str) -> list[str]:
        return self.names

    def link(self, *args: Any) -> None:
        return None

    most = 10**9

    def __call__(self, request: Request) -> Reply:
        everything = Request(request.method, request.path, request.headers)
        reply = super().__call__(everything)
        if request.path != "/v2/":
            self.queries[-1] = {name: values[0] for name, values in request.query.items()}
        return reply


class GoRegistry(Lists):
    """go-containerregistry's registry: no Link, and behind the last tag the list from its start.

    Source: google/go-containerregistry, pkg/registry/manifest.go.
    """

    def behind(self, last: str) -> list[str]:
        return super().behind(last) or self.names

    def link(self, *args: Any) -> None:
        return None


class NexusGroup(Lists):
    """A group of Nexus repositories: pages, and no Link.

    Source: https://github.com/sonatype/nexus-public/issues/117.
    """

    def link(self, *args: Any) -> None:
        return None


class Capped(NexusGroup):
    """A registry that gives fewer than it is asked for, and no Link."""

    size = 250

    def __call__(self, request: Request) -> Reply:
        if request.path == "/v2/":
            return super().__call__(request)
        self.queries.append({name: values[0] for name, values in request.query.items()})
        rest = self.behind(self.queries[-1].get("last", ""))
        body = {"name": "acme/app", "tags": rest[: self.size]}
        return Reply(200, json.dumps(body).encode(), {"Content-Type": "application/json"})


class NexusConnector(Lists):
    """Nexus on a port of its own, whose links name a path that this port does not serve.

    Source: https://github.com/sonatype/nexus-public/issues/1011.
    """

    def address(self, request: Request) -> str:
        return f"http://{request.headers['Host']}/repository/docker-proxy{request.path}"


class Artifactory(Lists):
    """Artifactory below its prefix, which its links do without; `last` counts tags.

    Source: https://github.com/renovatebot/renovate/issues/15080.
    """

    repository = "docker-local/acme/app"

    def behind(self, last: str) -> list[str]:
        return self.names[int(last) if last.isdigit() else 0 :]

    def cursor(self, last: str) -> str:
        return str(self.names.index(last) + 1)

    def address(self, request: Request) -> str:
        return "/v2/acme/app/tags/list"


class Pulp(Lists):
    """Pulp: nothing for who accepts no JSON; at most 1000 tags; a Link behind every full page.

    Source: pulp/pulp_container, pulp_container/app/registry_api.py.
    """

    def refusal(self, request: Request) -> Reply | None:
        accepted = request.headers["Accept"] or "*/*"
        if any(kind in accepted for kind in ("application/json", "application/*", "*/*")):
            return None
        return problem(406, "UNSUPPORTED")

    def link(
        self, request: Request, page: list[str], rest: list[str], size: int | None
    ) -> str | None:
        full = len(page) == size
        return super().link(request, page, ["more"], size) if full else None

    def address(self, request: Request) -> str:
        return f"http://{request.headers['Host']}{request.path}"


class OldQuay(Lists):
    """Quay: 50 tags a page, and links with a token; `last` says nothing to it.

    Source: https://github.com/regclient/regclient/issues/272.
    """

    size = 50

    def __call__(self, request: Request) -> Reply:
        query = {name: values[0] for name, values in request.query.items()}
        token = query.pop("next_page", "0")
        if request.path == "/v2/":
            return super().__call__(request)
        self.queries.append(query)
        start = int(token)
        page = self.names[start : start + self.size]
        headers = {"Content-Type": "application/json"}
        if start + self.size < len(self.names):
            more = urlencode({"next_page": str(start + self.size), "n": str(self.size)})
            headers["Link"] = f'<{request.path}?{more}>; rel="next"'
        return Reply(200, json.dumps({"name": "acme/app", "tags": page}).encode(), headers)


class ByDate(Lists):
    """Newest first, as cloud registries list them; `last` is a place in that order."""

    def ordered(self, names: Sequence[str]) -> list[str]:
        return sorted(names, reverse=True)

    def behind(self, last: str) -> list[str]:
        return self.names[self.names.index(last) + 1 if last in self.names else 0 :]


class IgnoringCase(Lists):
    """Sorted without regard to capital letters, as the specification's newer words say."""

    def ordered(self, names: Sequence[str]) -> list[str]:
        return sorted(names, key=str.lower)

    def behind(self, last: str) -> list[str]:
        return [name for name in self.names if name.lower() > last.lower()]


SERVERS = (
    Lists,
    OldDistribution,
    GoRegistry,
    NexusGroup,
    Capped,
    NexusConnector,
    Artifactory,
    Pulp,
    OldQuay,
    ByDate,
    IgnoringCase,
)
