"""`CheckResult`: the result of a check, as it is stored and shown."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext

from registries.kinds import KINDS
from registries.text import Text
from registries.text import gettext_noop as _
from registries.verdicts import CODES, Step, Verdict

# A placeholder in a sentence.
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
FINE = frozenset({Verdict.VALID, Verdict.ANONYMOUS})


# The sentences for rows that have no address which somebody could have mistyped.
_IN_BETWEEN = _(
    "%(host)s responds, but not as its registry does. Check whether a proxy or firewall of this"
    " site's network responds in its place."
)
WITHOUT_ADDRESS = {
    "dns": _("The host name %(host)s cannot be resolved. Check the network and DNS of this site."),
    "refused": _("%(host)s refused the connection. Check this site's network and firewall."),
    "timeout": _("%(host)s did not respond in time. Check this site's network."),
    "tls": _(
        "The certificate of %(host)s is not trusted. If a proxy of this site's network responds in"
        " its place, add the proxy's CA certificate to this row."
    ),
    "blocked_address": _(
        "%(host)s has an IP address that this site may not call. Nothing was sent. Check the DNS"
        " of this site, or allow private networks with the setting ALLOW_PRIVATE_ADDRESSES."
    ),
    **dict.fromkeys(
        (
            *("not_a_registry", "bad_answer", "too_large", "redirected", "bad_token_server"),
            *("no_tls", "certificate_other_name"),
        ),
        _IN_BETWEEN,
    ),
}


def sentence_for(code: str, kind: str = "", host: str = "") -> str:
    """Return the sentence of a code for rows of a kind. Raises KeyError for an unknown code.

    host: the host that was called, where it is known. Nobody typed the one that a kind calls by
    itself.
    """
    sentence = CODES[code].sentence
    if kind not in KINDS:
        return sentence
    declaration = KINDS[kind]
    is_typed = "url" in declaration.by_name and host != declaration.home({})
    return sentence if is_typed else WITHOUT_ADDRESS.get(code, sentence)


def detail_for(code: str, params: Mapping[str, str], kind: str = "") -> str:
    """Return the sentence of a code in the current language, with its placeholders filled."""
    return filled(sentence_for(code, kind, params.get("host", "")), params)


def filled(sentence: str, params: Mapping[str, str]) -> str:
    """Return a sentence in the current language; what was not stored with it is “…”."""
    unknown = dict.fromkeys(PLACEHOLDER.findall(sentence), "…")
    return Text(sentence, {**unknown, **params}).render(gettext)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The verdict of one check, its code, and when it was made.

    detail: what to do, as a sentence in the current language. `params` fill its placeholders.
    retry_at: when a registry that asked for a pause may be called again.
    kind: the slug of the row's kind, if it is known.
    steps: only set for a check that just ran, because they are not stored.
    Times are aware if the site's USE_TZ is on, as in the models.
    """

    verdict: Verdict
    code: str
    checked_at: datetime
    params: Mapping[str, str] = field(default_factory=dict)
    retry_at: datetime | None = None
    steps: tuple[Step, ...] = field(default=(), compare=False)
    kind: str = field(default="", compare=False)

    @property
    def detail(self) -> str:
        return detail_for(self.code, self.params, self.kind)

    @property
    def is_fine(self) -> bool:
        """Whether nothing has to be done."""
        return self.verdict in FINE
