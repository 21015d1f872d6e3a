"""`CheckResult`: the result of a check, as it is stored and shown."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext

from registries.text import Text
from registries.verdicts import CODES, Step, Verdict

# A placeholder in a sentence.
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
FINE = frozenset({Verdict.VALID, Verdict.ANONYMOUS})


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The verdict of one check, its code, and when it was made.

    detail: what to do, as a sentence in the current language. `params` fill its placeholders.
    retry_at: when a registry that asked for a pause may be called again.
    steps: only set for a check that just ran, because they are not stored.
    Times are aware if the site's USE_TZ is on, as in the models.
    """

    verdict: Verdict
    code: str
    checked_at: datetime
    params: Mapping[str, str] = field(default_factory=dict)
    retry_at: datetime | None = None
    steps: tuple[Step, ...] = field(default=(), compare=False)

    @property
    def detail(self) -> str:
        sentence = CODES[self.code].sentence
        # An earlier version may have stored a check without all parameters of today's sentence.
        unknown = dict.fromkeys(PLACEHOLDER.findall(sentence), "…")
        return Text(sentence, {**unknown, **self.params}).render(gettext)

    @property
    def is_fine(self) -> bool:
        """Whether nothing has to be done."""
        return self.verdict in FINE
