"""Where a registry answers and how its sign-in is to be read: what a kind tells the client.

Stdlib only. A kind makes an `Endpoint`, the client follows it without knowing the kind.
"""

import re
from dataclasses import dataclass
from enum import Enum


class Proof(Enum):
    """What shows that a registry accepted the credentials, and not just anybody."""

    TOKEN = "token"  # noqa: S105 - the token server refuses wrong credentials; its 200 is proof
    COMPARE = "compare"  # an invented account, tried once, must be refused
    USER_ID = "user_id"  # the token's payload must name a user (Gitea, Forgejo: UserID > 0)
    EXCHANGE = "exchange"  # the cloud's own API accepted the identity; nothing else to ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One registry as the client needs it.

    url: where the registry answers, scheme and host, maybe a path prefix before `/v2/`; None when
        only the cloud's exchange can name it (then `hosts` says which names are believed).
    realms: origins besides the registry's own whose token server may receive the credentials.
    fixed_realm: no row can name another one.
    proof: what proves a sign-in.
    forbidden: the code that a 403 of the token server stands for; one that is no refusal of the
        credentials only where the server itself says DENIED.
    guests_by_image: a guest may be refused every token but one for an image that is for everybody,
        so that a refusal of any other says nothing.
    anonymous_elsewhere: ask a token server that may not have the credentials without them,
        instead of refusing (lscr.io has had several back ends).
    actions: the actions asked for on a repository.
    renew_on: status codes besides 401 that a stale token is answered with, without a challenge.
    hosts: full-match pattern of host names that an exchange may name as the registry.
    counts_pulls: the registry tells how many pulls are left (`ratelimit-*` headers).
    """

    url: str | None
    realms: tuple[str, ...] = ()
    fixed_realm: bool = False
    proof: Proof = Proof.TOKEN
    forbidden: str = "bad_credentials"
    guests_by_image: bool = False
    anonymous_elsewhere: bool = False
    actions: str = "pull"
    renew_on: frozenset[int] = frozenset()
    hosts: re.Pattern[str] | None = None
    counts_pulls: bool = False
