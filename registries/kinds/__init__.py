"""The kinds of registry, by slug."""

from registries.kinds.acr import acr
from registries.kinds.artifactory import artifactory
from registries.kinds.base import Kind, Variable
from registries.kinds.custom import custom
from registries.kinds.digitalocean import digitalocean
from registries.kinds.ecr import ecr
from registries.kinds.forgejo import forgejo
from registries.kinds.gcr import gcr
from registries.kinds.ghcr import ghcr
from registries.kinds.gitea import gitea
from registries.kinds.gitlab import gitlab
from registries.kinds.harbor import harbor
from registries.kinds.hub import hub
from registries.kinds.lscr import lscr
from registries.kinds.problem import Invalid, Problem
from registries.kinds.quay import quay

__all__ = ["KINDS", "Invalid", "Kind", "Problem", "Variable", "variables"]

_OWN = (
    acr,
    artifactory,
    custom,
    digitalocean,
    ecr,
    forgejo,
    gcr,
    ghcr,
    gitea,
    gitlab,
    harbor,
    hub,
    lscr,
    quay,
)
# `registries.site_kinds` adds the site's own kinds.
KINDS: dict[str, Kind] = {kind.slug: kind for kind in _OWN}


def variables() -> dict[str, Variable]:
    """Return every variable that has a column, by name. Kinds that share a name store it alike."""
    return {variable.name: variable for kind in _OWN for variable in kind.variables}
