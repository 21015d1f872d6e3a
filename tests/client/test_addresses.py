"""Which URLs and addresses may be called."""

import multiprocessing
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from registries.client import addresses
from registries.client.addresses import LOOKUPS, permitted, resolve
from registries.client.deadline import Deadline
from registries.client.urls import Url, origin

ALWAYS_REFUSED = {
    "this network": "0.0.0.0 0.1.2.3 0.255.255.255 ::",
    "link-local": "169.254.169.254 169.254.0.1 169.254.255.255 fe80::1 fe80::1%lo febf:ffff::1",
    "multicast and reserved": "224.0.0.1 239.255.255.255 240.0.0.1 ff02::1 ffff::1",
    "broadcast": "255.255.255.255",
    # Metadata services, as their clouds write them.
    "Alibaba Cloud": "100.100.100.200 fd00:100::100:200",
    "Amazon": "fd00:ec2:: fd00:ec2::23 fd00:ec2::254 fd00:ec2:ffff::1",
    "Azure": "168.63.129.16",
    "Google": "fd20:ce::254",
    "Oracle": "192.0.0.192 fd00:c1::a9fe:a9fe",
    "Akamai and Scaleway": "fd00:a9fe:a9fe::1 fd00:42::42",
    "Equinix and Tencent": "192.80.8.124 100.88.222.5",
    "UCloud and Volcano Engine": "100.80.80.80 100.96.0.96 ::ffff:100.96.0.96",
    # Whatever stands in a NAT64 prefix of one's own: where the IPv4 address begins is unknown.
    "NAT64": "64:ff9b:1:: 64:ff9b:1::808:808 64:ff9b:1:a9fe:a9:fe00:: 64:ff9b:1:ffff::7f00:1",
    "NAT64, its last": "64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
    # IPv4 in disguise.
    "mapped and compatible": "::ffff:169.254.169.254 ::169.254.169.254 fe80::a9fe:a9fe",
    "translated": "::ffff:0:169.254.169.254 64:ff9b::a9fe:a9fe 64:ff9b:1::a9fe:a9fe",
    "6to4 and Teredo": "2002:a9fe:a9fe:: 2001:0:5ef5:79fb:0:0:5601:5601",
}
PRIVATE = {
    "loopback": "127.0.0.1 127.8.9.10 127.255.255.255 ::1",
    "10": "10.0.0.1 10.255.255.255",
    "carriers'": "100.64.0.1 100.100.100.201 100.127.255.255 100.80.80.81 100.88.222.6 100.96.0.97",
    "172.16": "172.16.0.1 172.31.255.255",
    "192": "192.168.1.1 192.168.255.255 192.0.0.1 192.0.0.193 192.0.0.255",
    "benchmarks'": "198.18.0.1 198.19.255.255",
    "unique local": "fc00::1 fd00:ec3::1 fd12:3456::1 fdff:ffff::1",
    "beside metadata": "fd20:ce::255 fd00:c1::a9fe:a9ff fd00:42::43 fd00:a9fe:a9fe::2",
    "beside Alibaba's": "fd00:100::100:201",
    "site-local": "fec0::1 feff:ffff::1",
    "IPv4 in disguise": "::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:0:10.0.0.1 ::10.0.0.1",
    "NAT64 and 6to4": "64:ff9b::7f00:1 2002:7f00:1::",
}
PUBLIC = {
    "any": "1.1.1.1 8.8.8.8 2606:4700::1111",
    "beside 10 and 127": "9.255.255.255 11.0.0.1 126.255.255.255",
    "beside 100.64": "100.63.255.255 100.128.0.1",
    "beside link-local": "169.253.0.1 169.255.0.1",
    "beside 172.16": "172.15.255.255 172.32.0.1",
    "beside 192": "192.0.1.1 192.169.0.1 198.17.255.255",
    "beside multicast": "223.255.255.255",
    "beside metadata": "168.63.129.17 192.80.8.125",
    "IPv4 in disguise": "::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808:: 64:ff9b:2::1",
}


