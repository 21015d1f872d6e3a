"""Texts that are translated later, where Django must not be imported."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

# White space, and what nobody sees either: byte order marks, letters of no width and marks of
# direction, which editors, web pages and chats leave around what is copied.
_UNSEEN = r"[\s\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+"
_EDGES = re.compile(rf"\A{_UNSEEN}|{_UNSEEN}\Z")


def trimmed(text: str) -> str:
    """The text without what nobody sees at its beginning and end."""
    return _EDGES.sub("", text)


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
