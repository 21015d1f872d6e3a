"""Which URLs and addresses may be called."""

import multiprocessing
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from registries.client import addresses
from registries.client.addresses import LOOKUPS, METADATA, permitted, resolve
from registries.client.deadline import Deadline
from registries.client.urls import Url, origin

ALWAYS_REFUSED = [
    "0.0.0.0",
    "0.1.2.3",
    "0.255.255.255",
    "169.254.169.254",
    "169.254.0.1",
    "169.254.255.255",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "fe80::1",
    "fe80::a9fe:a9fe",
    "fe80::1%lo",
    "febf:ffff::1",
    "fd00:ec2::254",
    "fd00:ec2:ffff::1",
    "fd20:ce::254",
    # Metadata services, each by the table's own word and as their clouds write them.
    *(network.partition("/")[0] for network in METADATA),
    "fd00:c1::a9fe:a9fe",
    "fd00:42::42",
    "fd00:a9fe:a9fe::1",
    "fd00:100::100:200",
    "fd00:ec2::23",
    "100.80.80.80",
    "100.88.222.5",
    "100.96.0.96",
    "192.80.8.124",
    "::ffff:100.96.0.96",
    # Whatever stands in a NAT64 prefix of one's own: where the IPv4 address begins is unknown.
    "64:ff9b:1::",
    "64:ff9b:1::808:808",
    "64:ff9b:1:a9fe:a9:fe00::",
    "64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
    "64:ff9b:1:ffff::7f00:1",
    "ff02::1",
    "ffff::1",
    # IPv4 in disguise: mapped, compatible, translated, NAT64, 6to4, Teredo.
    "::ffff:169.254.169.254",
    "::169.254.169.254",
    "::ffff:0:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a9fe:a9fe",
    "2002:a9fe:a9fe::",
    "2001:0:5ef5:79fb:0:0:5601:5601",
]
PRIVATE = [
    "127.0.0.1",
    "127.8.9.10",
    "127.255.255.255",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.201",
    "100.127.255.255",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "192.168.255.255",
    "192.0.0.1",
    "192.0.0.193",
    "192.0.0.255",
    "198.18.0.1",
    "198.19.255.255",
    "::1",
    "fc00::1",
    "fd00:ec3::1",
    "fd12:3456::1",
    "fd20:ce::255",
    "fd00:c1::a9fe:a9ff",
    "fd00:42::43",
    "fd00:a9fe:a9fe::2",
    "fd00:100::100:201",
    "100.80.80.81",
    "100.88.222.6",
    "100.96.0.97",
    "fdff:ffff::1",
    "fec0::1",
    "feff:ffff::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:0:10.0.0.1",
    "::10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "126.255.255.255",
    "168.63.129.17",
    "169.253.0.1",
    "169.255.0.1",
    "172.15.255.255",
    "172.32.0.1",
    "192.0.1.1",
    "192.80.8.125",
    "64:ff9b:2::1",
    "192.169.0.1",
    "198.17.255.255",
    "223.255.255.255",
    "2606:4700::1111",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::",
]


@pytest.mark.parametrize("address", ALWAYS_REFUSED)
def test_refused_whatever_the_setting(address: str) -> None:
    """#31, #32, #84: metadata, link-local, unspecified, multicast, in every disguise."""
    for private in (True, False):
        assert not permitted(address, private=private)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_by_setting(address: str) -> None:
    """#31: private and loopback addresses, where the setting allows them."""
    assert permitted(address, private=True)
    assert not permitted(address, private=False)


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    assert permitted(address, private=False)


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


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ghcr.io",
        "//ghcr.io/",
        "ftp://ghcr.io/",
        "file:///etc/passwd",
        "https://",
        "https:///v2/",
        "https:ghcr.io",
        "https://user@ghcr.io/",
        "https://user:pw@ghcr.io/",
        "https://good.example@evil.example/",
        "http://good.example\\@evil.example/",
        "http://good.example\\.evil.example/",
        "https://ghcr.io/#fragment",
        "https://%67hcr.io/",
        "https://ghcr.io:0/",
        "https://ghcr.io:65536/",
        "https://ghcr.io:000443/",
        "https://ghcr.io:x/",
        "https://ghcr.io:/",
        "https://ghcr..io/",
        "https://.ghcr.io/",
        "https://-ghcr.io/",
        "https://ghcr.io-/",
        "https://gh cr.io/",
        "https://ghcr.io/a b",
        'https://ghcr.io/a"b',
        "https://ghcr.io/a\\b",
        "https://ghcr.io/\r\nX: y",
        "https://ghcr.io/\x00",
        "https://ghcr.io/\x7f",
        "https://ghcr.io\n",
        " https://ghcr.io",
        "https://bücher.example/",
        # The Kelvin sign and the long s, which are a k and an s to those who ignore case.
        "https://\u212a.example/",
        "http\u017f://ghcr.io/",
        "https://ghcr.io/ä",
        # Names that the resolver reads as IPv4 addresses.
        "http://2130706433/",
        "http://0x7f.1/",
        "http://0x7f000001/",
        "http://127.1/",
        "http://0177.0.0.1/",
        "http://127.0.0.1./",
        "http://①②⑦.0.0.1/",
        "http://1.2.3.4.5/",
        "http://256.0.0.1/",
        "http://example.0x/",
        "http://[::1/",
        "http://[::1%25lo]/",
        "http://[1::2::3]/",
        "http://[127.0.0.1]/",
        "http://::1/",
    ],
)
def test_no_url(url: str) -> None:
    """#32, #34: what parsers read differently is refused by the one parser there is."""
    with pytest.raises(ValueError) as error:  # noqa: PT011 - no text of ours is promised
        Url.parse(url)
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
            resolve(f"name-{number}.example", Deadline(0.05))
    for _ in range(3):
        with pytest.raises(TimeoutError):
            resolve("name-0.example", Deadline(0.05))
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
