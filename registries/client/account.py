"""`Account`: the credential of one client, which is exchanged first if it is a cloud identity."""

import base64
import json
import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from registries.client.context import Context
from registries.client.errors import Misconfigured
from registries.client.exchange import Exchanged, exchange
from registries.client.urls import Url
from registries.credentials import (
    LINES,
    Anonymous,
    AwsKeys,
    AzurePrincipal,
    Basic,
    Credential,
    IdentityToken,
    is_key_file,
)

# Seconds: an exchanged credential is renewed this long before it expires, and cached for half a day
# at most.
MARGIN, LONGEST = 300.0, 43_200.0

# The user name for a refresh token of Azure's that is used as a password. Source:
# https://learn.microsoft.com/azure/container-registry/container-registry-authentication
NO_USER = "00000000-0000-0000-0000-000000000000"

# RFC 7617 forbids control characters, and lone surrogates cannot be encoded in UTF-8.
_UNSENDABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")

# What is sent to a registry or its token server.
Presented = Basic | IdentityToken


def basic(credential: Basic) -> str:
    """Return the Authorization header of RFC 7617, in UTF-8.

    Raises Misconfigured for a user name or password that such a header cannot hold.
    """
    name, password = credential.username, credential.password
    checked = _without_lines(password) if is_key_file(name, password) else password
    # The password starts after the first colon, so the name must not contain one.
    if ":" in name or _UNSENDABLE.search(name + checked):
        raise Misconfigured("incomplete")
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def _without_lines(key_file: str) -> str:
    return key_file.translate(dict.fromkeys(map(ord, LINES)))


@dataclass(frozen=True, slots=True)
class Lasting:
    """A user name and a password for other programs.

    expires_at: aware UTC; None for stored credentials, which end when somebody revokes them.
    """

    username: str = field(repr=False)
    password: str = field(repr=False)
    expires_at: datetime | None


class Account:
    """The account that a client signs in with."""

    def __init__(self, context: Context, credential: Credential) -> None:
        self._context = context
        self._credential = credential
        self._latest: tuple[Exchanged, bool] | None = None

    @property
    def is_anonymous(self) -> bool:
        return isinstance(self._credential, Anonymous)

    @property
    def is_exchanged(self) -> bool:
        """Whether the credential is a cloud identity, which is exchanged for what is presented."""
        return not isinstance(self._credential, Anonymous | Basic)

    @property
    def is_told_its_host(self) -> bool:
        """Whether the exchange says where the registry is, as Amazon's does."""
        return isinstance(self._credential, AwsKeys)

    def presented(self) -> Presented | None:
        """Return what to present, or None if anonymous. Raises ClientError if an exchange fails."""
        if isinstance(self._credential, Anonymous):
            return None
        if isinstance(self._credential, Basic):
            return self._credential
        return self._exchanged().credential

    def renewed(self, refused: Presented | None) -> Presented | None:
        """Return what to present after `refused`, or None if there is nothing newer.

        Only exchanged credentials can be renewed, unless they were exchanged during this call.
        """
        if self._latest is None:
            return None
        exchanged, is_new = self._latest
        if exchanged.credential != refused:
            return exchanged.credential
        return None if is_new else self._exchanged(stale=exchanged).credential

    def lasting(self) -> Lasting:
        """Return credentials for other programs; exchanged ones have at least half of their life.

        Raises ClientError, also for anonymous and for what no Authorization header can carry.
        """
        if isinstance(self._credential, Anonymous):
            raise Misconfigured("credentials_required")
        credential: Presented
        if isinstance(self._credential, Basic):
            credential, expires_at = self._credential, None
        else:
            exchanged = self._exchanged()
            if not exchanged.is_young:
                exchanged = self._exchanged(stale=exchanged)
            credential, expires_at = exchanged.credential, exchanged.expires_at
        if isinstance(credential, IdentityToken):
            credential = Basic(NO_USER, credential.token)
        basic(credential)
        name, password = credential.username, credential.password
        if is_key_file(name, password):
            password = _without_lines(password)
        return Lasting(name, password, expires_at)

    def renew(self) -> None:
        """Exchange the cloud identity now and ignore the cache. Raises ClientError."""
        text, seconds = self._exchange_now()
        self._context.cache.put(self._key, text, seconds)
        self._latest = _load(text), True

    def registry(self) -> str:
        """Return the registry's address from the exchange. Raises Misconfigured if it has none."""
        registry = self._exchanged().registry if self.is_exchanged else None
        hosts = self._context.endpoint.hosts
        if registry and hosts:
            with suppress(ValueError):
                url = Url.parse(registry)
                if url.scheme == "https" and hosts.fullmatch(url.authority):
                    return url.origin
        raise Misconfigured("image_needed")

    def _exchanged(self, stale: Exchanged | None = None) -> Exchanged:
        if self._latest is None or self._latest[0] == stale:
            refused = None if stale is None else _dump(stale)
            text, is_new = self._context.cache.get(
                self._key, self._exchange_now, refused, by_one_process=True
            )
            self._latest = _load(text), is_new
        return self._latest[0]

    @property
    def _key(self) -> str:
        # The repr of a credential contains no secret. Only Azure exchanges it for one registry.
        is_azure = isinstance(self._credential, AzurePrincipal)
        registry = self._context.endpoint.url if is_azure else None
        return self._context.cache.key("exchanged", repr(self._credential), registry)

    def _exchange_now(self) -> tuple[str, float]:
        """Return a new exchange, serialized for the cache, and the seconds it may stay there."""
        url, credential = self._context.endpoint.url, self._credential
        if isinstance(credential, Anonymous | Basic):
            raise TypeError("nothing to exchange")
        exchanged = exchange(
            credential,
            registry=None if url is None else Url.parse(url).origin,
            transport=self._context.transport,
            deadline=self._context.deadline,
        )
        return _dump(exchanged), min(exchanged.left.total_seconds() - MARGIN, LONGEST)


def _dump(exchanged: Exchanged) -> str:
    credential = exchanged.credential
    if isinstance(credential, Basic):
        parts = [credential.username, credential.password]
    else:
        parts = [credential.token]
    times = exchanged.expires_at.isoformat(), exchanged.made_at.isoformat()
    return json.dumps([parts, exchanged.registry, *times])


def _load(text: str) -> Exchanged:
    parts, registry, *times = json.loads(text)
    credential = Basic(*parts) if len(parts) == 2 else IdentityToken(*parts)
    expires_at, made_at = map(datetime.fromisoformat, times)
    return Exchanged(credential, expires_at, registry, made_at)
