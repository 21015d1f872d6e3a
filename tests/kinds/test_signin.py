"""What signs in where: credentials and endpoints of every kind."""

import pytest

from registries.credentials import Basic
from registries.endpoint import Proof
from registries.kinds import KINDS
from tests.kinds.facts import FACTS, ecr
from tests.kinds.samples import SAMPLES

CREDENTIALS = [(slug, *row) for slug, facts in FACTS.items() for row in facts.credentials]
ENDPOINTS = [(slug, *row) for slug, facts in FACTS.items() for row in facts.endpoints]


def test_credentials() -> None:
    """The set variables become this credential at this host; each way to sign in is said."""
    used: dict[str, list[set[str]]] = {slug: [] for slug in KINDS}
    for slug, names, host, prefix, expected in CREDENTIALS:
        values = {name: SAMPLES[name] for name in names}
        assert KINDS[slug].credential(values, host, prefix) == expected, (slug, names, host)
        used[slug].append(set(names) - {"url", "authurl"})
    for slug, kind in KINDS.items():
        for method in kind.methods:
            assert set(method.variables) in used[slug], (slug, method.slug)


def test_auth_is_split_at_the_first_colon() -> None:
    """A password may hold colons."""
    auth = "am9obmRvZTphOmI6Yw"  # johndoe:a:b:c
    assert KINDS["hub"].credential({"auth": auth}, None, "") == Basic("johndoe", "a:b:c")


def test_endpoints() -> None:
    """A row's values and a host make this endpoint; ecr's, with patterns, has its own test."""
    for slug, values, host, expected in ENDPOINTS:
        assert KINDS[slug].endpoint(values, host) == expected, (slug, values, host)
    assert {row[0] for row in ENDPOINTS} == set(KINDS) - {"ecr"}


def test_ecr_endpoint() -> None:
    """Only the exchange names an account's registry: its name must be in the row's region."""
    values = {name: SAMPLES[name] for name in ecr.KEYS}
    endpoint = KINDS["ecr"].endpoint
    unnamed = endpoint(values, None)
    assert unnamed.url is None
    assert unnamed.hosts is not None
    assert unnamed.hosts.fullmatch(ecr.PRIVATE)
    assert not unnamed.hosts.fullmatch(ecr.PRIVATE.replace("west", "north"))
    private = endpoint(values, ecr.PRIVATE)
    assert (private.url, private.proof) == (f"https://{ecr.PRIVATE}", Proof.EXCHANGE)
    assert private.renew_on == {403}
    for host in (ecr.OWN, ecr.ALIAS):
        public = endpoint({}, host)
        assert (public.url, public.renew_on, public.hosts) == (f"https://{host}", {400}, None)


@pytest.mark.parametrize("slug", KINDS)
def test_secrets_go_to_https(slug: str) -> None:
    """Where the row does not say http itself, nothing of a kind's own is called without TLS."""
    kind = KINDS[slug]
    values = {name: SAMPLES[name] for name in kind.by_name}
    for host in (None, "gcr.io", ecr.OWN):
        endpoint = kind.endpoint(values, host)
        origins = [endpoint.url, *endpoint.realms] if endpoint.url else endpoint.realms
        assert all(str(origin).startswith("https://") for origin in origins)
