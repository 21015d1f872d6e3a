"""What is said of GitHub Container Registry."""

from registries.credentials import Anonymous
from registries.endpoint import Endpoint
from tests.fakes.hosted import GitHub
from tests.kinds.facts.base import READER, USERNAME, Case, Facts, together

ENTERPRISE = "containers.octocorp.ghe.com"


def endpoint(host: str) -> Endpoint:
    return Endpoint(url=f"https://{host}", fixed_realm=True, guests_by_image=True)


FACTS = Facts(
    sample={"username": "johndoe", "token": "fake-token"},
    variables={"username", "token"},
    errors=lambda provided: together(provided, "username", "token"),
    credentials=[
        ((), "ghcr.io", "", Anonymous()),
        (USERNAME, "ghcr.io", "", READER),
        (USERNAME, None, "", READER),
        (USERNAME, "docker.pkg.github.com", "", READER),
        (USERNAME, "ghcr.io", "ghcr.io/acme", READER),
        (USERNAME, ENTERPRISE, "", Anonymous()),
        (USERNAME, ENTERPRISE, "ghcr.io", Anonymous()),
        (USERNAME, ENTERPRISE, f"{ENTERPRISE}/acme", READER),
    ],
    endpoints=[
        ({}, "ghcr.io", endpoint("ghcr.io")),
        ({}, None, endpoint("ghcr.io")),
        ({}, "docker.pkg.github.com", endpoint("ghcr.io")),
        ({}, ENTERPRISE, endpoint(ENTERPRISE)),
    ],
    hosts=[
        ("ghcr.io", {}),
        ("docker.pkg.github.com", {}),
        (ENTERPRISE, {"is_default": True}),
    ],
    look_alikes=[
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
    ],
    home="ghcr.io",
    registries={
        "ghcr": Case("ghcr", GitHub, USERNAME),
    },
)
