"""Handing over: who may, which rows, in which form."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.crypto import salted_hmac
from django.views.decorators.debug import sensitive_variables

from registries.handover.auditing import Audit, Made
from registries.handover.credential import PullCredential
from registries.handover.form import Form, Options, Paths, first_end
from registries.handover.making import make, opened, outlined
from registries.handover.recipient import Recipient
from registries.handover.refusals import HandoverRefused
from registries.handover.wanted import Wanted, rows
from registries.models import Registry
from registries.reference import InvalidReference, Reference, prefixes
from registries.resolving.naming import reference_for
from registries.row_client import deadline_for


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What was handed over: the text in its form, and until when it is good (None: no end)."""

    text: str = field(repr=False)
    form: Form
    expires_at: datetime | None


@sensitive_variables()
def pull(registry: Registry, image: str | None, recipient: Recipient) -> PullCredential:
    """A row's pull credential. Raises HandoverRefused, InvalidReference and ClientError."""
    if image is not None:
        Reference.from_pasted(image)
    audit = Audit(recipient, str(Wanted(image=image or "")), "")
    with audit.refusing(registry):
        _check_who(recipient)
        host = None if image is None else _host_of(registry, image)
        _check_limits(recipient, registry, host)
        credential = make(registry, host)[0]
    audit.keep([(registry, [credential])])
    return credential


@sensitive_variables()
def hand_over(
    form: Form, wanted: Wanted, recipient: Recipient, *, name: str = "", namespace: str = ""
) -> HandedOver:
    """Everything that is wanted, or nothing. Raises HandoverRefused and ClientError.

    name, namespace: of a Kubernetes Secret.
    """
    audit = Audit(recipient, str(wanted), form.slug)
    with audit.refusing():
        _check_who(recipient)
        reference = wanted.reference()
        found = list(rows(wanted, reference))
        if not found or len(found) < len(set(wanted.registries)):
            raise HandoverRefused(_nothing(recipient, reference))
    host = reference.match_host if reference else None
    made = []
    for registry in found:
        with audit.refusing(registry):
            _check_limits(recipient, registry, host)
            _check_path(form, registry, reference)
    with deadline_for() as deadline:
        for registry in found:
            with audit.refusing(registry):
                credentials = make(registry, host, globs=form.globs, deadline=deadline)
            made.append((registry, credentials))
    with audit.refusing():
        text = _rendered(form, made, _options(wanted, reference, made, name, namespace))
    audit.keep(made)
    return HandedOver(text, form, first_end(_all(made)))


@sensitive_variables()
def foresee(form: Form, registries: Sequence[Registry]) -> list[PullCredential]:
    """What `hand_over` would hand over of registries, with nothing in it that is secret.

    Nobody is asked for it and nothing is written down, so that an exchange may fail later. The host
    is empty where only an exchange names it. Raises HandoverRefused and ClientError.
    """
    found = []
    for registry in registries:
        found += outlined(registry, globs=form.globs)
        _check_path(form, registry, None)
    _check_keys(form, found)
    return found


def _check_who(recipient: Recipient) -> None:
    if not recipient.is_permitted:
        raise HandoverRefused("not_permitted")
    if not recipient.limits.may_hand_over:
        raise HandoverRefused("token_limited")


def _check_limits(recipient: Recipient, registry: Registry, host: str | None) -> None:
    """Refuse what would open more to an access token than it names."""
    limits = recipient.limits
    if limits.names_all or limits.name(registry.pk):
        return
    if not Registry.objects.within(limits).filter(pk=registry.pk).exists():
        raise HandoverRefused("token_limited")
    places = opened(registry, host)
    if not places or not all(map(limits.cover, places)):
        raise HandoverRefused("token_limited")


def _nothing(recipient: Recipient, reference: Reference | None) -> str:
    """Why nothing is found: access tokens learn of their own images alone that nothing is there."""
    limits = recipient.limits
    is_own = limits.names_all or (reference and limits.cover(reference.place))
    return "no_registry" if is_own else "token_limited"


def _host_of(registry: Registry, image: str) -> str:
    """The host of an image that is the row's."""
    try:
        reference = reference_for(registry, image)
    except InvalidReference:
        raise HandoverRefused("not_this_registry") from None
    is_under = not registry.prefix or registry.prefix in prefixes(reference)
    if not (is_under and registry.answers_for(reference.match_host)):
        raise HandoverRefused("not_this_registry")
    return reference.match_host


def _check_path(form: Form, registry: Registry, reference: Reference | None) -> None:
    """Refuse to hand over for the whole host what is for a part of it alone."""
    about_one_image = form.paths is Paths.ASKED and reference and reference.repository
    if "/" in registry.prefix and form.paths is not Paths.KEPT and not about_one_image:
        raise HandoverRefused("prefix_not_possible", name=registry.name, prefix=registry.prefix)


def _options(
    wanted: Wanted, reference: Reference | None, made: Made, name: str, namespace: str
) -> Options:
    shares = reference and Registry.objects.filter(host=reference.match_host, prefix__contains="/")
    return Options(
        name=name,
        namespace=namespace,
        server=wanted.host,
        repository=reference.place if reference and reference.repository else "",
        shares_host=bool(shares and shares.exists()),
        ids=tuple(registry.pk for registry, _credentials in made),
        fingerprint=_fingerprint(_all(made)),
    )


def _rendered(form: Form, made: Made, options: Options) -> str:
    credentials = _all(made)
    _check_keys(form, credentials)
    text = form.render(credentials, options)
    if form.longest and len(text.encode()) > form.longest:
        raise HandoverRefused("too_large")
    return text


def _check_keys(form: Form, credentials: Sequence[PullCredential]) -> None:
    if len({form.key(each) for each in credentials}) < len(credentials):
        raise HandoverRefused("same_key")


def _all(made: Made) -> list[PullCredential]:
    return [each for _registry, credentials in made for each in credentials]


def _fingerprint(credentials: Sequence[PullCredential]) -> str:
    """Keyed, so that nobody who reads it can try passwords against it."""
    told = json.dumps([[each.place, each.username, each.password] for each in credentials])
    return salted_hmac("registries.handover", told, algorithm="sha256").hexdigest()
