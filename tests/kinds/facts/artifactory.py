"""What is said of JFrog Artifactory."""

from registries.credentials import Anonymous
from registries.endpoint import Endpoint
from tests.fakes.selfhosted import Artifactory
from tests.kinds.facts.base import ORIGIN, READER, URL, USERNAME, Case, Facts, together

HERE = (("url", "https://acme.jfrog.io"),)


def endpoint(url: str, *realms: str) -> Endpoint:
    return Endpoint(url=url, realms=realms, forbidden="token_server_refused")


FACTS = Facts(
    sample={"url": "https://acme.jfrog.example", "username": "johndoe", "token": "fake-token"},
    variables={"url", "authurl", "username", "token"},
    errors=lambda provided: ({"url"} - provided) | together(provided, "username", "token"),
    credentials=[
        (("url",), "registry.example.com", "", Anonymous()),
        (("url", "username", "token"), "registry.example.com", "", READER),
    ],
    endpoints=[
        # Wherever the address was copied from, docker asks at the root of the host.
        ({"url": URL}, None, endpoint(ORIGIN)),
        (
            {"url": "https://acme.jfrog.io/artifactory/api/docker/docker-local"},
            "acme.jfrog.io",
            endpoint("https://acme.jfrog.io"),
        ),
        (
            {"url": "http://artifactory.example.com:8876", "authurl": "https://auth.example.com"},
            None,
            endpoint("http://artifactory.example.com:8876", "https://auth.example.com"),
        ),
    ],
    registries={
        "artifactory": Case(
            "artifactory",
            Artifactory,
            USERNAME,
            fixed=HERE,
            none=("misconfigured", "guests_refused"),
            absent="tag_not_found",
        ),
    },
)
