"""A client for a row: what it signs in with, how it connects, where its tokens are kept.

The client is imported when it is first needed, so that loading the app loads neither requests nor
a cloud's SDK.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Self

from django.utils.crypto import salted_hmac
from django.views.decorators.debug import sensitive_variables

from registries import conf
from registries.client.deadline import Deadline
from registries.client.errors import Misconfigured
from registries.client.urls import Url
from registries.kinds import KINDS
from registries.models import Registry
from registries.secrets.sealing import SecretUnreadable

if TYPE_CHECKING:
    from registries.client.client import Client
    from registries.client.tokens import TokenStore
    from registries.client.transport import Transport


def home_of(registry: Registry) -> str | None:
    """The host to ask when no image names one: of the address, the prefix, or the kind."""
    values = registry.plain_values()
    own = registry.declaration.own_host(values)
    return own or registry.prefix.partition("/")[0] or registry.declaration.home(values)


def addresses_of(registry: Registry, host: str | None = None) -> list[str]:
    """What a call of the row asks, without path: for people to read, and free of user names."""
    if registry.kind not in KINDS:
        return []
    values = registry.plain_values()
    named = [values[name] for name in registry.declaration.address if name in values]
    if "url" not in values and (host := host or home_of(registry)):
        named.insert(0, f"https://{host}")
    return [address for each in named if (address := _origin(each))]


def _origin(text: str) -> str:
    """The origin of an address; nothing for a region, nor for what is no address."""
    try:
        return Url.parse(text).origin
    except ValueError:
        return ""


@contextmanager
def client_for(
    registry: Registry, host: str | None = None, *, is_quick: bool = False
) -> Iterator[Client]:
    """A client for the row, good for one call. Raises ClientError.

    is_quick: whether lists too have no more than `TIMEOUT` seconds, as somebody waits for a page.
    """
    settings = conf.get()
    longest = settings.timeout if is_quick else settings.list_timeout
    with Deadline(settings.timeout, longest) as deadline:
        yield _client(registry, host, settings, deadline)


# Hides in Django's reports the local variables of what is called from here as well; of a generator,
# such as the one above, it would hide none.
@sensitive_variables()
def _client(
    registry: Registry, host: str | None, settings: conf.Conf, deadline: Deadline
) -> Client:
    from registries.client.client import Client  # noqa: PLC0415 - loads requests

    if registry.kind not in KINDS:  # a row that a later version made
        raise Misconfigured("incomplete")
    values, identity = _credentials(registry)
    kind = registry.declaration
    # Without the port that is understood: a kind tells its hosts apart by their plain names.
    host = registry.plain_host(host or home_of(registry) or "") or None
    if host and not registry.may_answer_for(host):
        # A prefix that was written past the rules must not lead the credentials elsewhere.
        raise Misconfigured("image_elsewhere", host=host)
    return Client(
        kind.endpoint(values, host),
        kind.credential(values, host, registry.prefix),
        transport=_transport(settings, registry.verify_tls, _Authority.of(registry)),
        tokens=_tokens(settings.token_cache),
        deadline=deadline,
        identity=identity,
    )


def _credentials(registry: Registry) -> tuple[dict[str, str], str]:
    """The row's values in clear, and an identity that changes with them."""
    # Sealed before that was part of the seal, a secret can be read whoever would receive it.
    unreadable = bool(registry.misdirected_secrets())
    values: dict[str, str] = {}
    try:
        values = registry.values()
    except SecretUnreadable:
        unreadable = True
    if unreadable:
        raise Misconfigured("secret_unreadable")
    # A row may have been saved without its rules being asked.
    kind = registry.declaration
    values, problems = kind.clean(values)
    if problems or kind.problems(values, is_default=registry.is_default):
        raise Misconfigured("incomplete")
    # What was learned while anybody could answer is not believed once certificates are verified.
    trust = (registry.verify_tls, registry.ca_certificate)
    # Keyed, so that nobody who reads the token cache can try passwords against it.
    told = json.dumps([registry.uid.hex, *trust, sorted(values.items())])
    return values, salted_hmac("registries.identity", told, algorithm="sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class _Authority:
    """A row's CA certificate, told from others by its hash."""

    digest: str
    pem: str = field(compare=False, repr=False)

    @classmethod
    def of(cls, registry: Registry) -> Self:
        """What the row trusts besides the site's authorities; nothing where it verifies nobody."""
        pem = registry.ca_certificate if registry.verify_tls else ""
        return cls(hashlib.sha256(pem.encode()).hexdigest(), pem)


# Each takes a megabyte once it has connected: it holds the authorities that the site trusts.
@lru_cache(maxsize=64)
def _transport(settings: conf.Conf, verify_tls: bool, authority: _Authority) -> Transport:
    """One transport, with its kept-alive connections, for all rows that connect alike."""
    from registries.client.transport import Options, Transport  # noqa: PLC0415

    return Transport(
        Options(
            timeout=settings.timeout,
            user_agent=settings.user_agent,
            ca_bundle=settings.ca_bundle,
            proxy=settings.proxy,
            no_proxy=settings.no_proxy,
            allow_private_addresses=settings.allow_private_addresses,
            endpoints=dict(settings.endpoints),
            verify_tls=verify_tls,
            ca_certificate=authority.pem,
        )
    )


@lru_cache(maxsize=8)
def _tokens(cache_name: str | None) -> TokenStore:
    from registries.client.tokens import MemoryTokens  # noqa: PLC0415

    if cache_name is None:
        return MemoryTokens()
    from registries.token_cache import CacheTokens  # noqa: PLC0415 - few sites share tokens

    return CacheTokens(cache_name)
