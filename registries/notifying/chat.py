"""Messages to chat services and others, by Apprise, which is an extra."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
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
# The longest that a service is waited for, in seconds: less than a delivery is claimed.
LONGEST = 50
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
        result = caller.notify(
            body=text,
            title=harmless(notification.subject),
            notify_type=_TYPES.get(Level(notification.level), "info"),
            body_format="text",
            timeout=_limit(caller),
        )
    if result.status == apprise.AppriseResultStatus.TIMEOUT:
        raise NotDelivered("timeout")
    if not result:
        raise _failure(told)


def _limit(caller: Any) -> float:
    """Return for how many seconds to wait for a service.

    That is longer than Apprise itself waits for a connection and an answer. Otherwise a slow
    service would get the message, and get it again because its answer came too late.
    """
    own: float = max(sum(service.request_timeout) for service in caller)
    return max(conf.get().timeout, min(own + 2, LONGEST))


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
    _watch()  # it may have imported a library
    return caller


# The packages that log what is sent to a service, and where.
LOGGERS = ("apprise", "urllib3", "requests_oauthlib", "oauthlib", "slixmpp")
# The lines of the call to which a thread belongs. Apprise's own threads inherit it, and keep it if
# they go on after the time limit.
_own: ContextVar[list[str] | None] = ContextVar("_own", default=None)
_lock = Lock()
_listening: list[list[str]] = []


class _Secretive(logging.Filter):
    """Keeps what is logged during a call of Apprise out of the log: it may hold addresses.

    Also of other callers in that time, because some services are called in threads of their own.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        own = _own.get()
        with _lock:
            lists = [*_listening] if own is None else [own]
        for lines in lists:
            lines.append(record.getMessage())
        return not lists


_FILTER = _Secretive()


@contextmanager
def _silent() -> Iterator[list[str]]:
    """Collect what Apprise, and the libraries by which it calls, log instead of logging it."""
    lines: list[str] = []
    _watch()
    token = _own.set(lines)
    with _lock:
        _listening.append(lines)
    try:
        yield lines
    finally:
        _own.reset(token)
        with _lock:
            # Lists that are equal are not the same.
            _listening[:] = [other for other in _listening if other is not lines]


def _watch() -> None:
    """Filter each logger of LOGGERS: one does not filter what those below it log."""
    for name in [*LOGGERS, *logging.root.manager.loggerDict]:
        if name.partition(".")[0] in LOGGERS:
            logging.getLogger(name).addFilter(_FILTER)
