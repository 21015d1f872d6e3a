"""Texts that are translated later, where Django must not be imported."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


def gettext_noop(text: str) -> str:
    """Return `text` unchanged; Django's makemessages finds it by this function's name."""
    return text


QUOTED = gettext_noop("“%(label)s”")


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence with `%(name)s` parts, translated when it is rendered.

    A part that is a tuple holds labels: each is translated and quoted, commas between them.
    """

    template: str
    params: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)

    def render(self, translate: Callable[[str], str] = gettext_noop) -> str:
        parts = {
            name: part
            if isinstance(part, str)
            else ", ".join(translate(QUOTED) % {"label": translate(label)} for label in part)
            for name, part in self.params.items()
        }
        return translate(self.template) % parts if parts else translate(self.template)

    def __str__(self) -> str:
        return self.render()
