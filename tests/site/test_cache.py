"""The cache in Redis: what is kept there is found; while it is away, the site goes on."""

import socket
from collections.abc import Callable
from functools import partial
from pickle import PicklingError
from typing import Any

import pytest
from django.core.cache import cache

from ssmsite import env
from tests.client.transports import RawServer
from tests.site.conftest import Site

USER = 'from django.contrib.auth.models import User\nUser.objects.create_superuser("reader")'


def redis(full: bool, connection: socket.socket) -> None:
    """As much of Redis as is needed here; a full one takes nothing more, and says so."""
    kept: dict[bytes, bytes] = {}
    stream = connection.makefile("rwb")
    while head := stream.readline():
        words = [stream.read(int(stream.readline()[1:]) + 2)[:-2] for _ in range(int(head[1:]))]
        answer = b"-ERR unknown command"
        if words[0] == b"HELLO":
            answer = b"%1\r\n$5\r\nproto\r\n:3"
        elif full:
            answer = b"-OOM command not allowed when used memory > 'maxmemory'"
        elif words[0] == b"SET":
            kept[words[1]] = words[2]
            answer = b"+OK"
        elif words[0] == b"GET":
            value = kept.get(words[1])
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
    with pytest.raises((AttributeError, PicklingError)):
        cache.set("name", lambda: None)  # what nothing could keep is a fault of ours


def test_the_site_goes_on_without_its_cache(migrated: Site) -> None:
    migrated.ask(USER)
    _, token = migrated.manage("api_tokens", "make", "reader")
    with migrated.served(CACHE_URL="redis://127.0.0.1:1", DJANGO_DEBUG="1") as visitor:
        answer = visitor.see("/api/registries/", Authorization=f"Bearer {token.strip()}")
        assert answer.status_code == 200
        assert answer.json()["count"] == 5
    assert "Traceback" not in "".join(visitor.log)
