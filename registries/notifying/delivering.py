"""Delivers notifications: each by one process at a time, again after a while if that fails.

A delivery is claimed with a lease, so it is sent once, unless the process is killed between sending
it and noting that. Then it is sent again once the lease ends, with the same webhook-id.
"""

import logging
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from django.conf import settings
from django.db import router, transaction
from django.db.models import F, Q
from django.utils.translation import gettext, override

from registries import conf, outbox
from registries.checking import clock
from registries.models import Delivery, GoneReceiver, Notification
from registries.models.notification import Level, Status
from registries.notifying import chat, mail, webhook
from registries.notifying.failures import NotDelivered
from registries.receivers import Channel, Receiver

logger = logging.getLogger(__name__)

# Seconds after each attempt until the next one, as the specification of Standard Webhooks
# recommends. Up to a tenth is added, so that not all senders come together.
PAUSES = (5, 5 * 60, *(hours * 60 * 60 for hours in (0.5, 2, 5, 10, 14, 20, 24)))
# The longest that other messages to a receiver wait that just failed, in seconds.
HOLD = 5 * 60
# The longest that a receiver can ask for, in seconds.
LONGEST = 24 * 60 * 60
# How many deliveries a claim looks at; and how many receivers get a test message at a time.
LOOKED_AT, AT_ONCE = 20, 8


def deliver(using: str, is_wanted: Callable[[], bool] = lambda: True) -> int:
    """Send what is due, and return how many messages were tried. Others may do the same."""
    clock.read(using)
    count = 0
    while is_wanted() and (delivery := _claim(using)):
        count += 1
        _record(delivery, _outcome(delivery), using)
    return count


def send_test(user_name: str) -> Notification:
    """Send a test message to each receiver at once, and return it with its deliveries.

    What fails is not sent again.
    """
    using = router.db_for_write(Notification)
    clock.read(using)
    with transaction.atomic(using=using), override(settings.LANGUAGE_CODE):
        notification = outbox.enqueue(
            Notification.TEST,
            gettext("Test message"),
            [gettext("Messages about container registries arrive here.")],
            level=Level.INFO,
            user_name=user_name,
            using=using,
        )
        own = notification.deliveries.using(using).filter(status=Status.PENDING)
        now = clock.now(using)
        own.update(leased_until=now + _lease(), attempts=1, tried_at=now)
    deliveries = list(notification.deliveries.using(using).filter(status=Status.PENDING))
    for delivery in deliveries:
        delivery.notification = notification
    with ThreadPoolExecutor(AT_ONCE, "registries-notify") as pool:
        for delivery, failure in zip(deliveries, pool.map(_outcome, deliveries), strict=True):
            _record(delivery, failure, using, is_last=True)
    return notification


def send_again(notification: Notification) -> int:
    """Let failed deliveries to receivers that are still there be sent again; return how many.

    A notification that had no receiver goes to those that there are now.
    """
    using = router.db_for_write(Notification)
    clock.read(using)
    with transaction.atomic(using=using):
        # Locked, so that two people do not send it twice.
        own = Notification.objects.using(using).select_for_update().get(pk=notification.pk)
        if not own.deliveries.exists():
            return outbox.address(own, using)
    gone = GoneReceiver.objects.using(using).values("receiver")
    failed = notification.deliveries.using(using).filter(
        status=Status.FAILED, receiver__in=list(_receivers())
    )
    return failed.exclude(receiver__in=gone).update(
        status=Status.PENDING, attempts=0, due_at=clock.now(using), leased_until=None
    )


def _lease() -> timedelta:
    """Return for how long a delivery is claimed: longer than any receiver is waited for."""
    return timedelta(seconds=3 * conf.get().timeout + 60)


