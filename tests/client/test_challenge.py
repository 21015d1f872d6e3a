"""WWW-Authenticate lines as registries send them, and as nobody should."""

import pytest

from registries.client.challenge import MAX_LENGTH, Challenge, parse, parse_all
from tests.cost import is_read_in_one_pass


def bearer(**params: str) -> Challenge:
    return Challenge("bearer", params)


def basic(**params: str) -> Challenge:
    return Challenge("basic", params)


TOKENS, ECR = "https://a.example/token", "https://1.dkr.ecr.eu-west-1.amazonaws.com/"
LINES = {
    "distribution": (
        f'Bearer realm="{TOKENS}",service="r",scope="repository:a/b:pull,push"',
        [bearer(realm=TOKENS, service="r", scope="repository:a/b:pull,push")],
    ),
    "two in one line": (
        'Bearer realm="/v2/token",service="s",scope="*",Basic realm="Gitea Package API"',
        [bearer(realm="/v2/token", service="s", scope="*"), basic(realm="Gitea Package API")],
    ),
    "basic first": ('Basic realm="a", Bearer realm="b"', [basic(realm="a"), bearer(realm="b")]),
    "no service": ('Bearer realm="https://gcr.io/v2"', [bearer(realm="https://gcr.io/v2")]),
    "an address as the realm of Basic": (
        f'Basic realm="{ECR}",service="ecr.amazonaws.com"',
        [basic(realm=ECR, service="ecr.amazonaws.com")],
    ),
    "capitals": ('BEARER REALM="/Token"', [bearer(realm="/Token")]),
    "escaped quotes": (
        r'Bearer realm="a\"b\\c",service="x"',
        [bearer(realm='a"b\\c', service="x")],
    ),
    "commas and words inside quotes": (
        'Bearer realm="a, Basic realm=b",service="x"',
        [bearer(realm="a, Basic realm=b", service="x")],
    ),
    "white space": (
        'Bearer   realm = "a" ,\tservice\t=  b , ,scope=""',
        [bearer(realm="a", service="b", scope="")],
    ),
    "bare values": (
        f"Bearer realm={TOKENS}?x=1,service=registry",
        [bearer(realm=f"{TOKENS}?x=1", service="registry")],
    ),
    "schemes alone": ("Negotiate, Basic", [Challenge("negotiate", {}), basic()]),
    "token68": (
        'Negotiate YII/abc+==, Basic realm="a"',
        [Challenge("negotiate", {}), basic(realm="a")],
    ),
    "the first of two values": ('Bearer realm="a",realm="b"', [bearer(realm="a")]),
    "no closing quote": ('Bearer service="a",realm="b', [bearer(service="a")]),
    "no closing quote before a comma": (
        'Bearer service="a",realm="b, Basic realm=c',
        [bearer(service="a")],
    ),
    "no value": (
        'Bearer service="a",realm=, Basic realm="b"',
        [bearer(service="a"), basic(realm="b")],
    ),
    "a parameter of nobody": ('realm="a", Basic', [basic()]),
    "rubbish between": (
        'Bearer realm="a", @@@, service="b"',
        [bearer(realm="a", service="b")],
    ),
    "nothing": ("", []),
    "commas": (", ,,", []),
}


@pytest.mark.parametrize("name", LINES)
def test_lines(name: str) -> None:
    line, expected = LINES[name]
    assert parse(line) == expected


def test_several_lines_are_read_in_their_order_joined_or_not() -> None:
    """HTTP libraries join repeated headers with a comma."""
    assert parse_all(['Basic realm="a"', 'Bearer realm="b"']) == LINES["basic first"][1]
    lines = [line for line, _ in LINES.values() if line.startswith(("B", "N")) and '"b' not in line]
    assert parse(", ".join(lines)) == parse_all(lines)


@pytest.mark.parametrize("repeated", ["\\", ",", "a ", 'x="', "a="])
def test_a_hostile_line_is_read_to_a_limit_and_in_one_pass(repeated: str) -> None:
    """#41: neither its length nor what it is made of makes it costly."""
    assert sum(len(result.params) + 1 for result in parse(repeated * 500_000)) <= MAX_LENGTH
    assert is_read_in_one_pass(parse, lambda size: repeated * size)
    assert is_read_in_one_pass(parse, lambda size: f'Bearer realm="{repeated * size}')
