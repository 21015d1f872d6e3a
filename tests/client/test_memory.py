"""What one answer may cost in memory, however it is made."""

import json
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

from registries.client import manifests, pages, responses
from registries.client.digests import MANIFEST_LIMIT
from tests.client.calls import digest, manifest, serving
from tests.fakes.images import INDEX, MANIFEST, Stored

MANY, EMOJI = 10**6, "\U0001f600".encode()
# Beside the body itself, which is read to four megabytes.
MOST = {"manifest": 40_000_000, "tags": 56_000_000}
URL = "https://registry.example/v2/acme/app/tags/list"


def filled(before: bytes, units: Iterator[bytes], after: bytes) -> bytes:
    """A body of as many units as there are, up to the limit of a manifest."""
    parts, left = [], MANIFEST_LIMIT - len(before) - len(after)
    for unit in units:
        left -= len(unit) + 1
        if left < 0:
            break
        parts.append(unit)
    return before + b",".join(parts) + after


def bodies(key: str, values: int) -> Iterator[bytes]:
    """Many small things, and as many as are read at all, beside a text that is wide."""
    before, after = b'{"schemaVersion": 2, "%b": [' % key.encode(), b"]}"
    for unit in (b"{}", b"[]", b'{"a":1}', b"1e9", b'""', b'{"a":[{}]}'):
        yield filled(before, iter([unit] * MANY), after)
    distinct = filled(before, (b'{"k%d":0}' % n for n in range(values // 2 - 10)), b"]")
    text = EMOJI + b"x" * (MANIFEST_LIMIT - len(distinct) - 20)
    yield distinct + b', "a": "%b"}' % text
    yield b'{"schemaVersion": 2, "a": "%b"}' % (EMOJI + b"x" * (MANIFEST_LIMIT - 40))
    yield b'{"schemaVersion": 2, "a": "\\ud83d\\ude00%b"}' % (b"x" * (MANIFEST_LIMIT - 60))


def peak(call: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def refused(call: Callable[[], object]) -> Callable[[], object]:
    """The call, whose ValueError is what it says of a body that is too much."""

    def quietly() -> None:
        with suppress(ValueError):
            call()

    return quietly


def test_a_manifest_costs_a_few_times_its_length() -> None:
    """#92: it took up to 190 MB, of a registry that anybody may name."""
    for body in bodies("manifests", responses.MAX_VALUES):
        assert len(body) <= MANIFEST_LIMIT
        assert peak(partial(manifests.is_manifest, body)) < MOST["manifest"]
        assert peak(partial(manifests.describe, "", INDEX, body)) < MOST["manifest"]


def test_a_page_of_tags_costs_a_few_times_its_length() -> None:
    """#92: the same for lists, which may have more in them."""
    for body in bodies("tags", pages.MAX_VALUES):
        assert peak(refused(partial(pages.read, body, [], URL))) < MOST["tags"]


def test_long_bodies_are_looked_at_one_at_a_time() -> None:
    """#92: sixteen threads do not take sixteen times as much."""
    long, short, done = b'{"a": "%b"}' % (b"x" * responses.SHORT), b"{}", threading.Event()

    def look(body: bytes) -> None:
        with responses.parsed(body) as result:
            assert result is not None
            done.set()

    with responses.parsed(long):
        for body, waits in [(short, False), (long, True)]:
            done.clear()
            other = threading.Thread(target=look, args=(body,))
            other.start()
            assert done.wait(0.2 if waits else 10) is not waits
    other.join()
    assert done.is_set()


def test_a_long_body_that_is_refused_is_a_bad_answer() -> None:
    """#92: and takes no other's turn."""
    stored = Stored(
        INDEX, filled(b'{"schemaVersion": 2, "manifests": [', iter([b"{}"] * MANY), b"]}")
    )
    for _ in range(2):
        assert manifest(serving(stored))[0] == "bad_answer"


def test_the_longest_manifests_that_people_make_are_read() -> None:
    layer = {"mediaType": "application/octet-stream", "size": 4096, "digest": f"sha256:{'a' * 64}"}
    layer |= {"annotations": {"org.opencontainers.image.title": "wörter/model-00001.safetensors"}}
    body = json.dumps({"schemaVersion": 2, "layers": [layer] * 18_000}, ensure_ascii=False).encode()
    assert MANIFEST_LIMIT * 0.9 < len(body) < MANIFEST_LIMIT
    stored = Stored(MANIFEST, body)
    assert digest(serving(stored, head=405)) == (stored.digest, ["HEAD", "GET"])
    place = {"os": "linux", "architecture": "amd64", "os.version": "10", "features": ["a", "b"]}
    entry = layer | {"platform": place, "annotations": {f"note-{n}": "ö" * 40 for n in range(20)}}
    index = json.dumps({"schemaVersion": 2, "manifests": [entry] * 1000}, ensure_ascii=False)
    result, _methods = manifest(serving(Stored(INDEX, index.encode())))
    assert len(result.platforms) == 1000
