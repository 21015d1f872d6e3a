"""E-mail to the addresses of Django's setting ADMINS."""

from smtplib import SMTPException

from django import VERSION
from django.conf import settings
from django.core.mail import get_connection, mail_admins

from registries import conf
from registries.models import Notification
from registries.notifying.failures import NotDelivered


def send(notification: Notification) -> None:
    """Send a notification to ADMINS. Raises NotDelivered."""
    if not settings.ADMINS:
        raise NotDelivered("no_admins")
    text = "\n\n".join([*notification.lines, *([notification.link] if notification.link else [])])
    # Without a time limit, a server that hangs would hold up other messages. From Django 6.1 on,
    # the site sets it in MAILERS.
    limit = getattr(settings, "EMAIL_TIMEOUT", None) or conf.get().timeout
    connection = get_connection(timeout=limit) if VERSION < (6, 1) else None
    try:
        mail_admins(notification.subject, text, connection=connection)
    except (OSError, SMTPException, ValueError) as error:
        # Their own texts may contain addresses and what a server says.
        raise NotDelivered("mail", error=type(error).__name__) from None
