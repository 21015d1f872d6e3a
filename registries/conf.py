"""The setting `REGISTRIES` with its defaults. It is read at each call, not at import."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.views.decorators.debug import sensitive_variables

from registries import receivers
from registries.client.urls import Url

# The environment variables that files of registries may refer to as secrets.
ENV_PREFIX = "REGISTRIES_SECRET_"
# The shortest and the longest time between two checks of a registry, in seconds.
MINUTE, HOUR, DAY, MONTH = 60, 60 * 60, 24 * 60 * 60, 30 * 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Conf:
    """The values of `settings.REGISTRIES`, with types and defaults.

    timeout: seconds that a service call on one registry may take.
    list_timeout: seconds that all pages of a tag list may take together; `timeout` is for one page.
    check_workers: how many registries are checked in parallel.
    check_every: seconds after which `run_checks` checks a registry again; 0 means never. A
        registry may have its own.
    host_concurrency: how many registries on one host `run_checks` checks at a time, on all
        machines together.
    task_queue: the queue of Django's Tasks for `enqueue_checks`, and the alias of its backend in
        the site's TASKS; None if the site does not use them.
    checks_per_minute: how many single checks an account may start in the admin per minute.
    checks_kept_days: how many days the checks that a person started stay in the audit.
    handovers_kept_days: days that a hand-over, or a refusal of one, stays in the audit.
    client_address: dotted name of a function that says from where a request comes; None takes
        the address that the web server names.
    ca_bundle: path of a PEM file that is trusted instead of certifi's, or None.
    proxy: URL of the outgoing proxy, or None. Proxies of the environment are never used.
    no_proxy: names, addresses and networks that are called without the proxy.
    allow_private_addresses: whether loopback and private networks may be called.
    user_agent: the value of the header User-Agent.
    token_cache: name of the Django cache for bearer tokens; None means memory.
    endpoints: maps origins to the origins that are called instead.
    kinds: dotted names of the site's own kinds, which are loaded at startup.
    file: path of a file of registries that is applied after `migrate`, or None.
    secrets_dirs: the folders with files that such a file may refer to as secrets.
    prove_with_stranger: whether a check may try an invented account.
    confirm_checks: how many checks in a row must say that a registry needs attention, or is fine
        again, before that counts as a change of its state.
    expiry_reminders: how many days before credentials end somebody is reminded; 0 is that day. None
        of them switches reminders off.
    notify: who is told of such changes; the setting has Apprise URLs, the addresses of webhooks
        with #whsec_… for their secret, and the word "admins".
    notifications_kept_days: days that a message stays on the page of notifications.
    site_url: the address of the site for links in messages, or None for no links.
    """

    timeout: float = 10.0
    list_timeout: float = 60.0
    check_workers: int = 16
    check_every: int = 6 * 60 * 60
    host_concurrency: int = 4
    task_queue: tuple[str, str] | None = None
    checks_per_minute: int = 30
    checks_kept_days: int = 90
    handovers_kept_days: int = 90
    client_address: str | None = None
    ca_bundle: str | None = None
    proxy: str | None = None
    no_proxy: tuple[str, ...] = ()
    allow_private_addresses: bool = True
    user_agent: str = "django-registries"
    token_cache: str | None = None
    endpoints: tuple[tuple[str, str], ...] = ()
    prove_with_stranger: bool = True
    confirm_checks: int = 2
    expiry_reminders: tuple[int, ...] = (30, 7, 1, 0)
    notify: tuple[receivers.Receiver, ...] = ()
    notifications_kept_days: int = 90
    site_url: str | None = None
    kinds: tuple[str, ...] = ()
    file: str | None = None
    secrets_dirs: tuple[str, ...] = ("/run/secrets/registries",)


def _positive(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 600:
        raise ValueError("a number of seconds above 0, at most 600")
    return float(value)


def _workers(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 256:
        raise ValueError("a whole number from 1 to 256")
    return value


def every(value: Any) -> int:
    """Return the seconds between two checks. Raises ValueError."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if not is_number or (value and not MINUTE <= value <= MONTH):
        raise ValueError(f"a whole number of seconds from {MINUTE} to {MONTH}, or 0 for never")
    return int(value)


def _queue(value: Any) -> tuple[str, str] | None:
    if value is None or value == "":
        return None
    keys = {"queue_name": value} if isinstance(value, str) else value
    is_read = (
        isinstance(keys, dict)
        and {"queue_name"} <= keys.keys() <= {"queue_name", "backend"}
        and all(isinstance(name, str) and name for name in keys.values())
    )
    if not is_read:
        raise ValueError("the name of a queue, or a dict with `queue_name` and maybe `backend`")
    return keys["queue_name"], keys.get("backend", "default")


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 10_000:
        raise ValueError("a whole number from 1 to 10000")
    return value


