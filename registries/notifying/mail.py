"""E-mail to the addresses of Django's setting ADMINS."""

from concurrent.futures import Future
from smtplib import SMTPException
from threading import Thread

from django import VERSION
from django.conf import settings
from django.core.mail import get_connection, mail_admins
from django.db import connections

from registries import conf
from registries.models import Notification
from registries.notifying.failures import NotDelivered


def send(notification: Notification) -> None:
    """Send a notification to ADMINS. Raises NotDelivered."""
    if not settings.ADMINS:
        raise NotDelivered("no_admins")
    text = "\n\n".join([*notification.lines, *([notification.link] if notification.link else [])])
    done: Future[None] = Future()
    # A daemon, so that a mail server that hangs does not hold up the end of the process.
    thread = Thread(
        target=_mail, args=(notification.subject, text, done), name="registries-mail", daemon=True
    )
    thread.start()
    try:
        done.result(limit())
    except (OSError, SMTPException, ValueError) as error:
        # Their own texts may contain addresses and what a server says.
        raise NotDelivered("mail", error=type(error).__name__) from None


def limit() -> float:
    """Return for how many seconds to wait for a mail: less than a delivery is claimed."""
    return 3 * conf.get().timeout + 30


def _mail(subject: str, text: str, done: Future[None]) -> None:
    # The time limit of a backend is for each answer of the server, which can be many. From Django
    # 6.1 on, the site sets it in MAILERS.
    seconds = getattr(settings, "EMAIL_TIMEOUT", None) or conf.get().timeout
    try:
        connection = get_connection(timeout=seconds) if VERSION < (6, 1) else None
        mail_admins(subject, text, connection=connection)
    except Exception as error:  # noqa: BLE001 - it is raised where the mail is waited for
        done.set_exception(error)
    else:
        done.set_result(None)
    finally:
        connections.close_all()  # some backends store mails in the database
