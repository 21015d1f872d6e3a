"""Makes the client for a row, with its credential, transport and token store.

The client is imported when it is first needed, so that loading the app imports neither requests
nor the SDK of a cloud.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Self

from django.utils.crypto import salted_hmac
from django.views.decorators.debug import sensitive_variables

from registries import conf
from registries.client.deadline import Deadline
from registries.client.errors import ClientError, Misconfigured
from registries.client.urls import Url
from registries.credentials import AzurePrincipal
from registries.kinds import KINDS
from registries.models import Registry
from registries.secrets.sealing import SecretUnreadable

if TYPE_CHECKING:
    from registries.client.client import Client
    from registries.client.tokens import TokenStore
    from registries.client.transport import Transport


def home_of(registry: Registry) -> str | None:
    """Return the host to call if no image names one: from the address, the prefix or the kind."""
    values = registry.plain_values()
    own = registry.declaration.own_host(values)
    return own or registry.prefix.partition("/")[0] or registry.declaration.home(values)


def addresses_of(registry: Registry, host: str | None = None) -> list[str]:
    """Return the origins that a call of the row uses, to be shown to people."""
    if registry.kind not in KINDS:
        return []
    values = registry.plain_values()
    addresses = [values[name] for name in registry.declaration.address if name in values]
    if "url" not in values and (host := host or home_of(registry)):
        addresses.insert(0, f"https://{host}")
    return [origin for address in addresses if (origin := _origin(address))]


def _origin(text: str) -> str:
    """Return the origin of an address; empty for a region or an invalid address."""
    try:
        return Url.parse(text).origin
    except ValueError:
        return ""


@contextmanager
def client_for(
    registry: Registry,
    host: str | None = None,
    *,
    is_quick: bool = False,
    deadline: Deadline | None = None,
) -> Iterator[Client]:
    """Return a client for one call of the row's registry. Raises ClientError.

    is_quick: whether lists may only take `TIMEOUT` seconds too, because somebody waits for a page.
    deadline: the one of several calls together, from `deadline_for`, instead of one of its own.
    """
    settings = conf.get()
    try:
        if deadline:
            deadline.renew()
            yield _client(registry, host, settings, deadline)
            return
        with deadline_for(is_quick=is_quick) as own:
            yield _client(registry, host, settings, own)
    except ClientError as error:
        error.kind = registry.kind
        raise


def deadline_for(*, is_quick: bool = False) -> Deadline:
    """Return a deadline of `TIMEOUT` for each part, and of `LIST_TIMEOUT` for all together.

    is_quick: whether all together may only take `TIMEOUT` too.
    """
    settings = conf.get()
    return Deadline(settings.timeout, settings.timeout if is_quick else settings.list_timeout)


# This also hides the local variables of the functions called here from Django's error reports. On a
# generator, such as `client_for`, the decorator would have no effect.
@sensitive_variables()
def _client(
    registry: Registry, host: str | None, settings: conf.Conf, deadline: Deadline
) -> Client:
    from registries.client.client import Client  # noqa: PLC0415 - loads requests

    if registry.kind not in KINDS:  # a row that a later version made
        raise Misconfigured("incomplete")
    values, identity = _credentials(registry)
    kind = registry.declaration
    # Kinds compare hosts without the default port.
    host = registry.plain_host(host or home_of(registry) or "") or None
    if host and not registry.may_answer_for(host):
        # A prefix that was saved without validation must not send the credentials elsewhere.
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
    """Return the row's values in clear, and an identity that changes with them."""
    # A secret of the old version can be decrypted whoever would receive it, so this is checked too.
    unreadable = bool(registry.misdirected_secrets())
    values: dict[str, str] = {}
    try:
        values = registry.values()
    except SecretUnreadable:
        unreadable = True
    if unreadable:
        raise Misconfigured("secret_unreadable")
    # A row may have been saved without validation.
    kind = registry.declaration
    values, problems = kind.clean(values)
    if problems or kind.problems(values, is_default=registry.is_default):
        raise Misconfigured("incomplete")
    # What was cached without verifying certificates must not be used once they are verified.
    trust = (registry.verify_tls, registry.ca_certificate)
    # A keyed hash, so that nobody who can read the token cache can guess passwords with it.
    material = json.dumps([registry.uid.hex, *trust, sorted(values.items())])
    return values, salted_hmac("registries.identity", material, algorithm="sha256").hexdigest()


@sensitive_variables()
def signs_in_alike(registry: Registry, hosts: Iterable[str]) -> list[str]:
    """Of other hosts, those at which the row signs in as it does at its own. Raises ClientError.

    None where what it signs in with is good for one registry alone.
    """
    values, _identity = _credentials(registry)
    credential, prefix = registry.declaration.credential, registry.prefix
    own = credential(values, home_of(registry), prefix)
    if isinstance(own, AzurePrincipal):
        return []
    return [host for host in hosts if credential(values, host, prefix) == own]


@dataclass(frozen=True, slots=True)
class _Authority:
    """The CA certificate of a row, which is compared by its hash."""

    digest: str
    pem: str = field(compare=False, repr=False)

    @classmethod
    def of(cls, registry: Registry) -> Self:
        """Return the CA that the row trusts besides the site's; none if it does not verify."""
        pem = registry.ca_certificate if registry.verify_tls else ""
        return cls(hashlib.sha256(pem.encode()).hexdigest(), pem)


def site_transport() -> Transport:
    """Return the transport for calls that are about no row, such as webhooks."""
    return _transport(conf.get(), True, _Authority(hashlib.sha256(b"").hexdigest(), ""))


# A transport takes a megabyte of memory once it has connected, for the CAs that the site trusts.
@lru_cache(maxsize=64)
def _transport(settings: conf.Conf, verify_tls: bool, authority: _Authority) -> Transport:
    """Return the transport, with its pool of connections, for all rows with the same options."""
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
