"""What is said of GitLab Container Registry."""

from registries.credentials import Basic
from registries.endpoint import Endpoint
from tests.fakes.selfhosted import GitLab
from tests.kinds.facts.base import READER, SECRET, URL, USERNAME, Case, Facts

HERE = (
    ("url", "https://registry.gitlab.example.com"),
    ("authurl", "https://gitlab.example.com"),
)

FACTS = Facts(
    sample={
        "url": "https://registry.gitlab.example",
        "authurl": "https://gitlab.example",
        "token": "fake-token",
    },
    variables={"url", "authurl", "token", "username"},
    errors=lambda provided: {"url", "authurl", "token"} - provided,
    credentials=[
        (("url", "authurl", "token"), "registry.example.com", "", Basic("token", SECRET)),
        (("url", "authurl", "token", "username"), "registry.example.com", "", READER),
    ],
    endpoints=[
        (
            {"url": URL, "authurl": "https://gitlab.example.com"},
            None,
            Endpoint(
                url=URL, realms=("https://gitlab.example.com",), forbidden="no_registry_scope"
            ),
        ),
    ],
    registries={
        "gitlab": Case("gitlab", GitLab, USERNAME, fixed=HERE, none=None),
    },
)
