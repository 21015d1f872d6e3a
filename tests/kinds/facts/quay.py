"""What is said of Quay."""

from registries.credentials import Anonymous, Basic
from registries.endpoint import Endpoint
from tests.fakes.hosted import Quay
from tests.kinds.facts.base import ORIGIN, SECRET, URL, Case, Facts, Provided, Values, together


def errors(provided: Provided) -> set[str]:
    """All three of a robot or none; a token server only for a Quay of one's own."""
    own = {"url"} - provided if "authurl" in provided else set()
    return own | together(provided, "namespace", "account", "token")


def robot(pair: tuple[str, str]) -> Values:
    namespace, _, account = pair[0].partition("+")
    return {"namespace": namespace, "account": account, "token": pair[1]}


FACTS = Facts(
    sample={"namespace": "acme", "account": "robot", "token": "fake-token"},
    variables={"namespace", "account", "token", "url", "authurl"},
    errors=errors,
    credentials=[
        ((), "quay.io", "", Anonymous()),
        (("namespace", "account", "token"), "quay.io", "", Basic("acme+reader", SECRET)),
    ],
    endpoints=[
        ({}, "quay.io", Endpoint(url="https://quay.io")),
        ({"url": URL}, None, Endpoint(url=ORIGIN)),
        (
            {"url": URL, "authurl": "https://auth.example.com"},
            None,
            Endpoint(url=ORIGIN, realms=("https://auth.example.com",)),
        ),
    ],
    hosts=[
        ("quay.io", {}),
    ],
    look_alikes=[
        "evilquay.io",
        "quay.io.evil.com",
        "cdn.quay.io",
    ],
    home="quay.io",
    registries={
        "quay": Case("quay", Quay, robot),
    },
)
