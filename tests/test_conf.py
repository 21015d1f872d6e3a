"""Settings of the app: typed, defaulted, read at call time, reported when wrong."""

from pathlib import Path
from typing import Any

import pytest
from django.core.cache.backends.redis import RedisCache, RedisSerializer
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured

from registries import conf
from registries.token_cache import JSONSerializer
from tests import forking


def ids() -> set[str]:
    return {
        issue.id
        for issue in run_checks(tags=["security"])
        if str(issue.id).startswith("registries.")
    }


def test_the_defaults_are_those_of_the_documentation(settings: Any) -> None:
    del settings.REGISTRIES
    assert conf.get() == conf.Conf()
    usual = conf.Conf()
    assert (usual.timeout, usual.list_timeout, usual.check_workers) == (10, 60, 16)
    assert usual.allow_private_addresses
    assert usual.prove_with_stranger
    assert ids() == set()


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("TIMEOUT", 2, 2.0),
        ("LIST_TIMEOUT", 90, 90.0),
        ("CHECK_WORKERS", 4, 4),
        ("CHECK_EVERY", 60, 60),
        ("CHECK_EVERY", 0, 0),
        ("HOST_CONCURRENCY", 1, 1),
        ("EXPIRY_REMINDERS", [], ()),
        ("EXPIRY_REMINDERS", [1, 60, 1, 0], (60, 1, 0)),
        ("TASK_QUEUE", "", None),
        ("TASK_QUEUE", "checks", ("checks", "default")),
        ("TASK_QUEUE", {"queue_name": "checks", "backend": "rq"}, ("checks", "rq")),
        ("CHECKS_KEPT_DAYS", 30, 30),
        ("CHECKS_PER_MINUTE", 5, 5),
        ("CA_BUNDLE", "/etc/ca.pem", "/etc/ca.pem"),
        ("PROXY", "", None),
        ("PROXY", "http://user:pw@proxy.example:3128", "http://user:pw@proxy.example:3128"),
        ("NO_PROXY", "a.example, b.example", ("a.example", "b.example")),
        ("NO_PROXY", ["a.example"], ("a.example",)),
        ("ALLOW_PRIVATE_ADDRESSES", False, False),
        ("USER_AGENT", "Acme/1", "Acme/1"),
        ("PROVE_WITH_STRANGER", False, False),
        ("CONFIRM_CHECKS", 1, 1),
        ("NOTIFICATIONS_KEPT_DAYS", 7, 7),
        ("SITE_URL", "", None),
        ("SITE_URL", "https://Site.example/path/", "https://site.example/path"),
        ("KINDS", ["acme.kinds.acme"], ("acme.kinds.acme",)),
        ("TOKEN_CACHE", "default", "default"),
        ("ENDPOINTS", {"https://a.example": "http://b"}, (("https://a.example", "http://b"),)),
    ],
)
def test_each_key_is_read(settings: Any, name: str, value: Any, read: Any) -> None:
    settings.REGISTRIES = {name: value}
    assert getattr(conf.get(), name.lower()) == read
    assert ids() == ({"registries.W007"} if "@" in str(value) else set())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIMEOUT", 0),
        ("TIMEOUT", "10"),
        ("TIMEOUT", True),
        ("TIMEOUT", float("nan")),
        ("LIST_TIMEOUT", 0),
        ("LIST_TIMEOUT", 601),
        ("CHECK_WORKERS", 0),
        ("CHECK_EVERY", 59),
        ("CHECK_EVERY", 2_592_001),
        ("CHECK_EVERY", False),
        ("CHECK_EVERY", 3600.5),
        ("HOST_CONCURRENCY", 0),
        *(("EXPIRY_REMINDERS", value) for value in (7, "7", [-1], [366], [True], ["7"])),
        ("TASK_QUEUE", ["checks"]),
        ("TASK_QUEUE", {"backend": "rq"}),
        ("TASK_QUEUE", {"queue_name": "checks", "alias": "rq"}),
        ("TASK_QUEUE", {"queue_name": 5}),
        ("CHECKS_KEPT_DAYS", 0),
        ("CHECKS_PER_MINUTE", 0),
        ("CHECKS_PER_MINUTE", True),
        ("CHECKS_KEPT_DAYS", 3651),
        ("CHECK_WORKERS", 1.5),
        ("CA_BUNDLE", 1),
        ("PROXY", ["x"]),
        ("PROXY", "https://proxy.example:3128"),
        ("PROXY", "proxy.example:3128"),
        ("NO_PROXY", 5),
        ("KINDS", [5]),
        ("CONFIRM_CHECKS", 0),
        ("NOTIFICATIONS_KEPT_DAYS", 0),
        *(("SITE_URL", value) for value in ("site.example", "https://a.example/?b", "https://u@a")),
        ("ALLOW_PRIVATE_ADDRESSES", "False"),
        ("USER_AGENT", "a\r\nb"),
        ("USER_AGENT", ""),
        ("ENDPOINTS", [("a", "b")]),
        ("ENDPOINTS", {"https://a.example": None}),
        ("ENDPOINTS", {"https://a.example/path": "http://b"}),
        ("ENDPOINTS", {"a.example": "http://b"}),
        ("ENDPOINTS", {"https://a.example": "ftp://b"}),
        ("TOKEN_CACHE", "missing"),
        ("PROVE_WITH_STRANGER", "no"),
    ],
)
def test_each_wrong_value_is_reported_by_its_key(settings: Any, name: str, value: Any) -> None:
    settings.REGISTRIES = {name: value}
    assert ids() == {"registries.E002"}
    with pytest.raises(ImproperlyConfigured, match=name):
        conf.get()


