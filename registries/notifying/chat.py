"""Messages to chat services and others, by Apprise, which is an extra."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from registries import conf
from registries.models import Notification
from registries.models.notification import Level
from registries.notifying.failures import NotDelivered
from registries.receivers import Receiver

# What makes chat services notify everybody, or show a link under another name.
_ACTIVE = re.compile(r"(?<=[@<\]])(?=\S)")
_STATUS = re.compile(r"\berror[=:\s]+([1-5][0-9]{2})\b")
_NO_CONNECTION = "Connection error"
_TYPES = {Level.ATTENTION: "warning", Level.FINE: "success", Level.INFO: "info"}


def send(notification: Notification, receiver: Receiver) -> None:
    """Send a notification to the service of an Apprise URL. Raises NotDelivered."""
    try:
        import apprise  # noqa: PLC0415 - an extra, and large
    except ImportError:
        raise NotDelivered("apprise_missing") from None
    lines = [harmless(line) for line in notification.lines]
    text = "\n".join([*lines, *([notification.link] if notification.link else [])])
    with _silent() as told:
        caller = _caller(apprise, receiver.url)
        is_sent = caller.notify(
            body=text,
            title=harmless(notification.subject),
            notify_type=_TYPES.get(Level(notification.level), "info"),
            body_format="text",
            timeout=conf.get().timeout,
        )
    if not is_sent:
        raise _failure(told)


def _failure(told: list[str]) -> NotDelivered:
    """Return what Apprise's log says of a failure, as far as it is known to hold no address."""
    if status := next((found[1] for line in told if (found := _STATUS.search(line))), ""):
        return NotDelivered("status", status=status)
    return NotDelivered(
        "unreachable" if any(_NO_CONNECTION in line for line in told) else "service"
    )


def is_known(receiver: Receiver) -> bool:
    """Return whether Apprise knows the address. Raises ImportError without Apprise."""
    import apprise  # noqa: PLC0415 - as above

    try:
        with _silent():
            _caller(apprise, receiver.url)
    except NotDelivered:
        return False
    return True


def harmless(text: str) -> str:
    """Return a text in which nobody is mentioned and no link hides behind another text."""
    return _ACTIVE.sub("\u200b", text)


def _caller(apprise: Any, url: str) -> Any:
    asset = apprise.AppriseAsset(
        app_id="Registries",
        app_desc="Container registries",
        async_mode=False,
        secure_logging=True,
        # The address of a receiver holds its token, which must not be sent elsewhere.
        http_redirects=False,
    )
    caller = apprise.Apprise(asset=asset)
    if not caller.add(url):
        raise NotDelivered("apprise_unknown")
    return caller


# Those that log the address that is called.
LOGGERS = ("apprise", "urllib3.connectionpool")
_lock = Lock()
_listening: list[list[str]] = []


class _Secretive(logging.Filter):
    """Keeps what is logged out of the log while this module calls Apprise: it may hold addresses.

    Also for other callers in that time, because Apprise sends in threads of its own.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        with _lock:
            for lines in _listening:
                lines.append(record.getMessage())
            return not _listening


_FILTER = _Secretive()


@contextmanager
def _silent() -> Iterator[list[str]]:
    """Collect what Apprise, and the library by which it calls, log instead of logging it."""
    lines: list[str] = []
    with _lock:
        for name in LOGGERS:
            logging.getLogger(name).addFilter(_FILTER)
        _listening.append(lines)
    try:
        yield lines
    finally:
        with _lock:
            # Lists that are equal are not the same.
            _listening[:] = [each for each in _listening if each is not lines]
