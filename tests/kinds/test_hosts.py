"""Which hosts a kind answers for, and which only look like it."""

import pytest

from registries.kinds import KINDS

REGION = {"region": "eu-west-1"}

# Kind, host, what a row without an address or prefix must hold.
ANSWERS = [
    ("acr", "acme.azurecr.io", {}),
    ("acr", "acme.azurecr.cn", {}),
    ("acr", "acme-h4sh.azurecr.us", {}),
    ("acr", "acme.eastus2.geo.azurecr.io", {}),
    ("acr", "acme-h4sh.germanywestcentral.geo.azurecr.io", {}),
    ("acr", "acme.chinanorth3.geo.azurecr.cn", {}),
    ("acr", "acme.usgovvirginia.geo.azurecr.us", {}),
    ("ecr", "123456789012.dkr.ecr.eu-west-1.amazonaws.com", REGION),
    ("ecr", "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com", {"region": "us-east-1"}),
    ("ecr", "123456789012.dkr-ecr.eu-west-1.on.aws", REGION),
    ("ecr", "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", {"region": "cn-north-1"}),
    (
        "ecr",
        "123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn",
        {"region": "cn-north-1"},
    ),
    ("ecr", "123456789012.dkr.ecr.us-gov-west-1.amazonaws.com", {"region": "us-gov-west-1"}),
    ("ecr", "123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov", {"region": "us-isob-east-1"}),
    ("ecr", "123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu", {"region": "eusc-de-east-1"}),
    ("ecr", "123456789012.dkr.ecr-fips.eusc-de-east-1.amazonaws.eu", {"region": "eusc-de-east-1"}),
    (
        "ecr",
        "123456789012.dkr-ecr.eusc-de-east-1.on.amazonwebservices.eu",
        {"region": "eusc-de-east-1"},
    ),
    (
        "ecr",
        "123456789012.dkr-ecr-fips.eusc-de-east-1.on.amazonwebservices.eu",
        {"region": "eusc-de-east-1"},
    ),
    ("ecr", "123456789012.dkr-ecr-fips.us-gov-east-1.on.aws", {"region": "us-gov-east-1"}),
    ("ecr", "public.ecr.aws", {"is_default": True}),
    ("ecr", "ecr-public.aws.com", {"is_default": True}),
    ("gcr", "gcr.io", {}),
    ("gcr", "us.gcr.io", {}),
    ("gcr", "eu.gcr.io", {}),
    ("gcr", "asia.gcr.io", {}),
    ("gcr", "mirror.gcr.io", {}),
    ("gcr", "asia-mirror.gcr.io", {}),
    ("gcr", "marketplace.gcr.io", {}),
    ("gcr", "staging-k8s.gcr.io", {}),
    ("gcr", "k8s.gcr.io", {}),
    ("gcr", "beta.gcr.io", {}),
    ("gcr", "l.gcr.io", {}),
    ("gcr", "europe-docker.pkg.dev", {}),
    ("gcr", "us-central1-docker.pkg.dev", {}),
    ("gcr", "northamerica-northeast2-docker.pkg.dev", {}),
    ("gcr", "docker.europe-west4.rep.pkg.dev", {}),
    ("gcr", "docker.me-central2.rep.pkg.dev", {}),
    ("gcr", "docker.us.rep.pkg.dev", {}),
    ("ghcr", "ghcr.io", {}),
    ("ghcr", "docker.pkg.github.com", {}),
    ("ghcr", "containers.octocorp.ghe.com", {"is_default": True}),
    ("hub", "docker.io", {}),
    ("hub", "dhi.io", {}),
    ("lscr", "lscr.io", {}),
    ("quay", "quay.io", {}),
]

# Digits to careless patterns: twelve of them look like an account.
ARABIC_DIGITS = "\u0661" * 12

