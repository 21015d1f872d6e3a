"""What signs in where: credentials and endpoints of every kind."""

import pytest

from registries.credentials import (
    Anonymous,
    AwsKeys,
    AzurePrincipal,
    Basic,
    Credential,
    GoogleServiceAccount,
)
from registries.endpoint import Endpoint, Proof
from registries.kinds import KINDS
from tests.kinds.samples import SAMPLES

PRIVATE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
PUBLIC, ALIAS = "public.ecr.aws", "ecr-public.aws.com"
ENTERPRISE = "containers.octocorp.ghe.com"
SECRET = "not-a-secret"
KEYS = ("region", "accesskey", "secretaccesskey")
AWS = AwsKeys("eu-west-1", SAMPLES["accesskey"], SECRET)
AWS_PUBLIC = AwsKeys("us-east-1", SAMPLES["accesskey"], SECRET, service="ecr-public")
GOOGLE = GoogleServiceAccount(SAMPLES["clientemail"], SAMPLES["privatekey"])
PRINCIPAL = (SAMPLES["clientid"], SECRET)
READER = Basic("reader", SECRET)

# Kind, variables that are set, host, prefix, credential.
CREDENTIALS: list[tuple[str, tuple[str, ...], str | None, str, Credential]] = [
    ("acr", ("clientid", "clientsecret"), "a.azurecr.io", "", Basic(*PRINCIPAL)),
    (
        "acr",
        ("clientid", "clientsecret", "tenantid"),
        None,
        "",
        AzurePrincipal(SAMPLES["tenantid"], *PRINCIPAL),
    ),
    ("custom", ("url",), "registry.example.com", "", Anonymous()),
    ("custom", ("url", "login", "password"), "registry.example.com", "", READER),
    ("custom", ("url", "auth"), "registry.example.com", "", READER),
    ("ecr", (), PUBLIC, "", Anonymous()),
    ("ecr", (), None, "", Anonymous()),
    ("ecr", KEYS, None, "", AWS),
    ("ecr", KEYS, PRIVATE, "", AWS),
    ("ecr", KEYS, PRIVATE, PRIVATE, AWS),
    ("ecr", KEYS, PUBLIC, "", Anonymous()),
    ("ecr", KEYS, PUBLIC, PRIVATE, Anonymous()),
    ("ecr", KEYS, PUBLIC, PUBLIC, AWS_PUBLIC),
    ("ecr", KEYS, PUBLIC, f"{PUBLIC}/acme", AWS_PUBLIC),
    ("ecr", KEYS, PUBLIC, f"{PUBLIC}.evil.com", Anonymous()),
    ("ecr", (), ALIAS, "", Anonymous()),
    ("ecr", KEYS, ALIAS, "", Anonymous()),
    ("ecr", KEYS, ALIAS, ALIAS, AWS_PUBLIC),
    ("ecr", KEYS, ALIAS, f"{ALIAS}/acme", AWS_PUBLIC),
    ("ecr", KEYS, ALIAS, f"{ALIAS}.evil.com", Anonymous()),
    ("forgejo", ("url", "login", "password"), "registry.example.com", "", READER),
    ("forgejo", ("url", "auth"), "registry.example.com", "", READER),
    ("gcr", (), "gcr.io", "", Anonymous()),
    ("gcr", ("clientemail", "privatekey"), "gcr.io", "", GOOGLE),
    ("gcr", ("clientemail", "privatekey"), None, "", GOOGLE),
    ("gcr", ("clientemail", "privatekey"), "us-docker.pkg.dev", "", GOOGLE),
    ("gcr", ("clientemail", "privatekey"), "mirror.gcr.io", "", Anonymous()),
    ("gcr", ("clientemail", "privatekey"), "mirror.gcr.io", "mirror.gcr.io", Anonymous()),
    *(
        ("gcr", ("clientemail", "privatekey"), host, "", credential)
        for host, credential in (
            ("us-mirror.gcr.io", Anonymous()),
            ("eu-mirror.gcr.io", Anonymous()),
            ("asia-mirror.gcr.io", Anonymous()),
            ("marketplace.gcr.io", GOOGLE),
            ("docker.us-east1.rep.pkg.dev", GOOGLE),
        )
    ),
    ("ghcr", (), "ghcr.io", "", Anonymous()),
    ("ghcr", ("username", "token"), "ghcr.io", "", READER),
    ("ghcr", ("username", "token"), None, "", READER),
    ("ghcr", ("username", "token"), "docker.pkg.github.com", "", READER),
    ("ghcr", ("username", "token"), "ghcr.io", "ghcr.io/acme", READER),
    ("ghcr", ("username", "token"), ENTERPRISE, "", Anonymous()),
    ("ghcr", ("username", "token"), ENTERPRISE, "ghcr.io", Anonymous()),
    ("ghcr", ("username", "token"), ENTERPRISE, f"{ENTERPRISE}/acme", READER),
    ("gitea", ("url", "login", "password"), "registry.example.com", "", READER),
    ("gitea", ("url", "auth"), "registry.example.com", "", READER),
    ("gitlab", ("url", "authurl", "token"), "registry.example.com", "", Basic("token", SECRET)),
    ("gitlab", ("url", "authurl", "token", "username"), "registry.example.com", "", READER),
    ("hub", (), "docker.io", "", Anonymous()),
    ("hub", ("login", "password"), "docker.io", "", READER),
    ("hub", ("login", "password"), "dhi.io", "", READER),
    ("hub", ("login", "token"), "docker.io", "", READER),
    ("hub", ("auth",), "docker.io", "", READER),
    ("lscr", (), "lscr.io", "", Anonymous()),
    ("lscr", ("username", "token"), "lscr.io", "", READER),
    ("quay", (), "quay.io", "", Anonymous()),
    (
        "quay",
        ("namespace", "account", "token"),
        "quay.io",
        "",
        Basic("acme+reader", SECRET),
    ),
]


