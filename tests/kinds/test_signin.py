"""What signs in where: credentials and endpoints of every kind."""

import pytest

from registries.credentials import Basic, Credential
from registries.endpoint import Endpoint, Proof
from registries.kinds import KINDS
from tests.kinds.facts import FACTS, ecr
from tests.kinds.samples import SAMPLES

CREDENTIALS = [(slug, *row) for slug, facts in FACTS.items() for row in facts.credentials]
ENDPOINTS = [(slug, *row) for slug, facts in FACTS.items() for row in facts.endpoints]


@pytest.mark.parametrize(("slug", "names", "host", "prefix", "expected"), CREDENTIALS)
def test_credential(
    slug: str, names: tuple[str, ...], host: str | None, prefix: str, expected: Credential
) -> None:
    """The set variables become this credential at this host."""
    values = {name: SAMPLES[name] for name in names}
    assert KINDS[slug].credential(values, host, prefix) == expected


@pytest.mark.parametrize("slug", KINDS)
def test_each_way_to_sign_in_is_said(slug: str) -> None:
    used = {frozenset(row[1]) for row in CREDENTIALS if row[0] == slug}
    for method in KINDS[slug].methods:
        own = frozenset(method.variables)
        assert any(own == names - {"url", "authurl"} for names in used), method.slug


def test_auth_is_split_at_the_first_colon() -> None:
    """A password may hold colons."""
    auth = "am9obmRvZTphOmI6Yw"  # johndoe:a:b:c
    assert KINDS["hub"].credential({"auth": auth}, None, "") == Basic("johndoe", "a:b:c")


@pytest.mark.parametrize(("slug", "values", "host", "expected"), ENDPOINTS)
def test_endpoint(slug: str, values: dict[str, str], host: str | None, expected: Endpoint) -> None:
    """A row's values and a host make this endpoint."""
    assert KINDS[slug].endpoint(values, host) == expected


def test_every_kind_says_its_endpoint() -> None:
    """ecr's, with its patterns, has a test of its own."""
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
