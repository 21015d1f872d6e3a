"""Which hosts a kind answers for, and which only look like it."""

import pytest

from registries.kinds import KINDS
from tests.kinds.facts import FACTS

ANSWERS = [(slug, *row) for slug, facts in FACTS.items() for row in facts.hosts]
# Hosts that belong to nobody, though careless patterns take them for a registry.
LOOK_ALIKES = ["", "io", *(host for facts in FACTS.values() for host in facts.look_alikes)]


def answering(host: str) -> dict[str, object]:
    """What rows must hold to answer for a host, by the slug of their kind."""
    lookups = {slug: kind.answers(host) for slug, kind in KINDS.items()}
    return {slug: lookup for slug, lookup in lookups.items() if lookup is not None}


def test_hosts_of_kinds_and_what_looks_like_them() -> None:
    """#38, #86: a host belongs to one kind; one that only looks like it gets no row, and so no
    credentials.
    """
    for slug, host, lookup in ANSWERS:
        assert answering(host) == {slug: lookup}, host
    assert [host for host in LOOK_ALIKES if answering(host)] == []


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


def test_no_own_host() -> None:
    """Without an address of its own, or with a stray one of another kind, a row names no host."""
    for kind in KINDS.values():
        assert kind.own_host({}) is None
        assert "url" in kind.by_name or kind.own_host({"url": "https://reg.example.com"}) is None


def test_home() -> None:
    """The host that is asked where no address, prefix or image names one."""
    for slug, kind in KINDS.items():
        home = FACTS[slug].home
        assert kind.home({}) == home
        assert home is None or kind.answers(home) is not None
    # Keys belong to private registries: the public one is nobody's home then.
    values = {"region": "eu-west-1", "accesskey": "AKIA", "secretaccesskey": "not-a-secret"}
    assert KINDS["ecr"].home(values) is None