def test_an_entry_of_no_proxy_that_cannot_be_read_is_named(settings: Any) -> None:
    """It was passed over without a word; a password in it is not shown."""
    entries = "corp.example, *corp.example, http://user:canary@proxy.example, 10.0.0.0/8"
    settings.REGISTRIES = {"NO_PROXY": entries}
    assert ids() == {"registries.W006"}
    messages = [one.msg for one in run_checks(tags=["security"]) if one.id == "registries.W006"]
    assert messages == [
        "REGISTRIES['NO_PROXY']: the entry '*corp.example' is invalid and has no effect.",
        "REGISTRIES['NO_PROXY']: the entry 'proxy.example' is invalid and has no effect.",
    ]
    assert len(conf.get().no_proxy) == 4


def test_an_unknown_key_is_reported(settings: Any) -> None:
    settings.REGISTRIES = {"TIME_OUT": 5}
    assert ids() == {"registries.E001"}
    assert conf.get() == conf.Conf()


GOOD = "m9P2vVb5VvYcQ8nDgD3uJkqC1sE7rT0hLxW4yZfA6oI="  # of no site
# Of public documentation.
KNOWN = [
    "6-QgONW6TUl5rt4Xq8u-wBwPcb15sIYS2CN6d69zueM=",
    "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=",
    "46BKJoQYlPPOexq0OhDZnIlNepKFf87WFwLbfzqDDho=",
    "81HqDtbqAywKSOumSha3BhWNOdQ26slT6K0YaZeZyPs=",
]


@pytest.mark.parametrize(
    ("keys", "result"),
    [
        (GOOD, set()),
        ([GOOD.encode(), GOOD], set()),
        (GOOD + "junk", {"registries.E003"}),
        (GOOD[:-2] + "*=", {"registries.E003"}),
        ("short", {"registries.E003"}),
        ("", {"registries.E003"}),
        (None, {"registries.E003"}),
        ("A" * 43 + "=", {"registries.W001"}),
        ("YS1zYW1wbGUta2V5LWZyb20tc29tZS1tYW51YWwtMTI=", {"registries.W001"}),
        *((keys, {"registries.W003"}) for key in KNOWN for keys in (key, [GOOD, key.encode()])),
    ],
)
def test_keys_are_looked_at(settings: Any, keys: Any, result: set[str]) -> None:
    """#7: weak, mistyped and public keys are reported, wherever they are listed, and not shown.

    Public ones are only reported, because otherwise nobody could replace them.
    """
    settings.FIELD_ENCRYPTION_KEY = keys
    assert ids() == result
    issues = str(run_checks(tags=["security"]))
    assert not isinstance(keys, str) or not keys or keys not in issues
    assert not [key for key in KNOWN if key in issues]


def in_code(folder: Path, code: str, base: str = "") -> tuple[int, str]:
    """What `check` says of settings of this code, with a module of theirs beside them."""
    rest = (Path(__file__).parent / "settings.py").read_text(encoding="utf-8")
    (folder / "own").mkdir()
    (folder / "own" / "base.py").write_text(f"{rest}\n{base}", encoding="utf-8")
    (folder / "own" / "live.py").write_text(f"from .base import *\n{code}", encoding="utf-8")
    command = ["-m", "django", "check", "--settings", "own.live"]
    returned, output = forking.run(command, {"PYTHONPATH": str(folder), "KEY": GOOD})
    assert GOOD not in output
    return returned, output


MISPLACED = "FIELD_ENCRYPTION_KEY: key 1 is in the source code of the settings."


