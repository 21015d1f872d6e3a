"""Issues the pull credentials of a row, if the row allows it."""

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

# Codes of the client that are refusals here, with a sentence of their own.
REFUSED_CODES = frozenset({"secret_unreadable", "image_needed"})


@sensitive_variables()
def issue(
    registry: Registry,
    host: str | None = None,
    *,
    globs: bool = False,
    deadline: "Deadline | None" = None,
) -> list[PullCredential]:
    """Return the row's pull credential for one lower-case host, or for all hosts of the row.

    globs: whether hosts may be patterns with `*`. deadline: for several rows together. Raises
    HandoverRefused, and ClientError if an exchange fails.
    """
    _check_row(registry)
    with _as_refusals(), client_for(registry, host, deadline=deadline) as client:
        previews = _preview(registry, client, host, globs=globs)
        # The hosts of some rows are only known after an exchange.
        previews = [replace(preview, host=preview.host or client.host) for preview in previews]
        login = client.lasting()
        if login.expires_at and login.expires_at <= datetime.now(UTC):
            # It was issued just now, so one of the two clocks must be wrong.
            raise Misconfigured("clock_skew", host=previews[0].host)
    secrets = {name: getattr(login, name) for name in ("username", "password", "expires_at")}
    return [replace(preview, **secrets) for preview in previews]


@sensitive_variables()
def preview(registry: Registry, *, globs: bool = False) -> list[PullCredential]:
    """Return what `issue` would, but without user names, passwords and ends; calls no server.

    The host is empty if it is only known after an exchange. Raises HandoverRefused and ClientError.
    """
    _check_row(registry)
    with _as_refusals(), client_for(registry) as client:
        return _preview(registry, client, None, globs=globs)


@sensitive_variables()
def places_opened(registry: Registry, host: str | None = None) -> list[str]:
    """Return every place that the row's credentials open, as in `PullCredential.place`.

    host: the lower-case host of one image, for rows whose credentials are issued for one host at a
    time. Raises HandoverRefused and ClientError.
    """
    _check_row(registry)
    with _as_refusals():
        hosts = _own_hosts(registry, globs=True) or ([host] if host else [])
    return [PullCredential(name, registry.prefix, "", "", None, False).place for name in hosts]


def _preview(
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
    return [PullCredential(name, registry.prefix, "", "", None, is_short) for name in hosts or [""]]


def _check_row(registry: Registry) -> None:
    """Raise HandoverRefused if the row can be refused without decrypting its secrets."""
    if registry.kind not in KINDS:  # a later version of the app created the row
        raise Misconfigured("incomplete")
    if registry.state == "anonymous":
        raise HandoverRefused("anonymous")
    if registry.handover not in {Leaving.SHORT, Leaving.ANY}:
        raise HandoverRefused("not_allowed", name=registry.name)
    if registry.check_verdict == Verdict.REJECTED:
        raise HandoverRefused("rejected")


def _own_hosts(registry: Registry, *, globs: bool) -> list[str]:
    """Return the hosts that the row answers for, its home first; patterns only with `globs`."""
    home = home_of(registry)
    if registry.prefix or registry.declaration.own_host(registry.plain_values()):
        return [home] if home else []
    by_example = {pattern.example: pattern.text for pattern in patterns(registry)}
    hosts = [by_example[example] for example in signs_in_alike(registry, by_example)]
    usable = [host for host in hosts if globs or "*" not in host]
    return sorted(usable, key=lambda host: host != home)


@contextmanager
def _as_refusals() -> Iterator[None]:
    """Raise HandoverRefused in place of the client's errors that are about the row itself."""
    try:
        yield
    except Misconfigured as error:
        if error.code not in REFUSED_CODES:
            raise
        raise HandoverRefused(error.code) from None
