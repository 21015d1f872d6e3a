"""From a row to its pull credential: whether it may leave, what it is, until when."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.views.decorators.debug import sensitive_variables

from registries.client.errors import Misconfigured
from registries.handover.credential import PullCredential
from registries.handover.refusals import NEVER_SHORT, HandoverRefused
from registries.kinds import KINDS
from registries.models import Leaving, Registry
from registries.resolving.hosts import patterns
from registries.row_client import client_for, home_of, signs_in_alike
from registries.verdicts import Verdict

if TYPE_CHECKING:
    from registries.client.client import Client
    from registries.client.deadline import Deadline

# What a client says of a row, and a refusal says in words of its own.
OWN_WORDS = frozenset({"secret_unreadable", "image_needed"})


@sensitive_variables()
def make(
    registry: Registry,
    host: str | None = None,
    *,
    globs: bool = False,
    deadline: "Deadline | None" = None,
) -> list[PullCredential]:
    """The row's pull credential: for one lower-cased host, or for each that the row answers for.

    With `globs` these may be patterns. deadline: of several rows together. Raises HandoverRefused,
    and ClientError where an exchange fails.
    """
    _refuse_unasked(registry)
    with _in_own_words(), client_for(registry, host, deadline=deadline) as client:
        outline = _outlined(registry, client, host, globs=globs)
        # Where even the row does not know its host, the exchange names it.
        outline = [replace(each, host=each.host or client.host) for each in outline]
        made = client.lasting()
        if made.expires_at and made.expires_at <= datetime.now(UTC):
            # Made just now, so it ends later than now, unless a clock is wrong.
            raise Misconfigured("clock_skew", host=outline[0].host)
    filled = {name: getattr(made, name) for name in ("username", "password", "expires_at")}
    return [replace(each, **filled) for each in outline]


@sensitive_variables()
def outlined(registry: Registry, *, globs: bool = False) -> list[PullCredential]:
    """What `make` would return, with nothing in it that is secret; nobody is asked for it.

    The host is empty where only an exchange names it. Raises HandoverRefused and ClientError.
    """
    _refuse_unasked(registry)
    with _in_own_words(), client_for(registry) as client:
        return _outlined(registry, client, None, globs=globs)


@sensitive_variables()
def opened(registry: Registry, host: str | None = None) -> list[str]:
    """All that the credentials of a row open, as `PullCredential.place` says it.

    host: the lower-cased host of one image, for credentials that are good for one registry alone.
    Raises HandoverRefused and ClientError.
    """
    _refuse_unasked(registry)
    with _in_own_words():
        hosts = _own_hosts(registry, globs=True) or ([host] if host else [])
    return [PullCredential(each, registry.prefix, "", "", None, False).place for each in hosts]


def _outlined(
    registry: Registry, client: "Client", host: str | None, *, globs: bool
) -> list[PullCredential]:
    if client.is_anonymous:
        raise HandoverRefused("anonymous")
    if not client.is_exchanged and registry.handover != Leaving.ANY:
        raise HandoverRefused("not_allowed", NEVER_SHORT, name=registry.name)
    hosts = [host] if host else _own_hosts(registry, globs=globs)
    if not hosts and not client.is_told_its_host:
        raise HandoverRefused("image_needed")
    is_short = client.is_exchanged
    return [PullCredential(each, registry.prefix, "", "", None, is_short) for each in hosts or [""]]


def _refuse_unasked(registry: Registry) -> None:
    """What is refused without a look at the secrets. Raises HandoverRefused."""
    if registry.kind not in KINDS:  # a row that a later version made
        raise Misconfigured("incomplete")
    if registry.state == "anonymous":
        raise HandoverRefused("anonymous")
    if registry.handover not in {Leaving.SHORT, Leaving.ANY}:
        raise HandoverRefused("not_allowed", name=registry.name)
    if registry.check_verdict == Verdict.REJECTED:
        raise HandoverRefused("rejected")


def _own_hosts(registry: Registry, *, globs: bool) -> list[str]:
    """The hosts that a row answers for, its home first; patterns only with `globs`."""
    home = home_of(registry)
    if registry.prefix or registry.declaration.own_host(registry.plain_values()):
        return [home] if home else []
    known = {each.example: each.text for each in patterns(registry)}
    alike = [known[example] for example in signs_in_alike(registry, known)]
    found = [host for host in alike if globs or "*" not in host]
    return sorted(found, key=lambda host: host != home)


@contextmanager
def _in_own_words() -> Iterator[None]:
    """Turn what a client says of the row into a refusal."""
    try:
        yield
    except Misconfigured as error:
        if error.code not in OWN_WORDS:
            raise
        raise HandoverRefused(error.code) from None
