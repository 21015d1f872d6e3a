"""The audit of hand-overs: each one, and each refusal, before anything leaves the site."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from django.db import router, transaction
from django.utils import timezone

from registries.checking.callers import MINUTE
from registries.client.errors import ClientError
from registries.handover.credential import PullCredential
from registries.handover.form import first_end
from registries.handover.recipient import Recipient
from registries.handover.refusals import HandoverRefused
from registries.kinds import KINDS
from registries.models import Handover, Registry, names
from registries.models.handover import ENTRUSTED, HANDED_OVER
from registries.models.times import as_stored

Made = Sequence[tuple[Registry, Sequence[PullCredential]]]

# What a refusal has in common with one that was stored within a minute, and tells nothing new.
SAME = ("registry_id", "asked", "form", "code", "way", "token", "token_key", "address")
# What anybody with an account can cause, and how many of these are stored per minute and user.
UNPERMITTED = ("not_permitted", "token_limited")
MOST_UNPERMITTED = 30

logger = logging.getLogger(__name__)


class Audit:
    """Who asks for what, in which form; it stores how that ended."""

    def __init__(self, recipient: Recipient, asked: str, form: str) -> None:
        self._recipient = recipient
        self._asked = asked
        self._form = form

    @contextmanager
    def refusing(self, registry: Registry | None = None) -> Iterator[None]:
        """Store what is refused in this block, or fails there, with its code."""
        try:
            yield
        except (HandoverRefused, ClientError) as error:
            self._store(registry, error.code, ())
            raise

    def keep(self, made: Made) -> None:
        """Store what is about to be handed over, all of it or nothing.

        Raises HandoverRefused where a row was saved or deleted since it was loaded.
        """
        using = router.db_for_write(Registry)
        try:
            with transaction.atomic(using=using):
                for registry, credentials in made:
                    self._note_on_row(registry, using)
                    self._store(registry, HANDED_OVER, credentials)
        except HandoverRefused as error:
            for registry, _credentials in made:
                self._store(registry, error.code, ())
            raise

    def note_entrusted(self, registry: Registry) -> None:
        """Store that other servers may receive the row's stored secrets from now on."""
        self._store(registry, ENTRUSTED, ())

    def _note_on_row(self, registry: Registry, using: str) -> None:
        if registry._state.adding:
            return
        rows = Registry._base_manager.using(using)
        row = rows.filter(pk=registry.pk, version=registry.version)
        if not row.update(last_handed_over=timezone.now()):
            raise HandoverRefused("changed_meanwhile")

    def _store(
        self, registry: Registry | None, code: str, credentials: Iterable[PullCredential]
    ) -> None:
        using = router.db_for_write(Registry)
        made = list(credentials)
        handover = Handover(
            asked=self._asked,
            form=self._form,
            code=code,
            places=" ".join(each.place for each in made),
            is_short=made[0].is_short if made else None,
            expires_at=as_stored(first_end(made)),
            way=self._recipient.way,
            user_id=self._recipient.user_id,
            user_name=self._recipient.user_name,
            token=self._recipient.token,
            token_key=self._recipient.token_key,
            address=self._recipient.address,
        )
        # Together: whoever deletes the row meanwhile comes before this, or after.
        with transaction.atomic(using=using):
            if registry is not None:
                handover.registry_name = (registry.name or "")[: names.MAX_NAME]
                handover.kind = registry.kind if registry.kind in KINDS else ""
                row = Registry._base_manager.using(using).filter(pk=registry.pk)
                if not registry._state.adding and row.select_for_update().values_list("pk").first():
                    handover.registry_id = registry.pk
            if not handover.is_refused or _is_news(handover, using):
                handover.keep(using)


def _is_news(refusal: Handover, using: str) -> bool:
    """Whether a refusal is stored. Not all are, so that nobody fills the disk by being refused."""
    now = timezone.now()
    # Those in the future were stored before the clock was set back.
    recent = Handover.objects.using(using).filter(
        user_id=refusal.user_id, handed_at__gt=now - MINUTE, handed_at__lt=now + MINUTE
    )
    if recent.filter(**{name: getattr(refusal, name) for name in SAME}).exists():
        return False
    if refusal.code not in UNPERMITTED:
        return True
    is_news = recent.filter(code__in=UNPERMITTED).count() < MOST_UNPERMITTED
    if not is_news:
        who = (refusal.user_id, refusal.address, refusal.code)
        logger.warning("Not in the audit: user %s at %s was refused (%s) too often.", *who)
    return is_news
