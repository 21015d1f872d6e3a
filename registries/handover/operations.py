"""Hands credentials over: checks who may have which row's, issues, renders and records them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.crypto import salted_hmac
from django.views.decorators.debug import sensitive_variables

from registries.handover import issuing
from registries.handover.auditing import Audit, Issued
from registries.handover.credential import PullCredential
from registries.handover.form import Form, Options, Paths, earliest_expiry
from registries.handover.recipient import Recipient
from registries.handover.refusals import HandoverRefused
from registries.handover.target import Target, find_rows
from registries.models import Registry
from registries.reference import InvalidReference, Reference, prefixes
from registries.resolving.naming import reference_for
from registries.row_client import deadline_for


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What was handed over: the text in its form, and when it expires (None: never)."""

    text: str = field(repr=False)
    form: Form
    expires_at: datetime | None


@sensitive_variables()
def pull_credential(registry: Registry, image: str | None, recipient: Recipient) -> PullCredential:
    """Return a row's pull credential. Raises HandoverRefused, InvalidReference and ClientError."""
    if image is not None:
        Reference.from_pasted(image)
    audit = Audit(recipient, str(Target(image=image or "")), "")
    with audit.recording_refusal(registry):
        _check_permission(recipient)
        host = None if image is None else _host_of(registry, image)
        _check_limits(recipient, registry, host)
        credential = issuing.issue(registry, host)[0]
    audit.record([(registry, [credential])])
    return credential


@sensitive_variables()
def hand_over(
    form: Form, target: Target, recipient: Recipient, *, name: str = "", namespace: str = ""
) -> HandedOver:
    """Hand over the credentials of all rows of the target, or none.

    name, namespace: of a Kubernetes Secret. Raises HandoverRefused and ClientError.
    """
    audit = Audit(recipient, str(target), form.slug)
    with audit.recording_refusal():
        _check_permission(recipient)
        reference = target.reference()
        rows = list(find_rows(target, reference))
        if not rows or len(rows) < len(set(target.registries)):
            raise HandoverRefused(_code_if_missing(recipient, reference))
    host = reference.match_host if reference else None
    # All rows are checked before the first cloud is called.
    for registry in rows:
        with audit.recording_refusal(registry):
            _check_limits(recipient, registry, host)
            _check_prefix(form, registry, reference)
    issued = []
    with deadline_for() as deadline:
        for registry in rows:
            with audit.recording_refusal(registry):
                credentials = issuing.issue(registry, host, globs=form.globs, deadline=deadline)
            issued.append((registry, credentials))
    with audit.recording_refusal():
        text = _render(form, issued, _options(target, reference, issued, name, namespace))
    audit.record(issued)
    return HandedOver(text, form, earliest_expiry(_credentials(issued)))


@sensitive_variables()
def preview(form: Form, registries: Sequence[Registry]) -> list[PullCredential]:
    """Return what `hand_over` would hand over, without anything secret.

    No server is called and nothing is recorded, so a later exchange may still fail. The host is
    empty if it is only known after an exchange. Raises HandoverRefused and ClientError.
    """
    credentials = []
    for registry in registries:
        credentials += issuing.preview(registry, globs=form.globs)
        _check_prefix(form, registry, None)
    _check_keys(form, credentials)
    return credentials


def _check_permission(recipient: Recipient) -> None:
    if not recipient.is_permitted:
        raise HandoverRefused("not_permitted")
    if not recipient.limits.may_hand_over:
        raise HandoverRefused("token_limited")


def _check_limits(recipient: Recipient, registry: Registry, host: str | None) -> None:
    """Refuse credentials that open more than the access token is limited to."""
    limits = recipient.limits
    if limits.names_all or limits.name(registry.pk):
        return
    if not Registry.objects.within(limits).filter(pk=registry.pk).exists():
        raise HandoverRefused("token_limited")
    places = issuing.places_opened(registry, host)
    if not places or not all(map(limits.cover, places)):
        raise HandoverRefused("token_limited")


def _code_if_missing(recipient: Recipient, reference: Reference | None) -> str:
    """Return the code for a row that does not exist.

    A limited access token must not find out which other registries exist, so it gets
    `token_limited` for everything but its own images.
    """
    limits = recipient.limits
    is_own = limits.names_all or (reference and limits.cover(reference.place))
    return "no_registry" if is_own else "token_limited"


def _host_of(registry: Registry, image: str) -> str:
    """Return the host of an image. Raises HandoverRefused if the row is not for this image."""
    try:
        reference = reference_for(registry, image)
    except InvalidReference:
        raise HandoverRefused("not_this_registry") from None
    is_under = not registry.prefix or registry.prefix in prefixes(reference)
    if not (is_under and registry.answers_for(reference.match_host)):
        raise HandoverRefused("not_this_registry")
    return reference.match_host


def _check_prefix(form: Form, registry: Registry, reference: Reference | None) -> None:
    """Refuse a row for a part of a host in a form whose readers would use it for all of the host.

    reference: the one image that is requested, if it is one.
    """
    is_for_one_image = form.paths is Paths.PER_IMAGE and reference and reference.repository
    if "/" in registry.prefix and form.paths is not Paths.SUPPORTED and not is_for_one_image:
        raise HandoverRefused("prefix_not_possible", name=registry.name, prefix=registry.prefix)


def _options(
    target: Target, reference: Reference | None, issued: Issued, name: str, namespace: str
) -> Options:
    others = reference and Registry.objects.filter(host=reference.match_host, prefix__contains="/")
    return Options(
        name=name,
        namespace=namespace,
        server=target.host,
        repository=reference.place if reference and reference.repository else "",
        shares_host=bool(others and others.exists()),
        ids=tuple(registry.pk for registry, _ in issued),
        fingerprint=_fingerprint(_credentials(issued)),
    )


def _render(form: Form, issued: Issued, options: Options) -> str:
    credentials = _credentials(issued)
    _check_keys(form, credentials)
    text = form.render(credentials, options)
    if form.max_bytes and len(text.encode()) > form.max_bytes:
        raise HandoverRefused("too_large")
    return text


def _check_keys(form: Form, credentials: Sequence[PullCredential]) -> None:
    if len({form.key(credential) for credential in credentials}) < len(credentials):
        raise HandoverRefused("same_key")


def _credentials(issued: Issued) -> list[PullCredential]:
    return [credential for _, credentials in issued for credential in credentials]


def _fingerprint(credentials: Sequence[PullCredential]) -> str:
    """Return an HMAC, so that passwords cannot be guessed from it without the site's key."""
    logins = [[login.place, login.username, login.password] for login in credentials]
    value = json.dumps(logins)
    return salted_hmac("registries.handover", value, algorithm="sha256").hexdigest()
