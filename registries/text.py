"""Texts that are translated later, for modules that must not import Django."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

# White space and other invisible characters that are copied from editors, web pages and chats: byte
# order marks, zero-width characters and direction marks.
_UNSEEN = r"[\s\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+"
_EDGES = re.compile(rf"\A{_UNSEEN}|{_UNSEEN}\Z")


def trimmed(text: str) -> str:
    """Return the text without white space and invisible characters at its start and end."""
    return _EDGES.sub("", text)


def gettext_noop(text: str) -> str:
    """Return `text` unchanged. Django's makemessages finds texts by this function's name."""
    return text


# The markup of a how-to, as in Markdown: **a menu or button**, [a page](https://example.com/).
MARKUP = re.compile(r"\*\*(?P<bold>.+?)\*\*|\[(?P<label>[^]]+)\]\((?P<url>https://[^\s)]+)\)")


def plain(text: str) -> str:
    """Return a how-to's sentence without its markup: names stay, addresses of links do not."""
    return MARKUP.sub(lambda found: found["bold"] or found["label"], text)


QUOTED = gettext_noop("“%(label)s”")


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence with `%(name)s` placeholders, which is translated when it is rendered.

    A parameter may be a tuple of labels. They are translated, quoted and joined by commas.
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
