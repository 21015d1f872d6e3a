"""`Transport`: sends every request of the app.

It keeps to the deadline, connects only to permitted addresses, limits the size of responses, and
follows only as many redirects as its caller allows. It sends the Authorization header to no other
origin than that of the caller's URL, and uses nothing from the environment (proxies, netrc, CA
files).
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
    """How to connect, according to the settings and a row.

    timeout: seconds, for callers that make a `Deadline`.
    ca_bundle: path of a PEM file or directory; None for certifi's.
    proxy: `http://[user:password@]host:port` or None.
    no_proxy: what is called without the proxy; see `proxy.Bypass`.
    endpoints: maps origins to the origins that are called instead; see `Transport`.
    verify_tls, ca_certificate: from the row; the latter is PEM text, trusted besides the bundle.
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
    """A request before `endpoints` are applied."""

    method: str
    url: Url
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)

    def redirected(self, status: int, location: Url) -> Self | None:
        """Return the request that follows a redirect (RFC 9110, section 15.4), or None.

        Another origin receives no body and no header but Accept, so no Authorization either. A
        redirect from https to http is not followed.
        """
        method, headers, body = self.method, dict(self.headers), self.body
        if self.url.scheme == "https" != location.scheme:
            return None
        if status <= 303 and method != "HEAD":
            method, body = "GET", b""
        if location.origin != self.url.origin:
            if body:
                return None
            headers = {name: headers[name] for name in headers if name.lower() == "accept"}
        return replace(self, method=method, url=location, headers=headers, body=body)


class Transport:
    """Sends requests over its pool of connections. Threads may share it.

    `Options.endpoints` maps an origin to the target that is called instead. The Host header, the
    TLS name and the certificate are the target's, and its address is always permitted. Errors,
    `Response.url` and every decision on what may be sent use the original names.
    Raises ValueError for invalid options.
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
        """Return the URL that is called for `url`. Raises ValueError if it is invalid."""
        return str(self._destination(Url.parse(url)))

    def _destination(self, url: Url) -> Url:
        target = self._targets.get(url.origin)
        return replace(target, target=url.target) if target else url

    def original(self, url: str, prefer: Iterable[str] = ()) -> str:
        """Return `url`, with the original origin if its own is a target of `endpoints`.

        If several origins share the target, those in `prefer` come first. An invalid URL is
        returned as it is.
        """
        if not self._originals:
            return url
        try:
            parsed = Url.parse(url)
        except ValueError:
            return url
        names = self._originals.get(parsed.origin, [])
        preferred = [name for name in prefer if name in names or name == parsed.origin]
        return (preferred or names or [parsed.origin])[0] + parsed.target

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
        limit: int | None,
        redirects: int = 0,
    ) -> Response:
        """Send a request to `url` and return the response with a body of at most `limit` bytes.

        authorization: the value of the Authorization header, only for the origin of `url`.
        form: sent as application/x-www-form-urlencoded, instead of `body`.
        limit: None to read no body, for callers that only need the status.
        redirects: how many are followed; one more raises Unreachable("redirected").
        Raises Unreachable, and Misconfigured for blocked addresses and for CA certificates that
        cannot be read. No exception contains anything of the request.
        """
        all_headers = dict(headers or {})
        if authorization is not None:
            all_headers["Authorization"] = authorization
        if form is not None:
            all_headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(form).encode()
        outcome = self._follow(method, url, all_headers, body or b"", deadline, limit, redirects)
        if isinstance(outcome, ClientError):
            # Some error reports print local variables, which must not contain these.
            del headers, authorization, form, body, all_headers
            raise outcome
        return outcome

    def _follow(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        deadline: Deadline,
        limit: int | None,
        redirects: int,
    ) -> Response | ClientError:
        try:
            request = _Request(method, Url.parse(url), headers, body)
        except ValueError:
            return Misconfigured("blocked_address", host=_host_of(url))
        while True:
            response = self._send(request, deadline, limit)
            if isinstance(response, ClientError):
                return response
            if response.status not in _REDIRECTS:
                return replace(response, url=str(request.url))
            location = self._location(request.url, response)
            following = request.redirected(response.status, location) if location else None
            if following is None or redirects <= 0:
                return Unreachable("redirected", host=request.url.authority)
            request = following
            redirects -= 1

    def _location(self, url: Url, response: Response) -> Url | None:
        location = response.headers["Location"]
        if not location:
            return None
        try:
            return Url.parse(self.original(urljoin(str(url), location), prefer=(url.origin,)))
        except ValueError:
            return None

    def _send(
        self, request: _Request, deadline: Deadline, limit: int | None
    ) -> Response | ClientError:
        """Send one request and return the response or the error."""
        host = request.url.authority
        url = self._destination(request.url)
        headers = self._headers(request)
        if not all(_HEADER.fullmatch(f"{name}: {value}") for name, value in headers.items()):
            # Only a token from a server can contain invalid characters.
            return Unreachable("bad_answer", host=host)
        try:
            response = self._pool.send(
                Message(request.method, url, headers, request.body),
                deadline,
                limit,
                exempt=url.origin in self._originals,
            )
        except ClientError as error:
            return error.with_traceback(None)
        except (OSError, HTTPException, HTTPError, ValueError, BlockedAddress) as error:
            return faults.from_exception(root_of(error), host)
        # A response that arrived after the deadline may be incomplete.
        if deadline.expired:
            return Unreachable("timeout", host=host)
        return faults.from_page(response.status, response.body, url.scheme, host) or response

    def _headers(self, request: _Request) -> dict[str, str]:
        headers = {"User-Agent": self.options.user_agent, "Accept-Encoding": "identity"}
        headers |= request.headers
        if request.body or request.method == "POST":
            headers["Content-Length"] = str(len(request.body))
        return headers


def _host_of(url: str) -> str:
    """Return the host of an invalid URL for an error message, without user information."""
    authority = re.split(r"[/?#\\]", url.partition("://")[2])[0]
    return re.sub(r"[^\w.:\[\]-]", "?", authority.rpartition("@")[2])[:100]