@pytest.mark.parametrize(("slug", "names", "host", "prefix", "expected"), CREDENTIALS)
def test_credential(
    slug: str, names: tuple[str, ...], host: str | None, prefix: str, expected: Credential
) -> None:
    """The set variables become this credential at this host."""
    values = {name: SAMPLES[name] for name in names}
    assert KINDS[slug].credential(values, host, prefix) == expected


@pytest.mark.parametrize("slug", KINDS)
def test_every_kind_is_in_the_table(slug: str) -> None:
    """Each kind has a line above, and one for each of its ways to sign in."""
    used = {frozenset(row[1]) for row in CREDENTIALS if row[0] == slug}
    for method in KINDS[slug].methods:
        own = frozenset(method.variables)
        assert any(own == names - {"url", "authurl"} for names in used), method.slug


def test_auth_is_split_at_the_first_colon() -> None:
    """A password may hold colons."""
    auth = "am9obmRvZTphOmI6Yw"  # johndoe:a:b:c
    assert KINDS["hub"].credential({"auth": auth}, None, "") == Basic("johndoe", "a:b:c")


URL = "https://registry.example.com:5000/sub"
ORIGIN = "https://registry.example.com:5000"

# Clouds of which a guest's token says something for an image alone.
BY_IMAGE = {"fixed_realm": True, "guests_by_image": True}

