"""The audit of hand-overs: records each one, and each refusal, before anything leaves the site."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from django.db import router, transaction
from django.utils import timezone

from registries.checking.callers import MINUTE
from registries.client.errors import ClientError
from registries.handover.credential import PullCredential
from registries.handover.form import earliest_expiry
from registries.handover.recipient import Recipient
from registries.handover.refusals import HandoverRefused
from registries.kinds import KINDS
from registries.models import Handover, Registry, names
from registries.models.handover import ENTRUSTED, HANDED_OVER
from registries.models.tally import count_handovers
from registries.models.times import as_stored

# Rows with the credentials that were issued for them.
Issued = Sequence[tuple[Registry, Sequence[PullCredential]]]

# A refusal with the same values as one of the last minute is not stored again.
SAME_REFUSAL = ("registry_id", "asked", "form", "code", "way", "token", "token_key", "address")
# Refusals that everybody with an account can cause, and how many of them are stored per user and
# minute.
UNPERMITTED = ("not_permitted", "token_limited")
MAX_UNPERMITTED = 30

logger = logging.getLogger(__name__)


class Audit:
    """Records how one request for credentials ended.

    asked: the target, as the audit shows it. form: the slug of the form; empty if there is none.
    """

    def __init__(self, recipient: Recipient, asked: str, form: str) -> None:
        self._recipient = recipient
        self._asked = asked
        self._form = form

    @contextmanager
    def recording_refusal(self, registry: Registry | None = None) -> Iterator[None]:
        """Record the code of a HandoverRefused or ClientError that the block raises."""
        try:
            yield
        except (HandoverRefused, ClientError) as error:
            self._store_refusal(registry, error.code)
            raise

    def record(self, issued: Issued) -> None:
        """Record what is about to be handed over: all of it, or nothing.

        Raises HandoverRefused if a row was saved or deleted since it was loaded.
        """
        using = router.db_for_write(Registry)
        try:
            with transaction.atomic(using=using):
                for registry, credentials in issued:
                    self._mark_row(registry, using)
                    self._store(registry, HANDED_OVER, credentials)
                count_handovers(self._form, HANDED_OVER, len(issued), using)
        except HandoverRefused as error:
            for registry, _ in issued:
                self._store_refusal(registry, error.code)
            raise

    def record_entrusted(self, registry: Registry) -> None:
        """Record that other servers may receive the row's stored secrets from now on."""
        using = router.db_for_write(Registry)
        with transaction.atomic(using=using):
            self._store(registry, ENTRUSTED, ())
            count_handovers(self._form, ENTRUSTED, 1, using)

    def _store_refusal(self, registry: Registry | None, code: str) -> None:
        """Count every refusal, also those that are left out of the audit."""
        using = router.db_for_write(Registry)
        with transaction.atomic(using=using):
            self._store(registry, code, ())
            count_handovers(self._form, code, 1, using)

    def _mark_row(self, registry: Registry, using: str) -> None:
        """Set when the row was last handed over. Raises HandoverRefused if it has changed."""
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
        credentials = list(credentials)
        handover = Handover(
            asked=self._asked,
            form=self._form,
            code=code,
            places=" ".join(credential.place for credential in credentials),
            is_short=credentials[0].is_short if credentials else None,
            expires_at=as_stored(earliest_expiry(credentials)),
            way=self._recipient.way,
            user_id=self._recipient.user_id,
            user_name=self._recipient.user_name,
            token=self._recipient.token,
            token_key=self._recipient.token_key,
            address=self._recipient.address,
        )
        # The row is locked, so that it cannot be deleted while the audit refers to it.
        with transaction.atomic(using=using):
            if registry is not None:
                handover.registry_name = (registry.name or "")[: names.MAX_NAME]
                handover.kind = registry.kind if registry.kind in KINDS else ""
                row = Registry._base_manager.using(using).filter(pk=registry.pk)
                if not registry._state.adding and row.select_for_update().values_list("pk").first():
                    handover.registry_id = registry.pk
            if not handover.is_refused or _should_store(handover, using):
                handover.keep(using)


def _should_store(refusal: Handover, using: str) -> bool:
    """Return whether to store a refusal. Some are left out, so that nobody can fill the disk."""
    now = timezone.now()
    # Times in the future were stored before the clock was set back.
    recent = Handover.objects.using(using).filter(
        user_id=refusal.user_id, handed_at__gt=now - MINUTE, handed_at__lt=now + MINUTE
    )
    if recent.filter(**{name: getattr(refusal, name) for name in SAME_REFUSAL}).exists():
        return False
    if refusal.code not in UNPERMITTED:
        return True
    if recent.filter(code__in=UNPERMITTED).count() < MAX_UNPERMITTED:
        return True
    args = (refusal.user_id, refusal.address, refusal.code)
    logger.warning("Not in the audit: user %s at %s was refused (%s) too often.", *args)
    return False