def _claim(using: str) -> Delivery | None:
    """Claim the delivery that is due longest, if there is one."""
    now, every = clock.now(using), Delivery.objects.using(using)
    # A lease that ends later is from before the clock was set back.
    free = Q(leased_until=None) | Q(leased_until__lte=now) | Q(leased_until__gt=now + 2 * _lease())
    due = every.filter(free, status=Status.PENDING, due_at__lte=now).order_by("due_at", "pk")
    for delivery in due.select_related("notification")[:LOOKED_AT]:
        unclaimed = every.filter(
            pk=delivery.pk,
            status=Status.PENDING,
            attempts=delivery.attempts,
            leased_until=delivery.leased_until,
        )
        until = now + _lease()
        if unclaimed.update(leased_until=until, tried_at=now, attempts=F("attempts") + 1):
            delivery.leased_until, delivery.attempts = until, delivery.attempts + 1
            return delivery
    return None


def _receivers() -> dict[str, Receiver]:
    return {outbox.key_of(receiver): receiver for receiver in conf.get().notify}


def _outcome(delivery: Delivery) -> NotDelivered | None:
    """Send a message, and return why it was not delivered. Uses no database."""
    if delivery.attempts > len(PAUSES) + 1:
        return NotDelivered("interrupted")
    receiver = _receivers().get(delivery.receiver)
    if receiver is None:
        return NotDelivered("removed")
    try:
        _send(delivery.notification, receiver)
    except NotDelivered as failure:
        return failure
    except Exception as error:  # noqa: BLE001 - whatever a library raises; its text may hold tokens
        return NotDelivered("error", error=type(error).__name__)
    return None


def _send(notification: Notification, receiver: Receiver) -> None:
    match receiver.channel:
        case Channel.ADMINS:
            mail.send(notification)
        case Channel.WEBHOOK:
            webhook.send(notification, receiver)
        case Channel.APPRISE:
            chat.send(notification, receiver)


def _record(
    delivery: Delivery, failure: NotDelivered | None, using: str, *, is_last: bool = False
) -> None:
    """Note how an attempt ended, unless somebody else took the delivery meanwhile."""
    clock.read(using)
    now = clock.now(using)
    deliveries = Delivery.objects.using(using)
    own = deliveries.filter(pk=delivery.pk, leased_until=delivery.leased_until)
    if failure is None:
        own.update(status=Status.SENT, code="", params={}, leased_until=None)
        logger.info("A notification was sent to %s: %s", delivery.label, delivery.notification)
        return
    outcome = {"code": failure.code, "params": failure.params, "leased_until": None}
    is_last = is_last or delivery.attempts > len(PAUSES) or failure.code in FINAL
    why = " ".join([failure.code, *failure.params.values()])
    logger.warning(
        "A notification could not be sent to %s (%s)%s: %s",
        *(delivery.label, why, "" if is_last else ", and is tried again", delivery.notification),
    )
    if failure.code == outbox.GONE:
        _turn_off(delivery, now, using)
    if is_last:
        own.update(status=Status.FAILED, **outcome)
        return
    pause = PAUSES[delivery.attempts - 1] * random.uniform(1, 1.1)  # noqa: S311 - no secret
    pause = max(pause, min(failure.retry_after, LONGEST))
    own.update(due_at=now + timedelta(seconds=pause), **outcome)
    # The others that wait for this receiver would fail as well, and hold up other receivers.
    hold = now + timedelta(seconds=min(pause, HOLD))
    waiting = deliveries.filter(
        receiver=delivery.receiver, status=Status.PENDING, leased_until=None
    )
    waiting.filter(due_at__lt=hold).update(due_at=hold)


# What another attempt cannot change.
FINAL = frozenset({outbox.GONE, "removed", "interrupted"})


def _turn_off(delivery: Delivery, now: datetime, using: str) -> None:
    """Send nothing more to a webhook that is gone."""
    GoneReceiver.objects.using(using).get_or_create(
        receiver=delivery.receiver, defaults={"label": delivery.label, "gone_at": now}
    )
    waiting = Delivery.objects.using(using).filter(
        receiver=delivery.receiver, status=Status.PENDING, leased_until=None
    )
    waiting.update(status=Status.FAILED, code=outbox.GONE, params={})
