"""What is said of Harbor."""

from registries.credentials import Anonymous
from registries.endpoint import Endpoint
from tests.fakes.selfhosted import Harbor
from tests.kinds.facts.base import LOGIN, ORIGIN, READER, URL, Case, Facts, together

FACTS = Facts(
    sample={
        "url": "https://harbor.example",
        "login": "robot$acme+reader",
        "password": "fake-secret",
    },
    variables={"url", "authurl", "login", "password"},
    errors=lambda provided: ({"url"} - provided) | together(provided, "login", "password"),
    credentials=[
        (("url",), "registry.example.com", "", Anonymous()),
        (("url", "login", "password"), "registry.example.com", "", READER),
    ],
    endpoints=[
        # Harbor is at the root of its host, whichever of its pages was copied.
        ({"url": URL}, None, Endpoint(url=ORIGIN)),
        (
            {"url": URL, "authurl": "https://auth.example.com"},
            None,
            Endpoint(url=ORIGIN, realms=("https://auth.example.com",)),
        ),
    ],
    registries={
        "harbor": Case(
            "harbor",
            Harbor,
            LOGIN,
            fixed=(("url", "https://harbor.example.com"),),
            reads_as_guest=True,
        ),
    },
)
