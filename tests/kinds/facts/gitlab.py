"""What is said of GitLab Container Registry."""

from dataclasses import replace

from registries.credentials import Basic
from registries.endpoint import Endpoint, TokenPage
from tests.fakes.selfhosted import GitLab
from tests.kinds.facts.base import READER, SECRET, URL, USERNAME, Case, Facts

AUTH_URL = "https://gitlab.example.com"
HERE = (("url", "https://registry.gitlab.example.com"), ("authurl", AUTH_URL))
ENDPOINT = Endpoint(url=URL, realms=(AUTH_URL,), forbidden="no_registry_scope")

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
        ({"url": URL, "authurl": AUTH_URL, "token": "gldt-fake"}, None, ENDPOINT),
        (
            {"url": URL, "authurl": AUTH_URL, "token": "glpat-fake"},
            None,
            replace(
                ENDPOINT,
                token_page=TokenPage("/jwt/auth", "/api/v4/personal_access_tokens/self"),
            ),
        ),
    ],
    registries={
        "gitlab": Case("gitlab", GitLab, USERNAME, fixed=HERE, none=None),
    },
)
