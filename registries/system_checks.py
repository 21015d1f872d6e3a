"""System checks: what is wrong with the site's settings, said before anything fails.

registries.E001  an unknown key in REGISTRIES
registries.E002  a value in REGISTRIES that cannot be used
registries.E003  an encryption key that is no Fernet key
registries.E004  a kind in REGISTRIES["KINDS"] that cannot be used
registries.W001  an encryption key that is not random, such as one made of words
registries.W002  an encryption key that is the site's SECRET_KEY as well
registries.W003  an encryption key that everybody can read in public documentation
registries.W004  an encryption key that stands in the code of the settings
registries.W005  a cache that unpickles what others may have written into it
registries.W006  an entry of NO_PROXY that cannot be read

Of a database, which `migrate` and `check --database` ask, where it is MariaDB or MySQL:

registries.W010  a character set that lacks some characters
registries.W011  names that are compared otherwise than by their characters
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

from registries import conf, site_kinds
from registries.models.names import EXACT

KEY_BYTES = 32
# Keys that guides and tests show to everybody: SHA-256 of their bytes, and where they stand.
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
# The cache backends that lie outside the process and unpickle what they read, with the option of
# CACHES that changes this, where there is one.
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
    """Report unknown keys and unusable values of REGISTRIES, never a value itself."""
    found: list[CheckMessage] = []
    known = ", ".join(conf.READERS)
    found.extend(
        Error(f"REGISTRIES has no key {name!r}.", hint=f"It knows: {known}.", id="registries.E001")
        for name in conf.raw()
        if name not in conf.READERS
    )
    try:
        conf.get()
    except ImproperlyConfigured as error:
        found.append(Error(str(error), id="registries.E002"))
    found.extend(
        Caution(
            f"REGISTRIES['NO_PROXY']: {entry!r} cannot be read, so it leaves nothing out.",
            hint="Write corp.example, .corp.example, host:5000, 192.0.2.1, [::1]:5000, 10.0.0.0/8"
            " or *.",
            id="registries.W006",
        )
        for entry in conf.unreadable_no_proxy()
    )
    return found


@register()
def check_kinds(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report what keeps a kind that the site brings from being used."""
    return [
        Error(
            f"REGISTRIES['KINDS']: {name} is left out: {fault}.",
            hint="docs/contributing.md tells what a kind must fulfil.",
            id="registries.E004",
        )
        for name in site_kinds.names()
        for fault in site_kinds.examine(name)[1]
    ]