def _days(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 3650:
        raise ValueError("a whole number of days from 1 to 3650")
    return value


def _days_before(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list | tuple) or not all(
        isinstance(day, int) and not isinstance(day, bool) and 0 <= day <= 365 for day in value
    ):
        raise ValueError("a list of whole numbers of days from 0 to 365")
    return tuple(sorted(set(value), reverse=True))


def _text(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ValueError("a text or None")
    return value or None


def _dotted(value: Any) -> str | None:
    text = _text(value)
    if text and not all(part.isidentifier() for part in text.split(".")):
        raise ValueError("the dotted name of a function, or None")
    return text


def _proxy(value: Any) -> str | None:
    from registries.client.proxy import Proxy  # noqa: PLC0415 - few sites have a proxy

    try:
        return str(value) if _text(value) and Proxy.parse(value) else None
    except ValueError:
        raise ValueError("http://host:port, maybe with user:password@, or None") from None


def unreadable_no_proxy() -> list[str]:
    """Return the invalid entries of NO_PROXY, without what may be a password."""
    from registries.client.proxy import unreadable  # noqa: PLC0415 - few sites have a proxy

    try:
        return list(unreadable(_names(raw().get("NO_PROXY", ()))))
    except ValueError:
        return []  # another check reports that the whole value is invalid


def _agent(value: Any) -> str:
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or not value:
        raise ValueError("a text of printable ASCII characters")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("True or False")
    return value


def _names(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise ValueError("a list of names")
    return tuple(name.strip() for name in value if name.strip())


def _confirmed(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 100:
        raise ValueError("a whole number from 1 to 100")
    return value


def _receivers(value: Any) -> tuple[receivers.Receiver, ...]:
    entries = receivers.split(value) if isinstance(value, str) else _names(value)
    return _parsed(tuple(entries))


# The settings are read at each call.
@lru_cache(maxsize=8)
def _parsed(entries: tuple[str, ...]) -> tuple[receivers.Receiver, ...]:
    found = receivers.parse(entries)
    for receiver in found:
        if receiver.channel is receivers.Channel.WEBHOOK:
            try:
                Url.parse(receiver.url)
            except ValueError:
                problem = "a list in which the addresses of webhooks are plain http or https URLs"
                raise ValueError(problem) from None
    return found


def _site(value: Any) -> str | None:
    text = _text(value)
    if text is None:
        return None
    try:
        url = Url.parse(text)
    except ValueError:
        url = None
    if url is None or "?" in url.target:
        raise ValueError("an address such as https://registries.example.com, or None")
    return str(url).rstrip("/")


def _folders(value: Any) -> tuple[str, ...]:
    folders = _names(value)
    if not all(folder.startswith("/") for folder in folders):
        raise ValueError("a list of absolute paths")
    return folders


def _origin(value: Any) -> str:
    url = Url.parse(str(value))
    if url.target != "/":
        raise ValueError
    return url.origin


def _origins(value: Any) -> tuple[tuple[str, str], ...]:
    try:
        return tuple(sorted((_origin(key), _origin(target)) for key, target in value.items()))
    except (ValueError, AttributeError):
        raise ValueError("a mapping of origin to origin, such as https://host:port") from None


READERS: dict[str, Callable[[Any], Any]] = {
    "TIMEOUT": _positive,
    "LIST_TIMEOUT": _positive,
    "CHECK_WORKERS": _workers,
    "CHECK_EVERY": every,
    "HOST_CONCURRENCY": _workers,
    "TASK_QUEUE": _queue,
    "CHECKS_PER_MINUTE": _count,
    "CHECKS_KEPT_DAYS": _days,
    "HANDOVERS_KEPT_DAYS": _days,
    "CLIENT_ADDRESS": _dotted,
    "CA_BUNDLE": _text,
    "PROXY": _proxy,
    "NO_PROXY": _names,
    "ALLOW_PRIVATE_ADDRESSES": _flag,
    "USER_AGENT": _agent,
    "TOKEN_CACHE": _text,
    "ENDPOINTS": _origins,
    "PROVE_WITH_STRANGER": _flag,
    "CONFIRM_CHECKS": _confirmed,
    "EXPIRY_REMINDERS": _days_before,
    "NOTIFY": _receivers,
    "NOTIFICATIONS_KEPT_DAYS": _days,
    "SITE_URL": _site,
    "KINDS": _names,
    "FILE": _text,
    "SECRETS_DIRS": _folders,
}


def raw() -> Mapping[str, Any]:
    """Return the setting as the site defines it, or an empty dict."""
    return getattr(settings, "REGISTRIES", {})


@sensitive_variables("value")
def get() -> Conf:
    """Return the current settings. Raises ImproperlyConfigured, which never contains a value."""
    read: dict[str, Any] = {}
    for name, value in raw().items():
        if name not in READERS:
            continue  # a system check reports it
        try:
            read[name.lower()] = READERS[name](value)
        except ValueError as error:
            raise ImproperlyConfigured(f"REGISTRIES[{name!r}] must be {error}.") from None
    if read.get("token_cache") and read["token_cache"] not in settings.CACHES:
        raise ImproperlyConfigured("REGISTRIES['TOKEN_CACHE'] must name one of the site's CACHES.")
    return Conf(**read)
