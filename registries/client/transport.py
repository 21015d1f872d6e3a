"""The one way out: every request of the app goes through a `Transport`.

It keeps to the call's deadline, connects only to addresses that may be called, reads no more
than it was told to, follows no redirect by itself, takes nothing from the environment (proxies,
netrc, CA files), and sends Authorization nowhere but where its caller says.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from http.client import HTTPException
from typing import Self
from urllib.parse import urlencode, urljoin

from urllib3.exceptions import HTTPError

from registries.client import faults
from registries.client.connection import BlockedAddress
from registries.client.deadline import Deadline
from registries.client.errors import ClientError, Misconfigured, Unreachable
from registries.client.pool import Message, Pool, Response, root_of
from registries.client.proxy import Proxy
from registries.client.trust import tls_context
from registries.client.urls import Url, origin

__all__ = ["Options", "Response", "Transport", "origin"]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+: [\x20-\x7e]*")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the settings and a row say about connecting.

    timeout: seconds, for callers that make a `Deadline`.
    ca_bundle: path of a PEM file or directory, None for certifi's.
    proxy: `http://[user:password@]host:port` or None. no_proxy: what is called without it, each
        as in `proxy.Bypass`.
    endpoints: origin to the origin called instead; see `Transport`.
    verify_tls, ca_certificate: the row's own; the latter is PEM text, trusted besides the bundle.
    """

    timeout: float
    user_agent: str
    ca_bundle: str | None
    proxy: str | None
    no_proxy: tuple[str, ...]
    allow_private_addresses: bool
    endpoints: Mapping[str, str] = field(hash=False)
    verify_tls: bool = True
    ca_certificate: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class _Request:
    """A request in the caller's world."""

    method: str
    url: Url
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)

    def redirected(self, status: int, there: Url) -> Self | None:
        """The request that follows a redirect (RFC 9110, section 15.4); None for none.

        Elsewhere go no Authorization, no body, and no header but Accept; https stays https.
        """
        method, headers, body = self.method, dict(self.headers), self.body
        if self.url.scheme == "https" != there.scheme:
            return None
        if status <= 303 and method != "HEAD":
            method, body = "GET", b""
        if there.origin != self.url.origin:
            if body:
                return None
            headers = {name: headers[name] for name in headers if name.lower() == "accept"}
        return replace(self, method=method, url=there, headers=headers, body=body)


class Transport:
    """A guarded way out, with its kept-alive connections; threads may share it.

    `endpoints` leads a request for one origin to another, the target: Host header, TLS name and
    certificate are the target's, its address is not judged. Errors, `Response.url` and every
    decision on what may be sent keep to the original names.
    Raises ValueError for options that cannot be read.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self._targets = {
            origin(name): Url.parse(target) for name, target in options.endpoints.items()
        }
        self._originals: dict[str, list[str]] = {}
        for name, target in self._targets.items():
            self._originals.setdefault(target.origin, []).append(name)
        self._pool = Pool(
            private=options.allow_private_addresses,
            proxy=Proxy.parse(options.proxy, options.no_proxy) if options.proxy else None,
            context=lambda: tls_context(
                options.ca_bundle, options.ca_certificate, verify=options.verify_tls
            ),
        )

    def target(self, url: str) -> str:
        """Where a request for `url` really goes. Raises ValueError for one that cannot be read."""
        return str(self._destination(Url.parse(url)))

    def _destination(self, url: Url) -> Url:
        target = self._targets.get(url.origin)
        return replace(target, target=url.target) if target else url

    def original(self, url: str, prefer: Iterable[str] = ()) -> str:
        """`url`, or where it names a target, the same URL at the origin it stands for.

        Where several origins share the target, one of `prefer` (origins) is taken before others.
        A URL that cannot be read is left as it is.
        """
        if not self._originals:
            return url
        try:
            parsed = Url.parse(url)
        except ValueError:
            return url
        names = self._originals.get(parsed.origin, [])
        preferred = [name for name in prefer if name in names or name == parsed.origin]
        found = (preferred or names or [parsed.origin])[0]
        return found + parsed.target

    def request(
        self,
        method: str,
        url: str,
        *,
        deadline: Deadline,
        headers: Mapping[str, str] | None = None,
        authorization: str | None = None,
        form: Mapping[str, str] | None = None,
        body: bytes | None = None,
        limit: int,
        redirects: int = 0,
    ) -> Response:
        """Send a request to `url` and read its answer, a body of at most `limit` bytes.

        authorization: the header's whole value, for the origin of `url` alone.
        form: sent as application/x-www-form-urlencoded, instead of `body`.
        redirects: how many are followed; one more is Unreachable("redirected").
        Raises Unreachable, and Misconfigured for addresses that must not be called and for CA
        certificates that cannot be read. What is raised holds nothing of the request.
        """
        sent = dict(headers or {})
        if authorization is not None:
            sent["Authorization"] = authorization
        if form is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(form).encode()
        outcome = self._follow(method, url, sent, body or b"", deadline, limit, redirects)
        if isinstance(outcome, ClientError):
            # A traceback that shows local values must not show these.
            del headers, authorization, form, body, sent
            raise outcome
        return outcome

    def _follow(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        deadline: Deadline,
        limit: int,
        redirects: int,
    ) -> Response | ClientError:
        try:
            request = _Request(method, Url.parse(url), headers, body)
        except ValueError:
            return Misconfigured("blocked_address", host=_host_of(url))
        while True:
            answer = self._send(request, deadline, limit)
            if isinstance(answer, ClientError):
                return answer
            if answer.status not in _REDIRECTS:
                return replace(answer, url=str(request.url))
            there = self._location(request.url, answer)
            following = request.redirected(answer.status, there) if there else None
            if following is None or redirects <= 0:
                return Unreachable("redirected", host=request.url.authority)
            request = following
            redirects -= 1

    def _location(self, url: Url, answer: Response) -> Url | None:
        location = answer.headers["Location"]
        if not location:
            return None
        try:
            return Url.parse(self.original(urljoin(str(url), location), prefer=(url.origin,)))
        except ValueError:
            return None

    def _send(self, request: _Request, deadline: Deadline, limit: int) -> Response | ClientError:
        """One request to wherever its origin leads, and whatever happened."""
        host = request.url.authority
        url = self._destination(request.url)
        headers = self._headers(request)
        if not all(_HEADER.fullmatch(f"{name}: {value}") for name, value in headers.items()):
            # Only a token that a server handed out can be so.
            return Unreachable("bad_answer", host=host)
        try:
            answer = self._pool.send(
                Message(request.method, url, headers, request.body),
                deadline,
                limit,
                exempt=url.origin in self._originals,
            )
        except ClientError as error:
            return error.with_traceback(None)
        except (OSError, HTTPException, HTTPError, ValueError, BlockedAddress) as error:
            return faults.of_error(root_of(error), host)
        # What arrived after the end is not believed: it may be cut short.
        if deadline.expired:
            return Unreachable("timeout", host=host)
        return faults.of_page(answer.status, answer.body, url.scheme, host) or answer

    def _headers(self, request: _Request) -> dict[str, str]:
        headers = {"User-Agent": self.options.user_agent, "Accept-Encoding": "identity"}
        headers |= request.headers
        if request.body or request.method == "POST":
            headers["Content-Length"] = str(len(request.body))
        return headers


def _host_of(url: str) -> str:
    """What may be shown of a URL that cannot be read: its host's letters, no user information."""
    authority = re.split(r"[/?#\\]", url.partition("://")[2])[0]
    return re.sub(r"[^\w.:\[\]-]", "?", authority.rpartition("@")[2])[:100]
