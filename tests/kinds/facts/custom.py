"""What is said of a registry that is run by anybody."""

from registries.credentials import Anonymous
from registries.endpoint import Endpoint, Proof
from tests.fakes.selfhosted import BasicRegistry, TokenRegistry
from tests.kinds.facts.base import (
    LOGIN,
    READER,
    REQUIRED,
    SELF,
    SPLIT,
    URL,
    Case,
    Facts,
    Provided,
    alone,
    auth_string,
    together,
)


def errors(provided: Provided) -> set[str]:
    """The address; then nothing, or login with password, or auth."""
    return (
        ({"url"} - provided)
        | together(provided, "login", "password")
        | alone(provided, "auth", "login", "password")
    )


FACTS = Facts(
    sample={
        "url": "https://registry.example:5000",
        "login": "johndoe",
        "password": "fake-password",
    },
    variables={"url", "login", "password", "auth", "authurl"},
    errors=errors,
    credentials=[
        (("url",), "registry.example.com", "", Anonymous()),
        (("url", "login", "password"), "registry.example.com", "", READER),
        (("url", "auth"), "registry.example.com", "", READER),
    ],
    endpoints=[
        ({"url": URL}, None, Endpoint(url=URL, proof=Proof.COMPARE)),
        (
            {"url": URL, "authurl": "https://auth.example.com/token"},
            "registry.example.com:5000",
            Endpoint(url=URL, realms=("https://auth.example.com",), proof=Proof.COMPARE),
        ),
    ],
    registries={
        "custom basic": Case(
            "custom", BasicRegistry, LOGIN, fixed=SELF, none=REQUIRED, denied=None
        ),
        "custom token": Case("custom", TokenRegistry, LOGIN, fixed=SPLIT),
        "custom auth": Case("custom", TokenRegistry, auth_string, fixed=SPLIT),
    },
)
