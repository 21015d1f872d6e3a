"""The hosts of the site, and what its policy refuses."""

import re
from typing import Any

from django_hosts import host, patterns

host_patterns = patterns(
    "",
    host("www", "config.strict_urls", name="www"),
    host("ships", "config.strict_urls", name="ships"),
)


def prepare(visit: Any, person: Any) -> None:
    """Count what such a policy refuses: scripts and styles within the page."""
    keep = visit._keep

    def count(name: str, answer: Any, shown: tuple[str, ...]) -> str:
        text: str = keep(name, answer, shown)
        # The toolbar's own part of the page is not ours.
        own = text.partition("djDebug")[0]
        inline = re.findall(r"<style|<script(?![^>]*\ssrc=)|\sstyle=|\son\w+=|javascript:", own)
        if inline:
            visit.seen[f"{name} is refused"] = inline
        return text

    visit._keep = count
