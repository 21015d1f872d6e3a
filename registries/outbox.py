"""The outbox: what is to be told, written in the transaction of what happened.

`registries.notifying` delivers it: at least once, also if processes are killed, and one message to
each receiver of NOTIFY.
"""

import logging
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import router
from django.db.models import Exists, OuterRef
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from registries import conf
from registries.models import Delivery, GoneReceiver, Notification, Registry, StateChange, names
from registries.models.notification import MAX_SUBJECT, Level, Status, prune, prune_untold
from registries.models.results import CheckResult
from registries.receivers import Receiver

logger = logging.getLogger(__name__)

# The most lines, and registries, that one message names, and the length of a line.
MOST_LINES, MAX_LINE = 20, 500
# The code of a delivery to a webhook that said 410 Gone before.
GONE = "gone"
# Attempts go on for three days.
RECENT = timedelta(days=7)


def enqueue(
    kind: str,
    subject: str,
    lines: Sequence[str],
    rows: Sequence[Registry] = (),
    *,
    level: str = Level.ATTENTION,
    query: str = "",
    data: dict[str, Any] | None = None,
    facts: Mapping[int, dict[str, Any]] | None = None,
    user_name: str = "",
    using: str | None = None,
) -> Notification:
    """Put a message to all receivers of NOTIFY into the outbox, in the caller's transaction.

    It is sent once the transaction was committed, by `run_checks` or `send_notifications`; if it is
    rolled back, never. Whoever calls this for many registries does it once, for all of them.

    kind: a slug such as "expiry"; the type of the webhook is “registries.” and this.
    subject: one line. lines: sentences, of which the first 21 are sent. Both are in the site's
    language (`translation.override(settings.LANGUAGE_CODE)`), and hold no secrets.
    rows: what it is about. The link leads to the only one, else to the list of all.
    query: narrows that list, such as "verdict=attention".
    data: what webhooks receive, instead of subject, lines and the first 20 rows.
    facts: what webhooks receive of a row besides, by its primary key.
    """
    using = using or router.db_for_write(Notification)
    total = len(rows)
    url = link(rows, query)
    notification = Notification(
        kind=kind,
        level=level,
        subject=one_line(subject, MAX_SUBJECT),
        lines=[one_line(line, MAX_LINE) for line in lines[: MOST_LINES + 1]],
        link=url,
        user_name=user_name,
    )
    notification.data = data or {
        "subject": notification.subject,
        "lines": notification.lines,
        "registries": [described(row) | (facts or {}).get(row.pk, {}) for row in rows[:MOST_LINES]],
        "total": total,
        "url": url,
    }
    notification.save(force_insert=True, using=using)
    address(notification, using)
    prune(using)
    return notification


def address(notification: Notification, using: str) -> int:
    """Add a delivery for each receiver of NOTIFY; to one that is gone, a failed one.

    Returns how many are to be sent.
    """
    receivers = conf.get().notify
    if not receivers:
        logger.warning("Nobody was told: NOTIFY is empty in this process. %s", notification)
    gone = set(GoneReceiver.objects.using(using).values_list("receiver", flat=True))
    deliveries = [
        Delivery(notification=notification, receiver=key_of(receiver), label=receiver.label[:300])
        for receiver in receivers
    ]
    for delivery in deliveries:
        if delivery.receiver in gone:
            delivery.status, delivery.code = Status.FAILED, GONE
    Delivery.objects.using(using).bulk_create(deliveries)
    return sum(delivery.status == Status.PENDING for delivery in deliveries)


def turned_off(using: str) -> list[GoneReceiver]:
    """Return the receivers in NOTIFY to which nothing is sent, because they are gone."""
    keys = [key_of(receiver) for receiver in conf.get().notify]
    return list(GoneReceiver.objects.using(using).filter(receiver__in=keys)) if keys else []


def recently_failed(using: str) -> int:
    """Return how many notifications of the last days at least one receiver did not get."""
    failed = Delivery.objects.using(using).filter(notification=OuterRef("pk"), status=Status.FAILED)
    recent = Notification.objects.using(using).filter(created_at__gt=timezone.now() - RECENT)
    return recent.exclude(kind=Notification.TEST).filter(Exists(failed)).count()


def key_of(receiver: Receiver) -> str:
    """Return what identifies a receiver in the database, and does not tell its address."""
    material = f"{receiver.channel} {receiver.url}"
    return salted_hmac("registries.receiver", material, algorithm="sha256").hexdigest()


def record_change(
    registry: Registry, host: str, state: str, result: CheckResult, using: str
) -> None:
    """Put a change of state into the outbox. It goes into one message with others."""
    StateChange.objects.using(using).create(
        registry_id=registry.pk,
        registry_name=(registry.name or "")[: names.MAX_NAME],
        kind=registry.kind,
        host=host[:255],
        state=state,
        previous=registry.health,
        verdict=result.verdict.value,
        code=result.code,
        params=dict(result.params),
        changed_at=result.checked_at,
    )
    prune_untold(using)


def described(row: Registry) -> dict[str, Any]:
    """Return what webhooks receive of a registry."""
    return {"id": row.pk, "name": row.name, "kind": row.kind, "url": link([row], "")}


def in_utc(moment: datetime) -> str:
    """Return a time of the models as RFC 3339, in UTC."""
    aware = timezone.make_aware(moment) if timezone.is_naive(moment) else moment
    return aware.astimezone(UTC).isoformat().replace("+00:00", "Z")


def one_line(text: str, most: int) -> str:
    """Return a text without line breaks, control and invisible characters, and not too long."""
    visible = "".join(" " if unicodedata.category(c) in names.FORBIDDEN else c for c in str(text))
    line = " ".join(visible.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def link(rows: Sequence[Registry], query: str) -> str:
    """Return the address of a row's page, or of the list; empty without SITE_URL or the admin."""
    site = conf.get().site_url
    if not site:
        return ""
    try:
        if len(rows) == 1:
            return site + reverse("admin:registries_registry_change", args=[rows[0].pk])
        path = reverse("admin:registries_registry_changelist")
    except NoReverseMatch:
        return ""
    return f"{site}{path}?{query}" if query else site + path
