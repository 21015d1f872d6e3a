"""What is said of DigitalOcean Container Registry."""

from registries.credentials import Basic
from registries.endpoint import Endpoint
from tests.fakes.hosted import DigitalOcean
from tests.kinds.facts.base import READER, SECRET, USERNAME, Case, Facts, Values

HOST = "registry.digitalocean.com"


def token_alone(pair: tuple[str, str]) -> Values:
    return {"token": pair[1]}


FACTS = Facts(
    sample={"token": "fake-token"},
    variables={"username", "token"},
    errors=lambda provided: {"token"} - provided,
    credentials=[
        (("token",), HOST, "", Basic(SECRET, SECRET)),
        (("token",), None, "", Basic(SECRET, SECRET)),
        (USERNAME, HOST, "", READER),
    ],
    endpoints=[
        (
            {},
            HOST,
            Endpoint(
                url=f"https://{HOST}", realms=("https://api.digitalocean.com",), fixed_realm=True
            ),
        ),
    ],
    hosts=[(HOST, {})],
    look_alikes=[
        "digitalocean.com",
        "api.digitalocean.com",
        "x.registry.digitalocean.com",
        "evilregistry.digitalocean.com",
        "registry.digitalocean.com.evil.com",
        "registryxdigitalocean.com",
        "registry.nyc3.digitalocean.com",
    ],
    home=HOST,
    registries={
        "digitalocean": Case("digitalocean", DigitalOcean, token_alone, none=None),
    },
)
