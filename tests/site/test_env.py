"""The environment variables: what each accepts, and how it refuses."""

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from ssmsite import env

OWN = Path("own.sqlite3")


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "CACHE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        *[(value, True) for value in ("1", "true", "True", "yes", "ON", " 1 ")],
        *[(value, False) for value in (None, "", " ", "0", "false", "No", "off")],
    ],
)
def test_flags(value: str | None, meaning: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DJANGO_DEBUG", raising=False)
    if value is not None:
        monkeypatch.setenv("DJANGO_DEBUG", value)
    assert env.flag("DJANGO_DEBUG") is meaning


def test_items(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_ALLOWED_HOSTS", " a.example, ,b.example ,")
    assert env.items("DJANGO_ALLOWED_HOSTS") == ["a.example", "b.example"]


def test_database_without_an_address_is_the_sites_own_file() -> None:
    database = env.database(OWN)
    assert database["ENGINE"] == "django.db.backends.sqlite3"
    assert database["NAME"] == OWN
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert database["OPTIONS"]["timeout"] == 20
    assert database["OPTIONS"]["init_command"] == "PRAGMA secure_delete=ON"


@pytest.mark.parametrize(
    ("url", "engine", "parts"),
    [
        (
            "postgres://me:p%40ss@db.example:5433/regs?sslmode=require",
            "django.db.backends.postgresql",
            {"HOST": "db.example", "PORT": 5433, "NAME": "regs", "USER": "me", "PASSWORD": "p@ss"},
        ),
        ("postgresql://db.example/regs", "django.db.backends.postgresql", {"NAME": "regs"}),
        *(
            (
                f"{scheme}://me:p%40ss@db.example:3307/regs",
                "django.db.backends.mysql",
                {"HOST": "db.example", "PORT": 3307, "NAME": "regs", "PASSWORD": "p@ss"},
            )
            for scheme in ("mariadb", "mysql")
        ),
        (
            "sqlite:////srv/regs.sqlite3",
            "django.db.backends.sqlite3",
            {"NAME": "/srv/regs.sqlite3"},
        ),
    ],
)
def test_database_by_address(
    url: str, engine: str, parts: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    database = env.database(OWN)
    assert database["ENGINE"] == engine
    assert {name: database[name] for name in parts} == parts
    assert database["CONN_HEALTH_CHECKS"] is True


def test_what_the_address_says_of_the_connection_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    # Nobody waits for a server that is cut off as long as TCP would.
    usual = {"connect_timeout": 5, "tcp_user_timeout": 10_000}
    monkeypatch.setenv("DATABASE_URL", "postgres://db.example/regs")
    assert env.database(OWN)["OPTIONS"] == usual
    monkeypatch.setenv(
        "DATABASE_URL", "postgres://db.example/regs?connect_timeout=2&sslmode=require"
    )
    assert env.database(OWN)["OPTIONS"] == {**usual, "connect_timeout": 2, "sslmode": "require"}
    usual = {"connect_timeout": 5, "read_timeout": 60, "write_timeout": 60}
    monkeypatch.setenv("DATABASE_URL", "mariadb://db.example/regs?read_timeout=9&ssl-ca=/ca.pem")
    expected = {**usual, "read_timeout": 9, "ssl": {"ca": "/ca.pem"}}
    assert env.database(OWN)["OPTIONS"] == expected


@pytest.mark.parametrize(
    ("url", "backend"),
    [
        ("", "django.core.cache.backends.locmem.LocMemCache"),
        ("locmem://", "django.core.cache.backends.locmem.LocMemCache"),
        ("redis://:secret@cache.example:6379/0", "ssmsite.cache.Cache"),
        ("rediss://cache.example", "ssmsite.cache.Cache"),
    ],
)
def test_cache(url: str, backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CACHE_URL", url)
    cache = env.cache()
    assert cache["BACKEND"] == backend
    assert cache.get("LOCATION", url) == url


@pytest.mark.parametrize(
    ("key", "value", "read"),
    [
        ("TIMEOUT", "2.5", 2.5),
        ("LIST_TIMEOUT", "90", 90.0),
        ("CHECK_WORKERS", "4", 4),
        ("CA_BUNDLE", "/etc/ssl/corp.pem", "/etc/ssl/corp.pem"),
        ("PROXY", "http://proxy.example:3128", "http://proxy.example:3128"),
        ("NO_PROXY", "a.example,b.example", "a.example,b.example"),
        ("ALLOW_PRIVATE_ADDRESSES", "no", False),
        ("ALLOW_PRIVATE_ADDRESSES", "1", True),
        ("USER_AGENT", "acme/1", "acme/1"),
        ("TOKEN_CACHE", "default", "default"),
        (
            "ENDPOINTS",
            '{"https://registry-1.docker.io": "https://mirror.example"}',
            {"https://registry-1.docker.io": "https://mirror.example"},
        ),
        ("TIMEOT", "3", "3"),
    ],
)
def test_registries(key: str, value: str, read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"REGISTRIES_{key}", value)
    assert env.registries()[key] == read


def test_variables_that_are_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("SERVICE_HOST", "PORT", "PORT_8000_TCP_ADDR", "SECRET_HUB"):
        monkeypatch.setenv(f"REGISTRIES_{key}", "10.0.0.1")
    monkeypatch.setenv("REGISTRIES_TIMEOUT", "")
    assert env.registries() == {}


@pytest.mark.parametrize("end", ["", "\n", "\r\n", " \n\n"])
def test_a_file_may_have_the_value(
    end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Editors and `echo` end files with a line break, which would be a part of the password."""
    file = tmp_path / "database_url"
    file.write_bytes(f"postgres://me:secret@db.example/regs{end}".encode())
    monkeypatch.setenv("DATABASE_URL_FILE", str(file))
    assert env.database(OWN)["NAME"] == "regs"
    assert env.database(OWN)["PASSWORD"] == "secret"


@pytest.mark.parametrize(
    ("key", "content", "read"),
    [("TIMEOUT", "2.5\n", 2.5), ("PROXY", "http://me:secret@proxy.example", None)],
)
def test_a_file_may_have_a_setting_of_the_app(
    key: str, content: str, read: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / key).write_text(content)
    monkeypatch.setenv(f"REGISTRIES_{key}_FILE", str(tmp_path / key))
    assert env.registries() == {key: read or content}


def test_the_setting_file_names_no_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTRIES_FILE", "/srv/registries.yaml")
    monkeypatch.setenv("REGISTRIES_TIMEOT_FILE", "/srv/none")
    # The second is no setting, and the app's check says so; nothing is read from it.
    assert env.registries() == {"FILE": "/srv/registries.yaml", "TIMEOT_FILE": "/srv/none"}
    monkeypatch.delenv("REGISTRIES_FILE")
    (tmp_path / "path").write_text("/srv/other.yaml")
    monkeypatch.setenv("REGISTRIES_FILE_FILE", str(tmp_path / "path"))
    assert env.registries()["FILE"] == "/srv/other.yaml"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "cannot be read (No such file or directory)"),
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"\xff\xfecanary", "is not text in UTF-8"),
    ],
)
def test_a_file_without_a_value_is_refused(
    content: bytes | None, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its path: somebody may have put the secret itself where its file's name belongs."""
    file = tmp_path / SECRET
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("DATABASE_URL_FILE", str(file))
    with pytest.raises(ImproperlyConfigured) as refused:
        env.database(OWN)
    assert str(refused.value) == f"The file that DATABASE_URL_FILE names {problem}."
    assert not refused.value.__context__


def test_a_value_beside_a_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever won, somebody would change the other one, and wonder."""
    monkeypatch.setenv("CACHE_URL", f"redis://:{SECRET}@cache.example")
    monkeypatch.setenv("CACHE_URL_FILE", str(tmp_path / "none"))
    with pytest.raises(ImproperlyConfigured) as refused:
        env.cache()
    assert str(refused.value) == "CACHE_URL and CACHE_URL_FILE are both set. Set one of them only."


SECRET = "canary"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", SECRET),
        ("DATABASE_URL", f"postgres://me:{SECRET}@db.example:port/regs"),
        ("DATABASE_URL", f"oracle://me:{SECRET}@db.example/regs"),
        ("DATABASE_URL", f"{SECRET}://db.example/regs"),
        ("DATABASE_URL", f"postgres://me:{SECRET}@[db.example/regs"),
        ("CACHE_URL", SECRET),
        ("CACHE_URL", f"memcached://:{SECRET}@cache.example"),
        ("CACHE_URL", f"redis://:{SECRET}[@cache.example"),
        ("CACHE_URL", f"redis://:{SECRET}\u2100@cache.example"),
        ("REGISTRIES_TIMEOUT", SECRET),
        ("REGISTRIES_TIMEOUT", "-3"),
        ("REGISTRIES_TIMEOUT", "nan"),
        ("REGISTRIES_CHECK_WORKERS", "2.5"),
        ("REGISTRIES_ALLOW_PRIVATE_ADDRESSES", SECRET),
        ("REGISTRIES_USER_AGENT", f"{SECRET}\u00e9"),
        ("REGISTRIES_ENDPOINTS", SECRET),
        ("REGISTRIES_ENDPOINTS", f'["{SECRET}"]'),
        ("REGISTRIES_ENDPOINTS", f'{{"https://{SECRET}": 1}}'),
        ("DJANGO_ADMINS", f"a@site.example, {SECRET}"),
        *(
            ("DJANGO_EMAIL_URL", url)
            for url in (
                *("canary", "http://canary", "smtp://", "smtp://h:canary", "smtp://h/canary"),
                *("smtp://h?canary", "smtps://u:canary[@h", "smtps://u:canary\u2100@h"),
                # These would be sent without TLS.
                *("smtp+ssl://u:canary@h:587", "smtp+starttls://u:canary@h:587"),
                *("tls://u:canary@h:587", "http://u:canary@h:587"),
            )
        ),
    ],
)
def test_a_refusal_names_the_variable_and_never_its_value(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured) as refused:
        env.database(OWN), env.cache(), env.registries(), env.mail(), env.admins()
    assert name in str(refused.value)
    error: BaseException | None = refused.value
    while error:
        assert SECRET not in str(error)
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", ("localhost", 25, "", "", False, False)),
        ("smtp://mail.example", ("mail.example", 25, "", "", False, False)),
        ("smtp+tls://a%40b:p%2Fw@mail.example", ("mail.example", 587, "a@b", "p/w", True, False)),
        ("smtps://mail.example:4650/", ("mail.example", 4650, "", "", False, True)),
    ],
)
def test_mail(url: str, expected: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_EMAIL_URL", url)
    read = env.mail()
    names = ("HOST", "PORT", "HOST_USER", "HOST_PASSWORD", "USE_TLS", "USE_SSL")
    assert tuple(read[f"EMAIL_{name}"] for name in names) == expected
    assert read["EMAIL_TIMEOUT"] == 10


def test_admins_are_as_this_django_reads_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_ADMINS", "a@site.example, b@site.example")
    found = [each if isinstance(each, str) else each[1] for each in env.admins()]
    assert found == ["a@site.example", "b@site.example"]
    monkeypatch.setenv("DJANGO_ADMINS", "a@site.example, b")
    with pytest.raises(ImproperlyConfigured, match=r"DJANGO_ADMINS .* entry 2 is none"):
        env.admins()