@register(Tags.security)
def check_keys(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report keys that the library takes although they are weak, mistyped, known or misplaced."""
    setting = getattr(settings, "FIELD_ENCRYPTION_KEY", None)
    keys: Sequence[Any] = setting if isinstance(setting, list | tuple) else [setting]
    code = _code(settings.SETTINGS_MODULE)
    found: list[CheckMessage] = []
    for number, key in enumerate(keys, start=1):
        raw = _decoded(key)
        if raw is None:
            hint = "Make one with cryptography.fernet.Fernet.generate_key()."
            message = f"FIELD_ENCRYPTION_KEY: key {number} is not 32 bytes of URL-safe base64."
            found.append(Error(message, hint=hint, id="registries.E003"))
            continue
        found.extend(
            Caution(f"FIELD_ENCRYPTION_KEY: key {number} {fault}.", hint=advice, id=ident)
            for ident, fault, advice in _weaknesses(key, raw, code)
        )
    return found


@register(Tags.security)
def check_caches(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report caches of ours through which whoever writes them could run code in the site."""
    # REST framework counts requests in the default cache.
    names = {"default", conf.raw().get("TOKEN_CACHE")}
    return [
        Caution(
            f"CACHES[{name!r}] unpickles what it reads: who can write there can run code in the"
            " site, and has every stored secret.",
            hint="Keep JSON there instead (docs/install.md), or choose a cache in memory.",
            id="registries.W005",
        )
        for name in settings.CACHES
        if name in names and _unpickles(name)
    ]


@register(Tags.database)
def check_databases(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Report what MariaDB or MySQL, as it is set up, does otherwise than other databases."""
    return [
        Caution(f"Database {alias!r} {fault}.", hint=hint, id=ident)
        for alias in databases or ()
        if connections[alias].vendor == "mysql" and router.allow_migrate(alias, "registries")
        for ident, fault, hint in _limits(connections[alias])
    ]


def _limits(connection: Any) -> Iterator[tuple[str, str, str]]:
    """The id of each check that the database fails, what it does, and what to do."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@character_set_database")
        (charset,) = cursor.fetchone()
        cursor.execute(
            "SELECT column_name, collation_name FROM information_schema.columns"
            " WHERE table_schema = DATABASE() AND table_name = 'registries_registry'"
        )
        collations = dict(cursor.fetchall())
    if not (collations.get("name") or charset).startswith("utf8mb4"):
        fault = "cannot store every character: saving a name with an emoji fails"
        yield "registries.W010", fault, "Convert it to utf8mb4 (docs/install.md)."
    # The migration that makes the other column has set this one's collation.
    if "default_kind" in collations and collations["name_key"] != EXACT:
        hint = f"Give registries_registry.name_key the collation {EXACT} (docs/install.md)."
        yield "registries.W011", "takes different names for the same one", hint
    if not connection.features.supports_transactions:
        fault = "has no transactions: a save that is interrupted stays half done"
        yield "registries.W012", fault, "Make InnoDB the default engine, and the tables anew."
    if not connection.features.supports_index_column_ordering:
        fault = "sorts lists in memory: with many rows they are slow"
        yield "registries.W013", fault, "Upgrade to MariaDB 10.8 or MySQL 8, or later."


def _unpickles(cache_name: str) -> bool:
    """Whether the cache lies outside the process and no serializer was chosen for it but pickle."""
    cache = settings.CACHES[cache_name]
    try:
        backend = import_string(cache["BACKEND"])
    except ImportError:
        return False  # it cannot be used at all
    for base in backend.__mro__:
        option = PICKLING.get(f"{base.__module__}.{base.__qualname__}")
        if option is not None:
            chosen = str(cache.get("OPTIONS", {}).get(option, "pickle"))
            return "pickle" in chosen.lower() or "RedisSerializer" in chosen
    return False


def _weaknesses(key: Any, raw: bytes, code: str) -> Iterator[tuple[str, str, str | None]]:
    """The id of each check that the key fails, what is wrong with it, and what to do."""
    text = key.decode() if isinstance(key, bytes) else str(key)
    if len(set(raw)) < KEY_BYTES // 4 or raw.isascii():
        yield "registries.W001", "is not random", None
    if text == settings.SECRET_KEY:
        hint = "Use a key of its own: they are kept, changed and lost apart."
        yield "registries.W002", "is SECRET_KEY as well", hint
    if where := SAMPLES.get(hashlib.sha256(raw).hexdigest()):
        hint = "Change it, in the order that docs/keys.md tells."
        yield "registries.W003", f"stands in {where}: everybody has it", hint
    if text in code:
        hint = "Change it (docs/keys.md), and keep the new one in the environment or in a file."
        yield "registries.W004", "stands in the code of the settings", hint


def _code(settings_module: str | None) -> str:
    """The source of the settings, and of the modules that they take everything from."""
    names: list[str] = [settings_module] if settings_module else []
    sources: dict[str, str] = {}
    for name in names:
        # What is taken only where it is there may be missing.
        if name in sources or name not in sys.modules:
            continue
        module = sys.modules[name]
        try:
            sources[name] = inspect.getsource(module)
        except (OSError, TypeError):  # it has none: compiled
            sources[name] = ""
        for node in ast.walk(ast.parse(sources[name])):
            if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
                relative = "." * node.level + (node.module or "")
                names.append(resolve_name(relative, module.__package__))
    return "\n".join(sources.values())


def _decoded(key: Any) -> bytes | None:
    """The key's bytes, decoded strictly: the library also takes trailing junk."""
    try:
        text = key if isinstance(key, bytes) else str(key).encode("ascii")
        raw = base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if len(raw) == KEY_BYTES else None
