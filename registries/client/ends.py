"""When credentials end, as far as they say it themselves, or the server that accepted them does.

Nothing is sent anywhere for it but to the token server that has just received the credentials.
"""

import base64
import json
from contextlib import suppress
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple

from registries.client import bearer
from registries.client.auth import Authorizer
from registries.client.errors import ClientError
from registries.client.responses import json_object
from registries.credentials import Basic, Credential

# Longer passwords say nothing. Bytes of a page that describes a token.
LONGEST, LIMIT = 16 * 1024, 64 * 1024
# Outside is no time of an end: 0, -1 and the end of 9999 stand for never. Each time between these
# has a date in every time zone.
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)


class End(NamedTuple):
    """When credentials end: an aware time, or None if they never do."""

    at: datetime | None


def said_by(credential: Credential) -> End | None:
    """Return the end that a password itself says, or None. Nothing is sent.

    Access tokens of Artifactory, of Harbor's earlier robots and of Azure's registries are JWTs
    (RFC 7519, claim `exp`). Amazon's passwords are base64 of JSON with `expiration`.
    """
    if not isinstance(credential, Basic) or len(credential.password) > LONGEST:
        return None
    claims = bearer.payload(credential.password)
    if claims is not None:
        return _at(claims.get("exp"))
    try:
        content = json.loads(base64.b64decode(credential.password, validate=True))
    except (ValueError, RecursionError):
        return None
    return _at(content.get("expiration")) if isinstance(content, dict) else None


def told_by_server(auth: Authorizer, credential: Credential) -> End | None:
    """Return the end that the server says which gave a token for the credentials, or None.

    It is called after a check that worked. A server that does not tell is no failure.

    GitLab lets every personal access token read about itself, whatever its scopes. It says a day,
    at whose first second, in UTC, the token no longer works, or null. Source: GitLab,
    lib/api/personal_access_tokens/self_information.rb; docs.gitlab.com/api/personal_access_tokens.
    """
    page = auth.context.endpoint.token_page
    if page is None or not isinstance(credential, Basic):
        return None
    with suppress(ClientError):
        scheme = auth.scheme()
        realm = scheme.realm.partition("?")[0]
        if not realm.endswith(page.realm):
            return None
        # An image may have named another token server since the sign-in.
        if not auth.server.may_receive_credentials(scheme, auth.base, strict=True):
            return None
        response = auth.context.transport.request(
            "GET",
            realm.removesuffix(page.realm) + page.path,
            authorization=f"Bearer {credential.password}",
            deadline=auth.context.deadline,
            limit=LIMIT,
        )
        found = json_object(response.body) if response.status == 200 else None
        if found and "expires_at" in found:
            return _on(found["expires_at"])
    return None


def _at(seconds: Any) -> End | None:
    """Return the end at a number of seconds since 1970, if it can be one."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return _between(moment)


def _on(day: Any) -> End | None:
    if day is None:
        return End(None)
    try:
        moment = datetime.combine(date.fromisoformat(day), time(), UTC)
    except (ValueError, TypeError):
        return None
    return _between(moment)


def _between(moment: datetime) -> End | None:
    return End(moment) if EARLIEST < moment < LATEST else None
