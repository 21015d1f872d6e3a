"""A kind's how-to as HTML, with menus and buttons in bold and pages as links."""

import re

from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from registries.kinds.base import HowTo
from registries.text import MARKUP


def rendered(howto: HowTo) -> HowTo:
    """Return the how-to with its steps and notes as HTML, in the current language."""
    steps, notes = (
        tuple(marked(gettext(text)) for text in texts) for texts in (howto.steps, howto.notes)
    )
    return howto._replace(steps=steps, notes=notes)


def marked(text: str) -> SafeString:
    """Return a sentence as HTML. Its markup becomes tags, and everything else is escaped."""
    return mark_safe(MARKUP.sub(_tag, escape(text)))  # noqa: S308 - escaped before


def _tag(match: re.Match[str]) -> str:
    if match["bold"]:
        return f"<strong>{match['bold']}</strong>"
    icon = render_to_string("registries/icon.html", {"name": "out"}).strip()
    return f'<a href="{match["url"]}" rel="noreferrer">{match["label"]}{icon}</a>'
