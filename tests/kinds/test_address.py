"""Addresses: what is normalised, and what never becomes one."""

import re
from urllib.parse import urlsplit

import pytest

from registries.kinds.address import PATTERN, Address, clean_url, parse_address
from registries.kinds.problem import Invalid

REG = "https://registry.example.com"
# An address, and other ways to write it.
LEGAL = {
    REG: f"{REG} {REG}/ {REG}:443 {REG}/v2 {REG}/v2/ {REG}/v2/v2// HTTPS://Registry.Example.COM",
    "http://registry.example.com": "http://registry.example.com:80/",
    "http://registry.example.com:443": "http://registry.example.com:443",
    f"{REG}:80": f"{REG}:80",
    f"{REG}:5000": f"{REG}:05000",
    f"{REG}/artifactory": f"{REG}/artifactory/v2/",
    f"{REG}/myv2": f"{REG}/myv2",
    f"{REG}/Team/x_1~y.z": f"{REG}/Team/x_1~y.z",
    "http://localhost:5000": "http://localhost:5000",
    "http://127.0.0.1:5000": "http://127.0.0.1:5000",
    "http://10.0.0.1": "http://10.0.0.1",
    "http://[::1]:5000": "http://[::1]:5000",
    "http://[2001:db8::1]": "http://[2001:DB8:0:0::1]",
    "https://xn--mnchen-3ya.example": "https://xn--mnchen-3ya.example",
    "https://a.b-c.d1": "https://a.b-c.d1",
}

# Hosts as platforms show them, and the addresses that are meant.
BARE = [
    ("registry.lab.example:5000", "https://registry.lab.example:5000"),
    ("myname.azurecr.io", "https://myname.azurecr.io"),
    ("Registry.Example.COM:5000", "https://registry.example.com:5000"),
    ("registry.example.com:443/", "https://registry.example.com"),
    ("registry.example.com/v2/", "https://registry.example.com"),
    ("registry.example.com:8443/team", "https://registry.example.com:8443/team"),
    ("registry.xn--mnchen-3ya", "https://registry.xn--mnchen-3ya"),
    ("10.0.0.1:5000", "https://10.0.0.1:5000"),
    ("10.0.0.1", "https://10.0.0.1"),
    ("[2001:DB8::1]:5000", "https://[2001:db8::1]:5000"),
    ("localhost:5000", "https://localhost:5000"),
]

# As long as a host name may be.
LONG = ".".join(["a" * 63] * 3 + ["a" * 61])
ILLEGAL = {
    "bare": "registry registry:5000 reg.test//team http:5000 reg_.test 127.1 2130706433",
    "bare ports": "reg.test:0 reg.test:99999 reg.test:5000:5000",
    "passwords": "hunter2 admin:12345 hunter2.01.0w1x2y3z4 hunter2@reg.test",
    "other parts": "reg.test?token=hunter2 https://reg.test?x=1 https://reg.test/#top",
    "schemes": "ftp://reg.test file:///etc/passwd //reg.test https:reg.test",
    "no host": "https:// https:///path",
    "users": "reader:hunter2@reg.test https://reader@reg.test https://reader:hunter2@reg.test",
    "control characters": "https://reg.test/\x00 https://reg.test\x7f",
    # Parsers disagree on which host these name.
    "two hosts": "http://good.com\\@evil.com/ http://good.com\\evil.com/",
    "escapes": "http://%67ood.com/ http://good.com%2eevil.com/ http://good.com%00.evil.com",
    # Resolvers read these as 127.0.0.1, address parsers do not.
    "numbers": "http://2130706433 http://0x7f.1 http://0x7f000001 http://127.1 http://0177.0.0.1",
    "almost IPv4": "http://127.0.0.01 http://127.0.0.256 http://127.0.0.1. http://example.0x7f",
    "other digits": "http://①②⑦.0.0.1 http://\u0661.0.0.1 http://\uff11\uff12\uff17.0.0.1",
    "other letters": "http://ⓔxample.com http://münchen.example http://evil。com http://reg.test/ä",
    "no IPv6": "http://[::1 http://::1 http://[evil.com] http://[:::]",
    "zones": "http://[::1%25eth0] http://[fe80::1%eth0]",
    "ports": "http://reg.test: http://reg.test:0 http://reg.test:65536 http://reg.test:5000:5000",
    "odd ports": "http://reg.test:+80 http://reg.test:\u0668\u0660 http://reg.test:99999999999",
    "labels": "http://registry..example.com http://.example.com http://-a.example.com",
    "no label": f"http://a_b.example.com http://{'a' * 64}.example.com",
    "too long": f"http://{'.'.join(['a' * 60] * 5)} http://{LONG}:65535",
    "dots": "http://reg.test/../admin http://reg.test/./a http://reg.test/%2e%2e",
    "paths": "http://reg.test/a//b http://reg.test/a;b",
}
WITH_SPACES = ["https://reg.test/a b", "https://reg.test\n", "https://registry\t.example.com"]
WITH_SPACES += ["http://reg.test\u2028"]


@pytest.mark.parametrize("expected", LEGAL)
def test_normalised(expected: str) -> None:
    """#34: an address is parsed once, rebuilt from its parts, and stays as it is.

    The JSON Schema's pattern is wider than the parser, never narrower.
    """
    for text in (expected, *LEGAL[expected].split()):
        assert clean_url(text) == expected
        assert re.search(PATTERN, text)
        # What is checked is what is called: the standard parser sees the same parts.
        address, split = parse_address(text), urlsplit(expected)
        assert (address.scheme, address.host.strip("[]")) == (split.scheme, split.hostname)
        assert (address.port, address.path) == (split.port, split.path)


def test_refused() -> None:
    """#31, #32, #34: what is no plain address is refused, in words that do not repeat it."""
    for text in [*" ".join(ILLEGAL.values()).split(" "), *WITH_SPACES]:
        with pytest.raises(Invalid) as caught:
            pytest.fail(f"{text!r} became {clean_url(text)}")
        assert not re.search("reg.test|hunter2|evil|127|12345", str(caught.value))


@pytest.mark.parametrize(("text", "meant"), BARE)
def test_without_a_scheme_it_is_https(text: str, meant: str) -> None:
    """Taken, which it was not: people copy hosts from where platforms show them.

    The JSON Schema takes it as well. Where a row is used, an address has its scheme.
    """
    assert clean_url(text) == meant
    assert clean_url(meant) == meant
    assert re.search(PATTERN, text)
    with pytest.raises(Invalid):
        parse_address(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("https://reader@reg.test", "user"),
        ("https://reg.test?x", "query"),
        ("https://reg.test#x", "query"),
        ("https://reg.test\\x", "character"),
        ("https://reg test", "character"),
        ("reg", "invalid"),
        ("https://reg.test:0", "port"),
        ("https://reg_test", "host"),
        ("https://127.1", "host"),
        ("https://reg.test/a//b", "path"),
    ],
)
def test_what_is_wrong(text: str, code: str) -> None:
    """Each way to be wrong has a message of its own."""
    with pytest.raises(Invalid) as caught:
        clean_url(text)
    assert caught.value.code == code


def test_parts() -> None:
    """An address knows its origin, which has no path."""
    address = parse_address("https://reg.example.com:5000/sub")
    assert address == Address("https", "reg.example.com", 5000, "/sub")
    assert address.origin == "https://reg.example.com:5000"
    assert address.netloc == "reg.example.com:5000"
    assert address.url == "https://reg.example.com:5000/sub"
