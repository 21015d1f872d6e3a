"""Which hosts a kind answers for, and which only look like it."""

import pytest

from registries.kinds import KINDS
from tests.kinds.facts import FACTS

ANSWERS = [(slug, *row) for slug, facts in FACTS.items() for row in facts.hosts]
# Hosts that belong to nobody, though careless patterns take them for a registry.
LOOK_ALIKES = ["", "io", *(host for facts in FACTS.values() for host in facts.look_alikes)]


@pytest.mark.parametrize(("slug", "host", "lookup"), ANSWERS)
def test_answers(slug: str, host: str, lookup: dict[str, object]) -> None:
    """A host belongs to one kind, whose rows must hold this."""
    assert {s: k.answers(host) for s, k in KINDS.items() if k.answers(host) is not None} == {
        slug: lookup
    }


@pytest.mark.parametrize("host", LOOK_ALIKES)
def test_look_alikes(host: str) -> None:
    """#38, #86: what only looks like a registry's host gets no row, and so no credentials."""
    assert [slug for slug, kind in KINDS.items() if kind.answers(host) is not None] == []


def test_every_kind_with_hosts_says_which() -> None:
    assert {slug for slug, kind in KINDS.items() if kind.hosts} == {row[0] for row in ANSWERS}


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://reg.example.com", "reg.example.com"),
        ("https://reg.example.com:443/v2/", "reg.example.com"),
        ("http://REG.example.com:80/", "reg.example.com"),
        ("http://reg.example.com:443", "reg.example.com:443"),
        ("https://reg.example.com:80", "reg.example.com:80"),
        ("http://localhost:5000/sub/path", "localhost:5000"),
        ("https://[::1]:5000", "[::1]:5000"),
        ("nonsense", None),
    ],
)
def test_own_host(url: str, host: str | None) -> None:
    """A row with an address answers for its host and port; a default port is no part of it."""
    with_url = [kind for kind in KINDS.values() if "url" in kind.by_name]
    assert {kind.own_host({"url": url}) for kind in with_url} == {host}


@pytest.mark.parametrize("slug", KINDS)
def test_no_own_host(slug: str) -> None:
    """Without an address of its own, or with a stray one of another kind, a row names no host."""
    assert KINDS[slug].own_host({}) is None
    if "url" not in KINDS[slug].by_name:
        assert KINDS[slug].own_host({"url": "https://reg.example.com"}) is None


@pytest.mark.parametrize("slug", KINDS)
def test_home(slug: str) -> None:
    """The host that is asked where no address, prefix or image names one."""
    kind, home = KINDS[slug], FACTS[slug].home
    assert kind.home({}) == home
    assert home is None or kind.answers(home) is not None


def test_home_of_ecr_with_keys() -> None:
    """Keys belong to private registries: the public one is nobody's home then."""
    values = {"region": "eu-west-1", "accesskey": "AKIA", "secretaccesskey": "not-a-secret"}
    assert KINDS["ecr"].home(values) is None
