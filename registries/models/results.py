"""CheckResult: what a check found, in a form that can be stored and shown."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext

from registries.text import Text
from registries.verdicts import CODES, Step, Verdict

# A part of a sentence that a parameter fills.
PART = re.compile(r"%\((\w+)\)s")
FINE = frozenset({Verdict.VALID, Verdict.ANONYMOUS})


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The verdict of one check, its code, and when it was made.

    `detail` is one sentence that tells the operator what to do, in the language in force.
    `params` fill it in; `retry_at` is when a throttled registry may be asked again. Times are as
    the site's models hold them. `steps` are there for a check that just ran; they are not stored.
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
        # An earlier version may have stored a check without what today's sentence names.
        unknown = dict.fromkeys(PART.findall(sentence), "…")
        return Text(sentence, {**unknown, **self.params}).render(gettext)

    @property
    def is_fine(self) -> bool:
        """Whether nobody has to do anything."""
        return self.verdict in FINE
