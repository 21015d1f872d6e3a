"""The providers of WUD, drydock and SSM, with the kind of each and the names of its values.

Sources: getwud/wud, app/registries/providers; CodesWhat/drydock, app/registries/providers;
SquirrelServersManager, server/src/modules/containers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from django.views.decorators.debug import sensitive_variables

from registries.importing.entry import Entry, Found, Refused
from registries.importing.logins import ENCRYPTED, NO_SECRET, absent, encrypted
from registries.kinds import KINDS
from registries.text import Text
from registries.text import gettext_noop as _

NO_ADDRESS = _("The file does not say where this registry is.")
TRUE = {"true", "1", "yes", "on"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """How a provider's values become the variables of a kind.

    kind: a slug.
    names: the variable for each value with another name.
    fixed: values that the kind needs and the provider does not have.
    fallback: values to use if the provider sets none.
    prefix: of the row.
    lost: the provider's values that a row cannot contain.
    """

    kind: str
    names: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    fallback: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""
    lost: frozenset[str] = frozenset()

    def value_names(self) -> set[str]:
        """Return the names of the values that the provider may have."""
        variables = set(KINDS[self.kind].by_name) - set(self.names.values()) - set(self.fixed)
        return variables | set(self.names) | self.lost


_TOKEN_LOGIN = {"username": "login", "token": "password"}
_GITLAB = {"url": "https://registry.gitlab.com", "authurl": "https://gitlab.com"}
_TLS = frozenset({"cafile", "insecure", "clientcert", "clientkey"})
_HUB = Provider(kind="hub", lost=frozenset({"watchdigest", "suppressdigestwatchwarning"}))

WUD: dict[str, Provider] = {
    "acr": Provider(kind="acr"),
    "codeberg": Provider(kind="forgejo", fallback={"url": "https://codeberg.org"}),
    "custom": Provider(kind="custom"),
    "ecr": Provider(
        kind="ecr",
        names={"accesskeyid": "accesskey"},
        lost=frozenset({"accountid", "public"}),
    ),
    "forgejo": Provider(kind="forgejo", fallback={"url": "https://code.forgejo.org"}),
    "gcr": Provider(kind="gcr"),
    "ghcr": Provider(kind="ghcr"),
    "gitea": Provider(kind="gitea"),
    "gitlab": Provider(kind="gitlab", fallback=_GITLAB),
    "hub": _HUB,
    "lscr": Provider(kind="lscr"),
    "quay": Provider(kind="quay"),
    "trueforge": Provider(
        kind="custom", names=_TOKEN_LOGIN, fixed={"url": "https://oci.trueforge.org"}
    ),
}
DRYDOCK: dict[str, Provider] = {
    **WUD,
    **{name: replace(WUD[name], lost=_TLS) for name in ("custom", "gitea", "forgejo")},
    "harbor": Provider(kind="harbor", lost=_TLS),
    "artifactory": Provider(
        kind="artifactory", names={"login": "username", "password": "token"}, lost=_TLS
    ),
    "nexus": Provider(kind="custom", lost=_TLS),
    "alicr": Provider(kind="custom"),
    "ocir": Provider(kind="custom"),
    "ibmcr": Provider(kind="custom", names={"apikey": "password"}, fixed={"login": "iamapikey"}),
    "docr": Provider(kind="digitalocean"),
    "dhi": replace(_HUB, prefix="dhi.io"),
    "gar": Provider(kind="gcr"),
    "mau": Provider(
        kind="gitlab", fallback={"url": "https://dock.mau.dev", "authurl": "https://mau.dev"}
    ),
}

LOST = {
    "accountid": _("The account's number is not kept: the row is for the whole region."),
    "public": _("For public.ecr.aws, add a row with the prefix public.ecr.aws."),
    "cafile": _("Its CA certificate is in another file: paste it into the row."),
    "clientcert": _("Client certificates are not supported."),
    "clientkey": _("Client certificates are not supported."),
}


@sensitive_variables()
def from_provider(
    provider: Provider, name: str, values: Mapping[str, str], missing: Mapping[str, Text]
) -> Found:
    """Return the entry for a provider's values. missing: values that are elsewhere, and why."""
    kind = KINDS[provider.kind]
    options = {key.lower(): value for key, value in values.items() if value.strip()}
    if any(map(encrypted, options.values())):
        return Refused(name, Text(ENCRYPTED))
    lost = {LOST[key]: Text(LOST[key]) for key in options if key in provider.lost and key in LOST}
    is_insecure = options.get("insecure", "").lower() in TRUE and "insecure" in provider.lost
    columns = {provider.names.get(key, key): value for key, value in options.items()}
    columns = {key: value for key, value in columns.items() if key in kind.by_name}
    reasons = {
        key: why for key, value in columns.items() if key in kind.secrets and (why := absent(value))
    }
    reasons |= {provider.names.get(key, key): why for key, why in missing.items()}
    if address := set(reasons).intersection(kind.address):
        return Refused(name, reasons[min(address)])
    columns = {**provider.fallback, **columns, **provider.fixed}
    addresses = [variable for variable in kind.variables if variable.address]
    if any(variable.required and variable.name not in columns for variable in addresses):
        return Refused(name, Text(NO_ADDRESS))
    incomplete = {problem.variable for problem in kind.problems(columns)}
    lacks_secret = incomplete.intersection(kind.secrets)
    why = next(iter(reasons.values()), None) or (Text(NO_SECRET) if lacks_secret else None)
    return Entry(
        name=name,
        kind=provider.kind,
        values=columns,
        prefix=provider.prefix,
        verify_tls=not is_insecure,
        missing=why,
        lost=tuple(lost.values()),
    )
