"""What is said of LinuxServer Container Registry."""

from registries.credentials import Anonymous
from registries.endpoint import Endpoint
from tests.fakes.hosted import LinuxServer
from tests.kinds.facts.base import READER, USERNAME, Case, Facts

FACTS = Facts(
    sample={"username": "johndoe", "token": "fake-token"},
    variables={"username", "token"},
    errors=lambda provided: {"username", "token"} - provided,
    credentials=[
        ((), "lscr.io", "", Anonymous()),
        (("username", "token"), "lscr.io", "", READER),
    ],
    endpoints=[
        (
            {},
            "lscr.io",
            Endpoint(
                url="https://lscr.io",
                realms=("https://ghcr.io",),
                anonymous_elsewhere=True,
                fixed_realm=True,
                guests_by_image=True,
            ),
        ),
    ],
    hosts=[
        ("lscr.io", {}),
    ],
    look_alikes=[
        "lscr.io.evil.com",
        "ablscr.io",
    ],
    home="lscr.io",
    registries={
        "lscr": Case("lscr", LinuxServer, USERNAME, none=None),
    },
)