# Hosts that belong to nobody, though careless patterns take them for a registry.
LOOK_ALIKES = [
    "",
    "io",
    "evildocker.io",
    "dockerXio",
    "dockerxio",
    "docker.io\n",
    "docker.io.evil.com",
    "x.docker.io",
    "x.dhi.io",
    "evildhi.io",
    "dhi.io.evil.com",
    "hub.docker.com",
    "evilghcr.io",
    "x.ghcr.io",
    "docker.ghcr.io.evil.com",
    "docker.pkg.github.com.evil.com",
    "evildocker.pkg.github.com",
    "npm.pkg.github.com",
    "ghe.com",
    "containers.ghe.com",
    "octocorp.ghe.com",
    "containers.evil.octocorp.ghe.com",
    "containers.octocorp.ghe.com.evil.com",
    "containers.octocorp.evilghe.com",
    "containersxoctocorp.ghe.com",
    "ghcrxio",
    "ghcr.io.",
    "ghcr.io:5000",
    "ghcr.io@evil.com",
    "evil.com/ghcr.io",
    "lscr.io.evil.com",
    "ablscr.io",
    "evilquay.io",
    "quay.io.evil.com",
    "cdn.quay.io",
    "evilgcr.io",
    "x.gcrxio",
    "us.gcr.io.evil.com",
    "us-gcr.io",
    "us.evil.gcr.io",
    ".gcr.io",
    "-.gcr.io",
    "marketplace.gcr.io.evil.com",
    "marketplacexgcr.io",
    "docker.rep.pkg.dev",
    "docker.us.evil.rep.pkg.dev",
    "docker.us.rep.pkg.dev.evil.com",
    "docker.us.repxpkg.dev",
    "dockerxus.rep.pkg.dev",
    "evil.docker.us.rep.pkg.dev",
    "npm.us.rep.pkg.dev",
    "-docker.pkg.dev",
    "docker.pkg.dev",
    "evil.us-docker.pkg.dev",
    "us-docker.pkg.dev.evil.com",
    "us-docker-pkg.dev",
    "us--docker.pkg.dev",
    "a-b-c-docker.pkg.dev",
    "azurecr.io",
    ".azurecr.io",
    "acme.azurecrxio",
    "acme.azurecr.io.evil.com",
    "acme.evil.azurecr.io",
    "-acme.azurecr.io",
    "acme-.azurecr.io",
    "acme.azurecr.com",
    # Of a cloud that Microsoft closed: whose it is today nobody can show.
    "acme.azurecr.de",
    "acme.germanynorth.geo.azurecr.de",
    # Where the layers of images are: no registry.
    "acme.eastus.data.azurecr.io",
    "eastus.geo.azurecr.io",
    "acme.evil.eastus.geo.azurecr.io",
    "acme.eastus.geo.azurecr.io.evil.com",
    "acme.eastus.evil.azurecr.io",
    "acme.eastus.geoxazurecr.io",
    "acme_x.azurecr.io",
    "123456789012.dkr.ecr.evil.com",
    "x.dkr.ecr.evil.com/y.amazonaws.com",
    "x.dkr.ecr.eu-west-1.amazonaws.com",
    "12345678901.dkr.ecr.eu-west-1.amazonaws.com",
    "1234567890123.dkr.ecr.eu-west-1.amazonaws.com",
    f"{ARABIC_DIGITS}.dkr.ecr.eu-west-1.amazonaws.com",
    "123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.com",
    "evil.123456789012.dkr.ecr.eu-west-1.amazonaws.com",
    "123456789012.dkr.ecr.xx-fake-9.amazonaws.com",
    "123456789012.dkr.ecr.eu.west-1.amazonaws.com",
    "123456789012.dkrxecr.eu-west-1.amazonaws.com",
    # A region in another partition's domain.
    "123456789012.dkr.ecr.cn-north-1.amazonaws.com",
    "123456789012.dkr.ecr.eu-west-1.amazonaws.com.cn",
    "123456789012.dkr.ecr-fips.cn-north-1.amazonaws.com.cn",
    "123456789012.dkr.ecr-fips.eu-west-1.amazonaws.eu",
    "123456789012.dkr-ecr.eu-west-1.on.amazonwebservices.eu",
    "123456789012.dkr-ecr.eusc-de-east-1.on.aws",
    "evilecr-public.aws.com",
    "ecr-public.aws.com.evil.com",
    "ecr-public.evil.aws.com",
    "evilpublic.ecr.aws",
    "public.ecr.aws.evil.com",
    "publicxecr.aws",
]


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


def test_every_kind_with_hosts_is_in_the_table() -> None:
    """A kind that names hosts has a line above."""
    assert {slug for slug, kind in KINDS.items() if kind.hosts} == {row[0] for row in ANSWERS}


@pytest.mark.parametrize("slug", ["acr", "custom", "forgejo", "gitea", "gitlab", "quay"])
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
def test_own_host(slug: str, url: str, host: str | None) -> None:
    """A row with an address answers for its host and port; a default port is no part of it."""
    assert KINDS[slug].own_host({"url": url}) == host


@pytest.mark.parametrize("slug", KINDS)
def test_no_own_host(slug: str) -> None:
    """Without an address of its own, or with a stray one of another kind, a row names no host."""
    assert KINDS[slug].own_host({}) is None
    if "url" not in KINDS[slug].by_name:
        assert KINDS[slug].own_host({"url": "https://reg.example.com"}) is None


@pytest.mark.parametrize(
    ("slug", "home"),
    [
        ("acr", None),
        ("custom", None),
        ("ecr", "public.ecr.aws"),
        ("forgejo", None),
        ("gcr", "gcr.io"),
        ("ghcr", "ghcr.io"),
        ("gitea", None),
        ("gitlab", None),
        ("hub", "docker.io"),
        ("lscr", "lscr.io"),
        ("quay", "quay.io"),
    ],
)
def test_home(slug: str, home: str | None) -> None:
    """The host that is asked where no address, prefix or image names one."""
    kind = KINDS[slug]
    assert kind.home({}) == home
    assert home is None or kind.answers(home) is not None


def test_home_of_ecr_with_keys() -> None:
    """Keys belong to private registries: the public one is nobody's home then."""
    values = {"region": "eu-west-1", "accesskey": "AKIA", "secretaccesskey": "not-a-secret"}
    assert KINDS["ecr"].home(values) is None
