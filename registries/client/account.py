"""The credential of one client: exchanged first where it is a cloud's identity, then presented."""

import base64
import json
import re
from contextlib import suppress
from datetime import UTC, datetime

from registries.client.context import Context
from registries.client.errors import Misconfigured
from registries.client.exchange import Exchanged, exchange
from registries.client.urls import Url
from registries.credentials import (
    LINES,
    Anonymous,
    AzurePrincipal,
    Basic,
    Credential,
    IdentityToken,
    is_key_file,
)

# An exchanged credential is renewed this long before it ends, and kept half a day at most.
MARGIN, LONGEST = 300.0, 43_200.0

# Control characters, which RFC 7617 forbids, and lone surrogates, which have no UTF-8.
_UNSENDABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")

# What a registry or its token server is shown.
Presented = Basic | IdentityToken


def basic(credential: Basic) -> str:
    """The Authorization header of RFC 7617, in UTF-8.

    Raises Misconfigured for a user name or password that the scheme cannot carry.
    """
    name, password = credential.username, credential.password
    checked = _without_lines(password) if is_key_file(name, password) else password
    # A colon in the name would move the split.
    if ":" in name or _UNSENDABLE.search(name + checked):
        raise Misconfigured("incomplete")
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def _without_lines(key_file: str) -> str:
    return key_file.translate(dict.fromkeys(map(ord, LINES)))


class Account:
    """Whom the client signs in as."""

    def __init__(self, context: Context, credential: Credential) -> None:
        self._context = context
        self._credential = credential
        self._last: tuple[Exchanged, bool] | None = None

    @property
    def is_anonymous(self) -> bool:
        return isinstance(self._credential, Anonymous)

    @property
    def is_exchanged(self) -> bool:
        """Whether a cloud vouches for what is presented."""
        return not isinstance(self._credential, Anonymous | Basic)

    def presented(self) -> Presented | None:
        """What is shown; None for nothing. Raises ClientError where an exchange fails."""
        if isinstance(self._credential, Anonymous):
            return None
        if isinstance(self._credential, Basic):
            return self._credential
        return self._exchanged().credential

    def renewed(self, refused: Presented | None) -> Presented | None:
        """What to show instead of what was refused; None where there is nothing newer.

        Only what was exchanged earlier, and may have ended since, has something newer.
        """
        if self._last is None:
            return None
        exchanged, fresh = self._last
        if exchanged.credential != refused:
            return exchanged.credential
        return None if fresh else self._exchanged(stale=exchanged).credential

    def exchange_anew(self) -> None:
        """Exchange the cloud's identity now, whatever is remembered. Raises ClientError."""
        text, seconds = self._make()
        self._context.kept.put(self._key, text, seconds)
        self._last = _load(text), True

    def registry(self) -> str:
        """The registry's address that the exchange names. Raises Misconfigured for none."""
        named = self._exchanged().registry if self.is_exchanged else None
        hosts = self._context.endpoint.hosts
        if named and hosts:
            with suppress(ValueError):
                place = Url.parse(named)
                if place.scheme == "https" and hosts.fullmatch(place.authority):
                    return place.origin
        raise Misconfigured("image_needed")

    def _exchanged(self, stale: Exchanged | None = None) -> Exchanged:
        if self._last is None or self._last[0] == stale:
            refused = None if stale is None else _dump(stale)
            text, fresh = self._context.kept.get(self._key, self._make, refused)
            self._last = _load(text), fresh
        return self._last[0]

    @property
    def _key(self) -> str:
        # A credential's repr holds no secret. Only Azure's exchange is for one registry alone.
        mine = isinstance(self._credential, AzurePrincipal)
        place = self._context.endpoint.url if mine else None
        return self._context.kept.key("exchange", repr(self._credential), place)

    def _make(self) -> tuple[str, float]:
        """A new exchange, as it is kept, and for how long it may be."""
        url, credential = self._context.endpoint.url, self._credential
        if isinstance(credential, Anonymous | Basic):
            raise TypeError("nothing to exchange")
        exchanged = exchange(
            credential,
            registry=None if url is None else Url.parse(url).origin,
            transport=self._context.transport,
            deadline=self._context.deadline,
        )
        seconds = (exchanged.expires_at - datetime.now(UTC)).total_seconds() - MARGIN
        return _dump(exchanged), min(seconds, LONGEST)


def _dump(exchanged: Exchanged) -> str:
    held = exchanged.credential
    parts = [held.username, held.password] if isinstance(held, Basic) else [held.token]
    return json.dumps([parts, exchanged.expires_at.isoformat(), exchanged.registry])


def _load(text: str) -> Exchanged:
    parts, expires_at, registry = json.loads(text)
    credential = Basic(*parts) if len(parts) == 2 else IdentityToken(*parts)
    return Exchanged(credential, datetime.fromisoformat(expires_at), registry)
