"""What is said of Docker Hub."""

from registries.credentials import Anonymous
from registries.endpoint import Endpoint
from tests.fakes.hosted import DockerHub
from tests.kinds.facts.base import LOGIN, READER, Case, Facts, Names, Provided

# Where the errors stand for what is given.
ERRORS: dict[Names, set[str]] = {
    (): set(),
    ("login",): {"password"},
    ("password",): {"login"},
    ("token",): {"login"},
    ("auth",): set(),
    ("login", "password"): set(),
    ("login", "token"): set(),
    ("login", "auth"): {"password", "auth"},
    ("password", "token"): {"login", "token"},
    ("password", "auth"): {"login", "auth"},
    ("token", "auth"): {"login", "auth"},
    ("login", "password", "token"): {"token"},
    ("login", "password", "auth"): {"auth"},
    ("login", "token", "auth"): {"auth"},
    ("password", "token", "auth"): {"login", "token", "auth"},
    ("login", "password", "token", "auth"): {"token", "auth"},
}


def errors(provided: Provided) -> set[str]:
    """Nothing, login with exactly one of password and token, or auth alone."""
    return {frozenset(names): places for names, places in ERRORS.items()}[provided]


FACTS = Facts(
    sample={"login": "johndoe", "password": "fake-password"},
    variables={"login", "password", "token", "auth"},
    errors=errors,
    credentials=[
        ((), "docker.io", "", Anonymous()),
        (("login", "password"), "docker.io", "", READER),
        (("login", "password"), "dhi.io", "", READER),
        (("login", "token"), "docker.io", "", READER),
        (("auth",), "docker.io", "", READER),
    ],
    endpoints=[
        ({}, "dhi.io", Endpoint(url="https://dhi.io", fixed_realm=True)),
        (
            {},
            "docker.io",
            Endpoint(
                url="https://registry-1.docker.io",
                realms=("https://auth.docker.io",),
                counts_pulls=True,
                fixed_realm=True,
            ),
        ),
    ],
    hosts=[
        ("docker.io", {}),
        ("dhi.io", {}),
    ],
    look_alikes=[
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
    ],
    home="docker.io",
    registries={
        "hub": Case("hub", DockerHub, LOGIN),
        "hub token": Case("hub", DockerHub, ("login", "token")),
    },
)
