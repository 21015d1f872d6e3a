"""Registries under their other names: what signs in there, and that it goes nowhere else."""

from dataclasses import dataclass, field

import pytest
import trustme

from registries.kinds import KINDS
from registries.verdicts import Verdict
from tests.fakes.clouds import TENANT, Azure, AzureTenant, EcrPublic, Google
from tests.fakes.family import Family
from tests.fakes.hosted import DockerHub, GitHub
from tests.fakes.images import PRIVATE, PUBLIC
from tests.fakes.ledger import Ledger
from tests.fakes.world import World


@dataclass(frozen=True)
class Name:
    """A kind's other host, and how the registry there answers.

    base: the fake of the kind's usual host. realm: the token server that the registry names.
    service: as the registry names itself there. origin: where it is called, if not at the host.
    """

    kind: str
    host: str
    base: type[Family]
    realm: str
    service: str | None = None
    prefix: str = ""
    fixed: dict[str, str] = field(default_factory=dict)
    origin: str = ""
    own: str = PRIVATE

    def family(self) -> Family:
        origin = self.origin or f"https://{self.host}"
        own = {"origin": origin, "realm": self.realm, "service": self.service}
        return type(self.base.__name__, (self.base,), own)(Ledger())

    def values(self, pair: tuple[str, str]) -> dict[str, str]:
        names = {
            "acr": ("clientid", "clientsecret"),
            "ecr": ("accesskey", "secretaccesskey"),
            "gcr": ("clientemail", "privatekey"),
            "ghcr": ("username", "token"),
            "hub": ("login", "password"),
        }
        return {**dict(zip(names[self.kind], pair, strict=True)), **self.fixed}


REPLICA = "acme.westeurope.geo.azurecr.io"
ENTERPRISE = "containers.octocorp.ghe.com"
GHCR = "https://ghcr.io"

# The realms and services are what these registries answered others with.
OF_A_REPLICA = (f"https://{REPLICA}/oauth2/token", "acme.azurecr.io")
PUBLIC_ECR = "ecr-public.aws.com"
NAMES = [
    Name("acr", REPLICA, Azure, *OF_A_REPLICA),
    Name("acr", REPLICA, AzureTenant, *OF_A_REPLICA, fixed={"tenantid": TENANT}),
    Name(
        "ecr",
        PUBLIC_ECR,
        EcrPublic,
        f"https://{PUBLIC_ECR}/token/",
        "public.ecr.aws",
        prefix=f"{PUBLIC_ECR}/acme",
        fixed={"region": "eu-west-1"},
        own=PUBLIC,
    ),
    *(
        Name("gcr", host, Google, f"https://{host}/v2/token")
        for host in ("marketplace.gcr.io", "l.gcr.io", "docker.us-east1.rep.pkg.dev")
    ),
    Name("ghcr", "docker.pkg.github.com", GitHub, f"{GHCR}/token", "ghcr.io", origin=GHCR),
    Name("ghcr", ENTERPRISE, GitHub, f"https://{ENTERPRISE}/token", ENTERPRISE, prefix=ENTERPRISE),
    Name("hub", "dhi.io", DockerHub, "https://dhi.io/token", "registry.docker.io"),
]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: f"{name.host} {name.base.__name__}")
def test_credentials_reach_the_registry_under_its_other_name(name: Name, ca: trustme.CA) -> None:
    """#35: its token server has them as well, and the fakes would notice anybody else."""
    family, kind = name.family(), KINDS[name.kind]
    assert kind.answers(name.host) is not None
    values = name.values(family.right)
    with World.of(family, ca) as world:
        client = world.client(
            kind.endpoint(values, name.host), kind.credential(values, name.host, name.prefix)
        )
        outcome = client.check()
        assert (outcome.verdict, outcome.code) == (Verdict.VALID, "signed_in")
        stored = family.images[name.own].tags["v1"]
        assert client.digest(name.own, "v1") == stored.digest
