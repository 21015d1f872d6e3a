"""Finds out whether a registry answers over http instead of https, or the other way round."""

from registries.client.errors import ClientError
from registries.models import Registry
from registries.row_client import client_for
from registries.verdicts import Verdict

# How a server is met that speaks the other scheme: most say so, some only close the connection.
SUSPICIOUS = frozenset({"no_tls", "https_needed", "connection", "refused", "bad_answer"})
# What is no registry, or may not be called.
NO_REGISTRY = frozenset({"not_a_registry", "https_needed", "blocked_address"})
# A certificate that is not accepted shows that the server speaks https.
SPEAKS_TLS = frozenset(
    {
        *("tls", "self_signed", "certificate_expired", "certificate_not_yet_valid"),
        *("certificate_other_name", "client_certificate"),
    }
)


def other_scheme(registry: Registry, code: str) -> str | None:
    """Return the row's address with the other scheme, if a registry answers there.

    code: that of the row's check. Only a few make it worth asking, for at most `TIMEOUT` seconds.
    No credentials are sent.
    """
    url = registry.raw_value("url") or ""
    scheme, separator, rest = url.partition("://")
    if code not in SUSPICIOUS or not separator:
        return None
    other = f"{'http' if scheme == 'https' else 'https'}://{rest}"
    trust = {"verify_tls": registry.verify_tls, "ca_certificate": registry.ca_certificate}
    try:
        with client_for(Registry(kind="custom", url=other, **trust)) as client:
            outcome = client.check(may_invent=False)
    except ClientError:
        return None
    is_there = outcome.verdict is not Verdict.UNREACHABLE and outcome.code not in NO_REGISTRY
    return other if is_there or outcome.code in SPEAKS_TLS else None