@pytest.mark.parametrize(
    ("code", "base"),
    [
        (f"FIELD_ENCRYPTION_KEY = '{GOOD}'", ""),
        (f"FIELD_ENCRYPTION_KEY = [b'{GOOD}']", ""),
        (f"import os\nFIELD_ENCRYPTION_KEY = os.environ.get('KEY', '{GOOD}')", ""),
        ("", f"FIELD_ENCRYPTION_KEY = '{GOOD}'"),
        ("", f"FIELD_ENCRYPTION_KEY = '{GOOD}'\nfrom own.live import *"),
    ],
    ids=["text", "bytes", "default", "split", "circle"],
)
def test_a_key_in_the_code_is_reported(code: str, base: str, tmp_path: Path) -> None:
    """#7: whoever reads the code has the secrets; also in a module that the settings build on."""
    returned, output = in_code(tmp_path, code, base)
    assert returned == 0
    assert MISPLACED in output
    assert "registries.W004" in output


def test_a_key_of_the_environment_is_in_its_place(tmp_path: Path) -> None:
    code = "import os\nfrom math import *\nFIELD_ENCRYPTION_KEY = os.environ['KEY']"
    # Many settings take what a module says that need not be there.
    code += "\ntry:\n    from .local import *\nexcept ImportError:\n    pass"
    assert in_code(tmp_path, code) == (0, "System check identified no issues (0 silenced).\n")


def test_the_key_of_sessions_is_not_for_secrets(settings: Any) -> None:
    """#7: two keys with two lives."""
    settings.SECRET_KEY = GOOD
    for keys in (GOOD, GOOD.encode(), [GOOD]):
        settings.FIELD_ENCRYPTION_KEY = keys
        assert ids() == {"registries.W002"}


BACKENDS = "django.core.cache.backends."
JSON = "registries.token_cache.JSONSerializer"
REDIS = {"BACKEND": f"{BACKENDS}redis.RedisCache", "LOCATION": "redis://127.0.0.1:1"}


class OwnRedis(RedisCache):
    """A site's own backend, as many have one."""


def caches(**others: Any) -> dict[str, Any]:
    return {"default": {"BACKEND": f"{BACKENDS}locmem.LocMemCache"}, **others}


@pytest.mark.parametrize(
    "cache",
    [
        REDIS,
        {**REDIS, "BACKEND": "tests.test_conf.OwnRedis"},
        {**REDIS, "OPTIONS": {"serializer": f"{BACKENDS}redis.RedisSerializer"}},
        {**REDIS, "OPTIONS": {"serializer": RedisSerializer(protocol=4)}},
        {"BACKEND": f"{BACKENDS}memcached.PyMemcacheCache", "LOCATION": "127.0.0.1:1"},
        {"BACKEND": f"{BACKENDS}memcached.PyLibMCCache", "LOCATION": "127.0.0.1:1"},
        {"BACKEND": f"{BACKENDS}db.DatabaseCache", "LOCATION": "cached"},
        {"BACKEND": f"{BACKENDS}filebased.FileBasedCache", "LOCATION": "/nowhere"},
    ],
)
def test_a_cache_that_unpickles_is_reported(settings: Any, cache: dict[str, Any]) -> None:
    """#83: where requests are counted, or tokens kept; whatever else a site caches is its own."""
    settings.CACHES = {"default": cache}
    (issue,) = [
        result for result in run_checks(tags=["security"]) if result.id == "registries.W005"
    ]
    assert issue.msg.startswith("CACHES['default'] uses pickle")
    assert "127.0.0.1" not in str(issue), "an address may hold a password"
    settings.CACHES = caches(tokens=cache)
    assert ids() == set()
    settings.REGISTRIES = {"TOKEN_CACHE": "tokens"}
    assert ids() == {"registries.W005"}


@pytest.mark.parametrize(
    "cache",
    [
        {"BACKEND": f"{BACKENDS}locmem.LocMemCache"},
        {"BACKEND": f"{BACKENDS}dummy.DummyCache"},
        {**REDIS, "OPTIONS": {"serializer": JSON}},
        {**REDIS, "OPTIONS": {"serializer": JSONSerializer()}},
        {**REDIS, "BACKEND": "ssmsite.cache.Cache", "OPTIONS": {"serializer": JSON}},
        {"BACKEND": "of.no.Library"},
    ],
)
def test_a_cache_that_runs_nothing_is_not(settings: Any, cache: dict[str, Any]) -> None:
    settings.CACHES = {"default": cache}
    settings.REGISTRIES = {"TOKEN_CACHE": "default"}
    assert ids() == set()
