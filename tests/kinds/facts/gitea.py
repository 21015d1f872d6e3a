"""What is said of Gitea."""

from registries.endpoint import Endpoint, Proof
from tests.fakes.selfhosted import Gitea, OldGitea
from tests.kinds.facts.base import GIT, LOGIN, ORIGIN, READER, URL, Case, Facts, auth_string, forge

FACTS = Facts(
    sample={"url": "https://gitea.example", "login": "johndoe", "password": "fake-password"},
    variables={"url", "login", "password", "auth", "authurl"},
    errors=forge,
    credentials=[
        (("url", "login", "password"), "registry.example.com", "", READER),
        (("url", "auth"), "registry.example.com", "", READER),
    ],
    endpoints=[
        ({"url": URL}, None, Endpoint(url=ORIGIN, proof=Proof.USER_ID)),
        (
            {"url": URL, "authurl": "https://auth.example.com"},
            None,
            Endpoint(url=ORIGIN, realms=("https://auth.example.com",), proof=Proof.USER_ID),
        ),
    ],
    registries={
        "gitea": Case("gitea", Gitea, LOGIN, fixed=GIT, none=None),
        "old gitea": Case(
            "gitea",
            OldGitea,
            auth_string,
            fixed=GIT,
            none=None,
            wrong=("rejected", "ghost_token"),
            reads_as_guest=True,
        ),
    },
)
