"""What is said of a kind without asking its declaration, and what several kinds have in common."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from registries.client.client import Client
from registries.client.errors import ClientError, ImageDenied
from registries.credentials import Basic, Credential
from registries.endpoint import Endpoint
from registries.kinds import KINDS
from registries.kinds.base import Lookup
from tests.fakes.family import Family
from tests.fakes.images import PRIVATE
from tests.fakes.ledger import basic
from tests.fakes.world import World

Values = Mapping[str, str]
Provided = frozenset[str]
Names = tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """A kind, the fake that answers it, and what must come of it.

    names: the variables that hold the account's two parts; or what makes the variables.
    none: the check's verdict and code without credentials; None where the kind has no such row.
    wrong: the same with wrong credentials.
    denied: what comes of an image that the account may not read; None where there is none.
    absent: what comes of a repository that is not there.
    own: a repository that the account reads.
    reads_as_guest: wrong credentials get a guest's token, so that an image is refused, not they.
    """

    kind: str
    family: type[Family]
    names: tuple[str, str] | Callable[[tuple[str, str]], Values]
    host: str | None = None
    prefix: str = ""
    fixed: tuple[tuple[str, str], ...] = ()
    none: tuple[str, str] | None = ("anonymous", "public")
    wrong: tuple[str, str] = ("rejected", "bad_credentials")
    denied: type[ClientError] | None = ImageDenied
    absent: str = "repository_not_found"
    own: str = PRIVATE
    reads_as_guest: bool = False

    def values(self, pair: tuple[str, str] | None) -> dict[str, str]:
        if pair is None:
            return dict(self.fixed)
        names = self.names
        account = names(pair) if callable(names) else dict(zip(names, pair, strict=True))
        return {**dict(self.fixed), **account}

    def client(self, world: World, pair: tuple[str, str] | None) -> Client:
        """A client as a row of this kind has it, with an account's two parts or with nothing."""
        kind, values = KINDS[self.kind], self.values(pair)
        host = self.host or kind.own_host(values) or kind.home(values) or ""
        return world.client(
            kind.endpoint(values, host),
            kind.credential(values, host, self.prefix),
            identity=f"row with {pair}",
        )


@dataclass(frozen=True, kw_only=True)
class Facts:
    """A kind as it must be.

    sample: a complete row with credentials. variables: the names of all that it stores.
    errors: the variables at which errors stand, by those that are set.
    credentials: by the variables that are set, the host and the prefix, what signs in.
    endpoints: by the values and the host, where it answers and how its sign-in is read.
    hosts: those that it answers for, and what a row without an address must hold for them.
    look_alikes: hosts that only look like these. home: the host without any address.
    registries: the fakes that it is tried against, by name.
    """

    sample: Values
    variables: Collection[str]
    errors: Callable[[Provided], set[str]]
    credentials: Sequence[tuple[Names, str | None, str, Credential]]
    endpoints: Sequence[tuple[Values, str | None, Endpoint]]
    hosts: Sequence[tuple[str, Lookup]] = field(default=())
    look_alikes: Sequence[str] = ()
    home: str | None = None
    registries: Mapping[str, Case]


# What `tests.kinds.samples` holds, as credentials.
SECRET = "not-a-secret"
READER = Basic("reader", SECRET)

URL = "https://registry.example.com:5000/sub"
ORIGIN = "https://registry.example.com:5000"

LOGIN = ("login", "password")
USERNAME = ("username", "token")
SELF = (("url", "https://registry.example.com"),)
SPLIT = (*SELF, ("authurl", "https://auth.example.com"))
GIT = (("url", "https://git.example.com"),)
REQUIRED = ("misconfigured", "credentials_required")


def auth_string(pair: tuple[str, str]) -> Values:
    return {"auth": basic(*pair).removeprefix("Basic ")}


def together(provided: Provided, *names: str) -> set[str]:
    """The partners that are missing."""
    return set(names) - provided if provided & set(names) else set()


def alone(provided: Provided, name: str, *others: str) -> set[str]:
    return {name} if name in provided and provided & set(others) else set()


# Where the errors stand for what is given besides the address.
FORGE: dict[Names, set[str]] = {
    (): {"login", "password"},
    ("login",): {"password"},
    ("password",): {"login"},
    ("auth",): set(),
    ("login", "password"): set(),
    ("login", "auth"): {"password", "auth"},
    ("password", "auth"): {"login", "auth"},
    ("login", "password", "auth"): {"auth"},
}


def forge(provided: Provided) -> set[str]:
    """The address, and exactly one of login with password, or auth."""
    table = {frozenset(names): places for names, places in FORGE.items()}
    return ({"url"} - provided) | table[provided - {"url", "authurl"}]
