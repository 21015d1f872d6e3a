"""What is said of Forgejo."""

from registries.endpoint import Endpoint, Proof
from tests.fakes.selfhosted import Gitea
from tests.kinds.facts.base import GIT, LOGIN, ORIGIN, READER, URL, Case, Facts, forge

FACTS = Facts(
    sample={"url": "https://forgejo.example", "login": "johndoe", "password": "fake-password"},
    variables={"url", "login", "password", "auth", "authurl"},
    errors=forge,
    credentials=[
        (("url", "login", "password"), "registry.example.com", "", READER),
        (("url", "auth"), "registry.example.com", "", READER),
    ],
    endpoints=[
        ({"url": URL}, None, Endpoint(url=ORIGIN, proof=Proof.USER_ID)),
    ],
    registries={
        "forgejo": Case("forgejo", Gitea, LOGIN, fixed=GIT, none=None),
    },
)
