"""The system checks of the site's settings and databases.

registries.E001  an unknown key in REGISTRIES
registries.E002  an invalid value in REGISTRIES
registries.E003  an encryption key that is not a Fernet key
registries.E004  a kind in REGISTRIES["KINDS"] that cannot be used
registries.E005  a queue in REGISTRIES["TASK_QUEUE"] that cannot be used
registries.E006  an entry of NOTIFY to which nothing can be sent
registries.W001  an encryption key that is not random, such as one made of words
registries.W002  an encryption key that is also the site's SECRET_KEY
registries.W003  an encryption key from public documentation
registries.W004  an encryption key in the source code of the settings
registries.W005  a shared cache that uses pickle
registries.W006  an invalid entry of NO_PROXY
registries.W007  error reports that show passwords of these settings (reporting.py)

`migrate` and `check --database` also check databases of MariaDB and MySQL:

registries.W010  a character set that cannot store all characters
registries.W011  a collation that treats different names as equal
registries.W012  a storage engine without transactions
registries.W013  a version that sorts lists in memory
"""

import ast
import base64
import binascii
import hashlib
import inspect
import sys
from collections.abc import Iterator, Sequence
from importlib.util import resolve_name
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, router
from django.utils.module_loading import import_string

from registries import conf, site_kinds, task_queue
from registries.models.names import EXACT
from registries.notifying import chat, failures
from registries.receivers import SECRET_PREFIX, Channel, Receiver

KEY_BYTES = 32
# Keys that are public: the SHA-256 of their bytes, and where they were published.
SAMPLES = {
    "42e4de57c484f9d1d8022eee1cd3f017d19d5579fb28e6b333f68fad9fa5bc52": (
        "the tests of django-encrypted-model-fields"
    ),
    "cbeb362f1fa69a6691db592f4529cf6bea1ce089eb132a3350c9081279ff8f34": (
        "the specification of Fernet, and the tests of cryptography"
    ),
    "5ca278330d08b9ce5bb4e0c8755263873be3b92f5db329c5562d445b3e022232": (
        "the compose files of docker-airflow"
    ),
    "3990442a9e73e2e289f7c0c4f1c9dc85d3d54268f208748631ecb46b1ef9f3df": (
        "guides to Apache Airflow"
    ),
}
# The cache backends outside of the process that use pickle, and the option of CACHES that changes
# this, if there is one.
PICKLING = {
    "django.core.cache.backends.redis.RedisCache": "serializer",
    "django.core.cache.backends.memcached.PyMemcacheCache": "serde",
    "django.core.cache.backends.memcached.PyLibMCCache": "",
    "django.core.cache.backends.db.DatabaseCache": "",
    "django.core.cache.backends.filebased.FileBasedCache": "",
    "django_redis.cache.RedisCache": "SERIALIZER",
}


@register(Tags.security)
def check_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report unknown keys and invalid values of REGISTRIES, without the values."""
    messages: list[CheckMessage] = []
    keys = ", ".join(conf.READERS)
    messages.extend(
        Error(f"REGISTRIES has no key {name!r}.", hint=f"Valid keys: {keys}.", id="registries.E001")
        for name in conf.raw()
        if name not in conf.READERS
    )
    try:
        if address := conf.get().client_address:
            import_string(address)
    except ImproperlyConfigured as error:
        messages.append(Error(str(error), id="registries.E002"))
    except ImportError:
        text = "REGISTRIES['CLIENT_ADDRESS'] names a function that does not exist."
        messages.append(Error(text, id="registries.E002"))
    messages.extend(
        Caution(
            f"REGISTRIES['NO_PROXY']: the entry {entry!r} is invalid and has no effect.",
            hint="Use corp.example, .corp.example, host:5000, 192.0.2.1, [::1]:5000, 10.0.0.0/8"
            " or *.",
            id="registries.W006",
        )
        for entry in conf.unreadable_no_proxy()
    )
    return messages


@register()
def check_receivers(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report receivers of messages to which nothing can be sent, without their addresses."""
    try:
        receivers = conf.get().notify
    except ImproperlyConfigured:
        return []  # another check reports it
    return [
        Error(
            f"REGISTRIES['NOTIFY']: {receiver.label}: {problem}",
            hint="See docs/notifications.md.",
            id="registries.E006",
        )
        for receiver in receivers
        if (problem := _problem_with(receiver))
    ]


def _problem_with(receiver: Receiver) -> str:
    if receiver.channel is Channel.ADMINS:
        return "" if settings.ADMINS else failures.SENTENCES["no_admins"]
    if receiver.channel is Channel.WEBHOOK:
        return ""
    try:
        is_known = chat.is_known(receiver)
    except ImportError:
        return failures.SENTENCES["apprise_missing"]
    if is_known:
        return ""
    if receiver.label.startswith("http"):
        return f"A webhook needs its secret after the address: #{SECRET_PREFIX}…"
    return failures.SENTENCES["apprise_unknown"]


