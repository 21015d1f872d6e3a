"""`Endpoint`: where a registry is and how it signs in, so that the client need not know kinds.

This module uses only the standard library.
"""

import re
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple


class TokenPage(NamedTuple):
    """Where a server tells of the token that it is asked with.

    realm: the end of its token server's address. path: what stands in its place.
    """

    realm: str
    path: str


class Proof(Enum):
    """What proves that a registry checked the credentials."""

    TOKEN = "token"  # noqa: S105 - the token server refuses wrong credentials; its 200 is proof
    COMPARE = "compare"  # an invented account, tried once, must be refused
    USER_ID = "user_id"  # the token's payload must name a user (Gitea, Forgejo: UserID > 0)
    EXCHANGE = "exchange"  # the cloud's own API accepted the identity; nothing else to ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """The properties of a registry that the client needs.

    url: scheme and host, maybe with a path before `/v2/`. None if only the cloud's exchange can
        name the registry; `hosts` then limits the names that are accepted.
    realms: origins of token servers, besides the registry's own, that may receive the credentials.
    fixed_realm: whether a row cannot name another token server.
    proof: what proves a sign-in.
    forbidden: the code for a 403 of the token server. A code that does not mean wrong credentials
        is only used if the response has the error DENIED.
    guests_by_image: whether guests may only get tokens for public images, so that a refusal of any
        other token says nothing.
    anonymous_elsewhere: whether a token server that may not receive the credentials is asked
        without them (lscr.io has had several back ends).
    actions: the actions that are requested on a repository.
    renew_on: statuses besides 401 that mean an expired token.
    hosts: a full-match pattern of the hosts that an exchange may name as the registry.
    counts_pulls: whether the registry says how many pulls are left (`ratelimit-*` headers).
    token_page: where the password, sent as bearer token, is told when it ends; None if nowhere.
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
    token_page: TokenPage | None = None
