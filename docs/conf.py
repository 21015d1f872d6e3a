"""Sphinx's configuration: `make docs-site` builds the pages of this folder as a site.

The pages are plain Markdown, so that they read as well on a code host. Only this file knows Sphinx.
"""

from importlib.metadata import version as version_of
from pathlib import Path

from sphinx.application import Sphinx

# The navigation. A page that is missing here is an error, and so is a link that leads nowhere.
PAGES = {
    "Start": ["tutorial", "install", "screens"],
    "How to": [
        "moving-in",
        "as-code",
        "handover",
        "programs",
        "operate",
        "containers",
        "notifications",
        "metrics",
        "keys",
    ],
    "Reference": [
        "settings",
        "commands",
        "kinds",
        "checks",
        "permissions",
        "api",
        "api-reference",
        "python",
    ],
    "Explanation": ["resolution", "security", "architecture", "performance"],
    "Contribute": ["contributing", "testing", "releasing", "changelog"],
}
TREE = """
```{{toctree}}
:hidden:
:caption: {caption}

{pages}
```
"""

project = "Container registries for Django"
author = "the authors of django-registries"
release = version = version_of("django-registries")
extensions = ["myst_parser"]
# What code hosts render as well: the addresses of headings, and `> [!NOTE]`.
myst_heading_anchors = 4
myst_enable_extensions = ["alert"]
# Highlighted as text where it is no valid example of its language, such as `[..., "registries"]`.
suppress_warnings = ["misc.highlighting_failure"]
exclude_patterns = ["kubernetes", "systemd"]
html_theme = "furo"
html_title = project
html_copy_source = False
html_show_sphinx = html_show_copyright = False


def add_what_only_the_site_has(app: Sphinx, page: str, source: list[str]) -> None:
    """Give the first page the navigation, and the changelog's page its text."""
    if page == "index":
        for caption, pages in PAGES.items():
            source[0] += TREE.format(caption=caption, pages="\n".join(pages))
    elif page == "changelog":
        source[0] = Path(app.srcdir, "..", "CHANGELOG.md").read_text(encoding="utf-8")
    # The only page of the site that is outside of this folder.
    source[0] = source[0].replace("](../CHANGELOG.md", "](changelog.md")


def setup(app: Sphinx) -> None:
    app.connect("source-read", add_what_only_the_site_has)
