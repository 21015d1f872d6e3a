"""The cache in Redis: what is kept there is found and is never run; the site goes on without it."""

import json
import os
import pickle
import socket
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from redis import Redis

from ssmsite import env
from tests.client.transports import RawServer
from tests.site import redis as real
from tests.site.conftest import Site

USER = 'from django.contrib.auth.models import User\nUser.objects.create_superuser("reader")'


def redis(full: bool, connection: socket.socket) -> None:
    """As much of Redis as is needed here; a full one takes nothing more, and says so."""
    stored: dict[bytes, bytes] = {}
    stream = connection.makefile("rwb")
    while head := stream.readline():
        words = [stream.read(int(stream.readline()[1:]) + 2)[:-2] for _ in range(int(head[1:]))]
        answer = b"-ERR unknown command"
        if words[0] == b"HELLO":
            answer = b"%1\r\n$5\r\nproto\r\n:3"
        elif full:
            answer = b"-OOM command not allowed when used memory > 'maxmemory'"
        elif words[0] == b"SET":
            stored[words[1]] = words[2]
            answer = b"+OK"
        elif words[0] == b"GET":
            value = stored.get(words[1])
            answer = b"_" if value is None else b"$%d\r\n%b" % (len(value), value)
        stream.write(answer + b"\r\n")
        stream.flush()


def silent(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


def closing(_connection: socket.socket) -> None:
    """Takes no command."""


@pytest.fixture
def use(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[RawServer], None]:
    """Make a server the site's cache."""

    def use(server: RawServer) -> None:
        monkeypatch.setenv("CACHE_URL", f"redis://:canary@127.0.0.1:{server.port}")
        settings.CACHES = {"default": env.cache()}

    return use


def test_what_is_kept_is_found(use: Callable[[RawServer], None]) -> None:
    with RawServer(partial(redis, False)) as server:
        use(server)
        assert cache.get("name", "none") == "none"
        cache.set("name", ["value"], 60)
        assert cache.get("name", "none") == ["value"]
        cache.close()


@pytest.mark.parametrize("serve", [partial(redis, True), silent, closing])
def test_a_cache_that_is_away_is_empty(
    serve: Callable[[socket.socket], None],
    use: Callable[[RawServer], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Full, frozen or restarting; each time is told in one line, without the address."""
    with RawServer(serve) as server:
        use(server)
        cache.set("name", ["value"], 60)
        assert cache.get("name", "none") == "none"
    assert [record.name for record in caplog.records] == ["ssmsite.cache"] * 2
    assert "canary" not in caplog.text
    with pytest.raises(TypeError):
        cache.set("name", lambda: None)  # what nothing could keep is a fault of ours


def test_the_site_goes_on_without_its_cache(migrated: Site) -> None:
    migrated.shell(USER)
    _, token = migrated.manage("api_tokens", "make", "reader")
    with migrated.served(CACHE_URL="redis://127.0.0.1:1", DJANGO_DEBUG="1") as visitor:
        answer = visitor.see("/api/registries/", Authorization=f"Bearer {token.strip()}")
        assert answer.status_code == 200
        assert answer.json()["count"] == 5
    assert "Traceback" not in "".join(visitor.log)


# The site as it would be with Django's own serializer.
PICKLING = """
from ssmsite.settings import *
del CACHES["default"]["OPTIONS"]["serializer"]
"""


class Code:
    """What runs where it is unpickled: makes the directory."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.path),)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Redis]]:
    real.needed()
    with real.running(tmp_path) as server:
        yield server


@pytest.mark.parametrize("pickling", [False, True])
def test_who_writes_the_cache_runs_no_code(
    pickling: bool, server: tuple[str, Redis], migrated: Site, tmp_path: Path
) -> None:
    """#83: what stands in Redis is read as data; with a pickling serializer it would run."""
    url, redis = server
    reader = f"reader{pickling}"
    migrated.shell(USER.replace("reader", reader))
    _, token = migrated.manage("api_tokens", "make", reader)
    (tmp_path / "pickling.py").write_text(PICKLING)
    variables = {"CACHE_URL": url, "DJANGO_DEBUG": "1"}
    if pickling:
        variables |= {"PYTHONPATH": str(tmp_path), "DJANGO_SETTINGS_MODULE": "pickling"}
    with migrated.served(**variables) as visitor:

        def status() -> int:
            headers = {"Authorization": f"Bearer {token.strip()}"}
            return visitor.see("/api/registries/", **headers).status_code

        assert status() == 200
        (key,) = redis.keys()
        assert key.decode().startswith(":1:throttle_registries_")
        redis.set(key, pickle.dumps(Code(tmp_path / "ran")))
        answered = status()
        assert (tmp_path / "ran").exists() is pickling
        if not pickling:
            assert answered == 200
            assert len(json.loads(redis.get(key))) == 1, "counted anew"


@pytest.mark.parametrize("value", [5, True, None, 1.5, "text", ["a", 1.5], {"a": [1]}])
def test_texts_and_numbers_come_back(
    value: object, server: tuple[str, Redis], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CACHE_URL", server[0])
    settings.CACHES = {"default": env.cache()}
    cache.set("name", value)
    assert cache.get("name", "none") == value
    assert type(cache.get("name")) is type(value)
    cache.set("count", 1)
    assert cache.incr("count") == cache.get("count") == 2
    cache.close()


@pytest.mark.parametrize("stored", [b"", b"junk", b"\x80\x05K\x01.", b"[" * 100_000, b"9" * 5000])
def test_what_cannot_be_read_is_not_there(
    stored: bytes,
    server: tuple[str, Redis],
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """#83: such as what an earlier version pickled; it is told without being shown."""
    url, redis = server
    monkeypatch.setenv("CACHE_URL", url)
    settings.CACHES = {"default": env.cache()}
    cache.set("name", "value")
    redis.set(":1:name", stored)
    assert cache.get("name", "none") == "none"
    cache.close()
    assert [record.name for record in caplog.records] == ["ssmsite.cache"]
    assert "junk" not in caplog.text
