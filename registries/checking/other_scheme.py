"""Finds out whether a registry answers over http instead of https, or the other way round."""

from registries.checking.callers import Caller, TooManyChecks, admitted
from registries.checking.running import run_checks
from registries.models import Registry
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

NOBODY = Caller()


def other_scheme(registry: Registry, code: str, caller: Caller = NOBODY) -> str | None:
    """Return the row's address with the other scheme, if a registry answers there.

    code: that of the row's check. Only a few make it worth asking, for at most `TIMEOUT` seconds.
    No credentials are sent. This is a check of its own, which is counted and in the audit. Whoever
    may make no other one within this minute gets None.
    """
    url = registry.raw_value("url") or ""
    scheme, separator, rest = url.partition("://")
    if code not in SUSPICIOUS or not separator:
        return None
    other = f"{'http' if scheme == 'https' else 'https'}://{rest}"
    trust = {"verify_tls": registry.verify_tls, "ca_certificate": registry.ca_certificate}
    row = Registry(kind="custom", name=registry.name, url=other, **trust)
    try:
        with admitted(caller, registry.db_for_write):
            ((_number, result),) = run_checks([(row, None)], caller)
    except TooManyChecks:
        return None
    is_there = result.verdict is not Verdict.UNREACHABLE and result.code not in NO_REGISTRY
    return other if is_there or result.code in SPEAKS_TLS else None