@pytest.mark.parametrize(
    ("table", "where_private", "elsewhere"),
    [(ALWAYS_REFUSED, False, False), (PRIVATE, True, False), (PUBLIC, True, True)],
    ids=["always refused", "private", "public"],
)
def test_addresses(table: dict[str, str], where_private: bool, elsewhere: bool) -> None:
    """#31, #32, #84: metadata never, private ones where the setting allows it, in any disguise."""
    for address in " ".join(table.values()).split():
        assert permitted(address, private=True) is where_private, address
        assert permitted(address, private=False) is elsewhere, address


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://ghcr.io", "https://ghcr.io"),
        ("HTTPS://GHCR.IO:443/v2/", "https://ghcr.io"),
        ("http://localhost:80", "http://localhost"),
        ("http://localhost:443/", "http://localhost:443"),
        ("https://example.com:05000/x?y=1", "https://example.com:5000"),
        ("https://[0:0::1]:5000", "https://[::1]:5000"),
        ("http://127.0.0.1:8080?x", "http://127.0.0.1:8080"),
        ("https://[64:ff9b::1.2.3.4]/", "https://[64:ff9b::102:304]"),
        ("http://my_host.internal.", "http://my_host.internal."),
        ("http://_a-b.internal_", "http://_a-b.internal_"),
        ("http://0x7f.4-u.example", "http://0x7f.4-u.example"),
    ],
)
def test_origin(url: str, expected: str) -> None:
    assert origin(url) == expected


NO_URLS = {
    "incomplete": "ghcr.io //ghcr.io/ https:// https:///v2/ https:ghcr.io",
    "other schemes": "ftp://ghcr.io/ file:///etc/passwd",
    "with a user": "https://user@ghcr.io/ https://user:pw@ghcr.io/",
    "two hosts": "https://good.example@evil.example/ http://good.example\\@evil.example/",
    "backslash": "http://good.example\\.evil.example/ https://ghcr.io/a\\b",
    "other parts": "https://ghcr.io/#fragment https://%67hcr.io/",
    "ports": "https://ghcr.io:0/ https://ghcr.io:65536/ https://ghcr.io:x/ https://ghcr.io:/",
    "long port": "https://ghcr.io:000443/",
    "labels": "https://ghcr..io/ https://.ghcr.io/ https://-ghcr.io/ https://ghcr.io-/",
    "characters": 'https://ghcr.io/a"b https://ghcr.io/\x00 https://ghcr.io/\x7f',
    "not ASCII": "https://bücher.example/ https://ghcr.io/ä",
    # The Kelvin sign and the long s, which are a k and an s to those who ignore case.
    "like ASCII": "https://\u212a.example/ http\u017f://ghcr.io/",
    # Names that the resolver reads as IPv4 addresses.
    "numbers": "http://2130706433/ http://0x7f.1/ http://0x7f000001/ http://127.1/",
    "almost IPv4": "http://0177.0.0.1/ http://127.0.0.1./ http://①②⑦.0.0.1/ http://1.2.3.4.5/",
    "no IPv4": "http://256.0.0.1/ http://example.0x/",
    "no IPv6": "http://[::1/ http://[::1%25lo]/ http://[1::2::3]/ http://[127.0.0.1]/ http://::1/",
}
WITH_SPACES = ["", "https://gh cr.io/", "https://ghcr.io/a b", "https://ghcr.io/\r\nX: y"]
WITH_SPACES += ["https://ghcr.io\n", " https://ghcr.io"]


def test_no_url() -> None:
    """#32, #34: what parsers read differently is refused by the one parser there is."""
    for url in [*" ".join(NO_URLS.values()).split(" "), *WITH_SPACES]:
        with pytest.raises(ValueError) as error:  # noqa: PT011 - no text of ours is promised
            pytest.fail(f"{url!r} was read as {Url.parse(url)}")
        assert "user:pw" not in str(error.value)


