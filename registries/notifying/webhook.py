"""Signed webhooks, by the Standard Webhooks specification (https://www.standardwebhooks.com/)."""

import base64
import hashlib
import hmac
import json
import time

from registries import conf, outbox
from registries.client.deadline import Deadline
from registries.client.errors import ClientError
from registries.models import Notification
from registries.notifying.failures import NotDelivered
from registries.receivers import Receiver
from registries.row_client import site_transport


def send(notification: Notification, receiver: Receiver) -> None:
    """Send a notification to a webhook, once. Raises NotDelivered."""
    body = payload(notification)
    headers = signed(notification, body, receiver.secrets, int(time.time()))
    try:
        with Deadline(conf.get().timeout) as deadline:
            response = site_transport().request(
                "POST",
                receiver.url,
                deadline=deadline,
                headers={"Content-Type": "application/json", **headers},
                body=body,
                limit=None,  # the status says whether the message was received
            )
    except ClientError as error:
        raise NotDelivered.of(error) from None
    if response.status == 410:
        raise NotDelivered(outbox.GONE)
    if not 200 <= response.status < 300:
        wait = response.headers["Retry-After"] or ""
        seconds = float(wait) if wait.isascii() and wait.isdigit() else 0.0
        raise NotDelivered("status", status=str(response.status), retry_after=seconds)


def payload(notification: Notification) -> bytes:
    """Return the body, which is the same for each attempt."""
    content = {
        "type": f"registries.{notification.kind}",
        "timestamp": outbox.in_utc(notification.created_at),
        "data": notification.data,
    }
    return json.dumps(content, separators=(",", ":"), sort_keys=True).encode()


def signed(
    notification: Notification, body: bytes, secrets: tuple[bytes, ...], now: int
) -> dict[str, str]:
    """Return the headers with a signature for each secret. now: seconds since 1970."""
    ident = f"msg_{notification.uid.hex}"
    content = f"{ident}.{now}.".encode() + body
    digests = [hmac.new(secret, content, hashlib.sha256).digest() for secret in secrets]
    return {
        "webhook-id": ident,
        "webhook-timestamp": str(now),
        "webhook-signature": " ".join(
            f"v1,{base64.b64encode(digest).decode()}" for digest in digests
        ),
    }