# Kind, values, host, endpoint.
ENDPOINTS: list[tuple[str, dict[str, str], str | None, Endpoint]] = [
    (
        "acr",
        {},
        "a.azurecr.io",
        Endpoint(url="https://a.azurecr.io", actions="pull,metadata_read", fixed_realm=True),
    ),
    ("acr", {}, None, Endpoint(url=None, actions="pull,metadata_read", fixed_realm=True)),
    (
        "acr",
        {"url": "https://a.azurecr.io", "tenantid": "contoso.com"},
        None,
        Endpoint(
            url="https://a.azurecr.io",
            actions="pull,metadata_read",
            fixed_realm=True,
            proof=Proof.EXCHANGE,
        ),
    ),
    ("custom", {"url": URL}, None, Endpoint(url=URL, proof=Proof.COMPARE)),
    (
        "custom",
        {"url": URL, "authurl": "https://auth.example.com/token"},
        "registry.example.com:5000",
        Endpoint(url=URL, realms=("https://auth.example.com",), proof=Proof.COMPARE),
    ),
    ("forgejo", {"url": URL}, None, Endpoint(url=ORIGIN, proof=Proof.USER_ID)),
    ("gitea", {"url": URL}, None, Endpoint(url=ORIGIN, proof=Proof.USER_ID)),
    (
        "gitea",
        {"url": URL, "authurl": "https://auth.example.com"},
        None,
        Endpoint(url=ORIGIN, realms=("https://auth.example.com",), proof=Proof.USER_ID),
    ),
    ("gcr", {}, None, Endpoint(url="https://gcr.io", proof=Proof.EXCHANGE, **BY_IMAGE)),
    ("gcr", {}, "eu.gcr.io", Endpoint(url="https://eu.gcr.io", proof=Proof.EXCHANGE, **BY_IMAGE)),
    ("ghcr", {}, "ghcr.io", Endpoint(url="https://ghcr.io", **BY_IMAGE)),
    ("ghcr", {}, None, Endpoint(url="https://ghcr.io", **BY_IMAGE)),
    ("ghcr", {}, "docker.pkg.github.com", Endpoint(url="https://ghcr.io", **BY_IMAGE)),
    ("ghcr", {}, ENTERPRISE, Endpoint(url=f"https://{ENTERPRISE}", **BY_IMAGE)),
    # Its token server is its own; Docker Hub's is not told of it.
    ("hub", {}, "dhi.io", Endpoint(url="https://dhi.io", fixed_realm=True)),
    (
        "acr",
        {},
        "a.eastus.geo.azurecr.io",
        Endpoint(
            url="https://a.eastus.geo.azurecr.io", actions="pull,metadata_read", fixed_realm=True
        ),
    ),
    (
        "gitlab",
        {"url": URL, "authurl": "https://gitlab.example.com"},
        None,
        Endpoint(url=URL, realms=("https://gitlab.example.com",), forbidden="no_registry_scope"),
    ),
    (
        "hub",
        {},
        "docker.io",
        Endpoint(
            url="https://registry-1.docker.io",
            realms=("https://auth.docker.io",),
            counts_pulls=True,
            fixed_realm=True,
        ),
    ),
    (
        "lscr",
        {},
        "lscr.io",
        Endpoint(
            url="https://lscr.io", realms=("https://ghcr.io",), anonymous_elsewhere=True, **BY_IMAGE
        ),
    ),
    ("quay", {}, "quay.io", Endpoint(url="https://quay.io")),
    ("quay", {"url": URL}, None, Endpoint(url=ORIGIN)),
    (
        "quay",
        {"url": URL, "authurl": "https://auth.example.com"},
        None,
        Endpoint(url=ORIGIN, realms=("https://auth.example.com",)),
    ),
]


@pytest.mark.parametrize(("slug", "values", "host", "expected"), ENDPOINTS)
def test_endpoint(slug: str, values: dict[str, str], host: str | None, expected: Endpoint) -> None:
    """A row's values and a host make this endpoint."""
    assert KINDS[slug].endpoint(values, host) == expected


def test_every_kind_has_an_endpoint_above() -> None:
    """Each kind has a line above; ecr, with its patterns, has a test of its own."""
    assert {row[0] for row in ENDPOINTS} == set(KINDS) - {"ecr"}


def test_ecr_endpoint() -> None:
    """Only the exchange names an account's registry: its name must be in the row's region."""
    values = {name: SAMPLES[name] for name in KEYS}
    endpoint = KINDS["ecr"].endpoint
    unnamed = endpoint(values, None)
    assert unnamed.url is None
    assert unnamed.hosts is not None
    assert unnamed.hosts.fullmatch(PRIVATE)
    assert not unnamed.hosts.fullmatch(PRIVATE.replace("west", "north"))
    private = endpoint(values, PRIVATE)
    assert (private.url, private.proof) == (f"https://{PRIVATE}", Proof.EXCHANGE)
    assert private.renew_on == {403}
    for host in (PUBLIC, ALIAS):
        public = endpoint({}, host)
        assert (public.url, public.renew_on, public.hosts) == (f"https://{host}", {400}, None)


@pytest.mark.parametrize("slug", KINDS)
def test_secrets_go_to_https(slug: str) -> None:
    """Where the row does not say http itself, nothing of a kind's own is called without TLS."""
    kind = KINDS[slug]
    values = {name: SAMPLES[name] for name in kind.by_name}
    for host in (None, "gcr.io", PUBLIC):
        endpoint = kind.endpoint(values, host)
        origins = [endpoint.url, *endpoint.realms] if endpoint.url else endpoint.realms
        assert all(str(origin).startswith("https://") for origin in origins)