@register()
def check_kinds(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report why a kind of the site cannot be used."""
    return [
        Error(
            f"REGISTRIES['KINDS']: {name} is left out: {problem}.",
            hint="See docs/contributing.md for the requirements of kinds.",
            id="registries.E004",
        )
        for name in site_kinds.names()
        for problem in site_kinds.examine(name)[1]
    ]


@register()
def check_task_queue(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report why the queue for checks cannot be used."""
    try:
        queue = conf.get().task_queue
    except ImproperlyConfigured:
        return []  # another check reports it
    try:
        if queue:
            task_queue.framework_for(*queue)
    except ImproperlyConfigured as error:
        hint = "See docs/operate.md. The ready-to-run site has no queue: use run_checks there."
        return [Error(str(error), hint=hint, id="registries.E005")]
    return []


@register(Tags.security)
def check_keys(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report keys that are invalid, weak, public or in the source code."""
    setting = getattr(settings, "FIELD_ENCRYPTION_KEY", None)
    keys: Sequence[Any] = setting if isinstance(setting, list | tuple) else [setting]
    code = _code(settings.SETTINGS_MODULE)
    messages: list[CheckMessage] = []
    for number, key in enumerate(keys, start=1):
        raw = _decoded(key)
        if raw is None:
            hint = "Make one with cryptography.fernet.Fernet.generate_key()."
            message = f"FIELD_ENCRYPTION_KEY: key {number} is not 32 bytes of URL-safe base64."
            messages.append(Error(message, hint=hint, id="registries.E003"))
            continue
        messages.extend(
            Caution(f"FIELD_ENCRYPTION_KEY: key {number} {problem}.", hint=advice, id=ident)
            for ident, problem, advice in _weaknesses(key, raw, code)
        )
    return messages


@register(Tags.security)
def check_caches(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report caches through which others could run code in the site."""
    # REST framework counts requests in the default cache.
    names = {"default", conf.raw().get("TOKEN_CACHE")}
    return [
        Caution(
            f"CACHES[{name!r}] uses pickle. Whoever can write to it can run code in the site and"
            " read every stored secret.",
            hint="Use a JSON serializer (see docs/install.md) or a cache in memory.",
            id="registries.W005",
        )
        for name in settings.CACHES
        if name in names and _unpickles(name)
    ]


@register(Tags.database)
def check_databases(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Report how MariaDB or MySQL differs from other databases because of its configuration."""
    return [
        Caution(f"Database {alias!r} {problem}.", hint=hint, id=ident)
        for alias in databases or ()
        if connections[alias].vendor == "mysql" and router.allow_migrate(alias, "registries")
        for ident, problem, hint in _limits(connections[alias])
    ]


def _limits(connection: Any) -> Iterator[tuple[str, str, str]]:
    """Yield the id of each check that the database fails, the problem, and a hint."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@character_set_database")
        (charset,) = cursor.fetchone()
        cursor.execute(
            "SELECT column_name, collation_name FROM information_schema.columns"
            " WHERE table_schema = DATABASE() AND table_name = 'registries_registry'"
        )
        collations = dict(cursor.fetchall())
    if not (collations.get("name") or charset).startswith("utf8mb4"):
        problem = "cannot store all characters: saving a name with an emoji fails"
        yield "registries.W010", problem, "Convert it to utf8mb4 (docs/install.md)."
    # Before the migration that adds `default_kind`, the collation is not set yet.
    if "default_kind" in collations and collations["name_key"] != EXACT:
        hint = f"Give registries_registry.name_key the collation {EXACT} (docs/install.md)."
        yield "registries.W011", "treats different names as equal", hint
    if not connection.features.supports_transactions:
        problem = "has no transactions: an interrupted save leaves incomplete data"
        yield (
            "registries.W012",
            problem,
            "Make InnoDB the default storage engine, and create the tables again.",
        )
    if not connection.features.supports_index_column_ordering:
        problem = "sorts lists in memory: with many rows they are slow"
        yield "registries.W013", problem, "Upgrade to MariaDB 10.8 or MySQL 8, or later."


def _unpickles(cache_name: str) -> bool:
    """Return whether a cache is outside of the process and uses pickle."""
    cache = settings.CACHES[cache_name]
    try:
        backend = import_string(cache["BACKEND"])
    except ImportError:
        return False  # the cache does not work at all
    for base in backend.__mro__:
        option = PICKLING.get(f"{base.__module__}.{base.__qualname__}")
        if option is not None:
            chosen = str(cache.get("OPTIONS", {}).get(option, "pickle"))
            return "pickle" in chosen.lower() or "RedisSerializer" in chosen
    return False


def _weaknesses(key: Any, raw: bytes, code: str) -> Iterator[tuple[str, str, str | None]]:
    """Yield the id of each check that the key fails, the problem, and a hint."""
    text = key.decode() if isinstance(key, bytes) else str(key)
    if len(set(raw)) < KEY_BYTES // 4 or raw.isascii():
        yield "registries.W001", "is not random", None
    if text == settings.SECRET_KEY:
        hint = "Use a separate key, so that each can be changed without the other."
        yield "registries.W002", "is also the SECRET_KEY", hint
    if where := SAMPLES.get(hashlib.sha256(raw).hexdigest()):
        hint = "Replace it as docs/keys.md describes."
        yield "registries.W003", f"is public: it is in {where}", hint
    if text in code:
        hint = (
            "Replace it (see docs/keys.md), and store the new one in the environment or in a file."
        )
        yield "registries.W004", "is in the source code of the settings", hint


def _code(settings_module: str | None) -> str:
    """Return the source of the settings and of the modules that they import everything from."""
    names: list[str] = [settings_module] if settings_module else []
    sources: dict[str, str] = {}
    for name in names:
        # A module that is imported conditionally may be missing.
        if name in sources or name not in sys.modules:
            continue
        module = sys.modules[name]
        try:
            sources[name] = inspect.getsource(module)
        except (OSError, TypeError):  # there is no source file
            sources[name] = ""
        for node in ast.walk(ast.parse(sources[name])):
            if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
                relative = "." * node.level + (node.module or "")
                names.append(resolve_name(relative, module.__package__))
    return "\n".join(sources.values())


def _decoded(key: Any) -> bytes | None:
    """Return the bytes of a key. The library itself would ignore trailing garbage."""
    try:
        text = key if isinstance(key, bytes) else str(key).encode("ascii")
        raw = base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if len(raw) == KEY_BYTES else None