def test_target_is_kept_as_given() -> None:
    url = Url.parse("https://Example.com/v2/a%2Fb/?n=1&scope=repository:a/b:pull&x=!$[]~")
    assert url.target == "/v2/a%2Fb/?n=1&scope=repository:a/b:pull&x=!$[]~"
    assert str(url) == "https://example.com" + url.target


def test_resolve_gives_addresses_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", answers("10.0.0.1", "::1", "10.0.0.1"))
    assert resolve("name.example", Deadline(5)) == ["10.0.0.1", "::1"]


def test_name_that_cannot_be_encoded() -> None:
    with pytest.raises(socket.gaierror):
        resolve("a" * 64 + ".example", Deadline(5))


@pytest.fixture
def hung(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The names that a resolver was asked for which answers when the test is over."""
    release = threading.Event()
    requests: list[str] = []

    def hang(host: str, *_: Any, **__: Any) -> list[Any]:
        requests.append(host)
        release.wait(30)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    yield requests
    release.set()
    for thread in left_behind():
        thread.join()


def left_behind() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == "registries-resolve"]


def test_hung_resolver(hung: list[str]) -> None:
    """#40: name resolution counts towards the deadline."""
    # Without a deadline it would come back with nothing, which is another error.
    with pytest.raises(TimeoutError):
        resolve("name.example", Deadline(0.2))
    (thread,) = left_behind()
    assert thread.daemon, "a process that ends would wait for it"


def test_hung_resolver_holds_few_threads(hung: list[str]) -> None:
    """#85: however many names hang, and however often one is asked for."""
    for number in range(3 * LOOKUPS):
        with pytest.raises(TimeoutError):
            resolve(f"name-{number}.example", Deadline(0.01))
    for _ in range(3):
        with pytest.raises(TimeoutError):
            resolve("name-0.example", Deadline(0.01))
    assert len(left_behind()) == LOOKUPS
    assert hung == [f"name-{number}.example" for number in range(LOOKUPS)]


def test_a_name_waits_for_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """#85: once one of many lookups ends, the next name is resolved."""
    release = threading.Event()

    def slow(host: str, *args: Any, **kwargs: Any) -> list[Any]:
        if host != "next.example":
            release.wait(30)
        return list(answers("10.0.0.1")(host, None))

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    for number in range(LOOKUPS):
        with pytest.raises(TimeoutError):
            resolve(f"slow-{number}.example", Deadline(0.01))
    threading.Timer(0.1, release.set).start()
    assert resolve("next.example", Deadline(30)) == ["10.0.0.1"]
    assert resolve("slow-0.example", Deadline(30)) == ["10.0.0.1"]


def test_a_system_without_a_thread_to_spare(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a fault of the way, and of this one call: the next may have its thread."""

    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(socket, "getaddrinfo", answers("10.0.0.1"))
    with monkeypatch.context() as without_threads:
        without_threads.setattr(threading.Thread, "start", start)
        with pytest.raises(OSError, match="new thread"):
            resolve("name.example", Deadline(5))
    assert resolve("name.example", Deadline(5)) == ["10.0.0.1"]


def test_lookups_of_a_parent_do_not_count_in_its_child(hung: list[str]) -> None:
    """#85: servers fork; the threads that hung stay with the parent."""
    for number in range(LOOKUPS):
        with pytest.raises(TimeoutError):
            resolve(f"name-{number}.example", Deadline(0.01))
    # As though another of the parent's threads were just about to start a lookup.
    with addresses._changed:
        child = multiprocessing.get_context("fork").Process(target=_resolve_localhost)
        child.start()
    child.join(30)
    assert child.exitcode == 0


def _resolve_localhost() -> None:
    socket.getaddrinfo = answers("127.0.0.1")
    assert resolve("localhost", Deadline(10)) == ["127.0.0.1"]


def answers(*addresses: str) -> Any:
    """A getaddrinfo that knows these addresses for every name."""

    def getaddrinfo(_host: str, port: None, *_: Any, **__: Any) -> list[Any]:
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (one, port, 0, 0))
            if ":" in one
            else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port))
            for one in addresses
        ]

    return getaddrinfo
