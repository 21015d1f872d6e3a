"""docs/python.md: the functions and classes that code of a site may use, from their docstrings."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]

HEAD = """\
# Python

Code of your site uses registries with these functions and classes. Call the services outside of
transactions, because they wait for registries; a `TIMEOUT` is a [setting](settings.md).

```python
from registries import services
from registries.client.errors import ClientError
from registries.models import Registry

registry = Registry.objects.resolve("ghcr.io/acme/app:1")  # the row for an image, or None
result = services.check(registry)  # signs in
print(result.verdict, result.code, result.detail)
try:
    digest = services.get_digest(registry, "acme/app", "1")
except ClientError as error:
    print(error.code, error)
```

- `registry.state` is `"anonymous"` or `"authenticated"`.
- `registry.full_clean()` raises a `ValidationError` whose keys are the names of
  [variables](kinds.md).
- [What a check says](checks.md) lists all verdicts and codes.
"""
# Modules, and which of their functions, classes and methods; all public ones if none is named.
PARTS: dict[str, tuple[str, set[str]]] = {
    "Services": ("registries.services", set()),
    "Registries": ("registries.models.registry", {"Registry", "state", "full_clean", "delete"}),
    "Querysets": ("registries.models.queryset", {"RegistryQuerySet", "resolve"}),
    "Results of checks": ("registries.models.results", {"CheckResult"}),
    "Names of images": (
        "registries.reference",
        {"InvalidReference", "Reference", "parse", "from_pasted"},
    ),
    "Errors": ("registries.client.errors", set()),
}
# As in `last: only tags after this one.` of a docstring.
NAMES = "(?:[a-z_]+, )*[a-z_]+"
ARGUMENT = re.compile(rf"(?:^|(?<=[.;] ))({NAMES}): ", re.MULTILINE)


def page() -> Iterator[str]:
    """The lines of the page."""
    yield HEAD
    for title, (module, names) in PARTS.items():
        yield f"## {title}"
        yield ""
        yield f"`{module}`"
        yield ""
        source = (ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
        for node in ast.parse(source).body:
            yield from _member(node, source, names)


def _member(node: ast.stmt, source: str, names: set[str], owner: str = "") -> Iterator[str]:
    if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("_"):
        return
    if names and node.name not in names:
        return
    yield f"### {owner}{node.name}"
    yield ""
    if isinstance(node, ast.FunctionDef):
        lines = source.splitlines()[node.lineno - 1 : node.body[0].lineno - 1]
        yield "```python\n" + inspect.cleandoc("\n".join(lines)) + "\n```"
        yield ""
    yield from (_paragraph(part) for part in (ast.get_docstring(node) or "").split("\n\n"))
    if isinstance(node, ast.ClassDef) and names:
        for child in node.body:
            yield from _member(child, source, names, f"{node.name}.")


def _paragraph(text: str) -> str:
    """A paragraph of a docstring as Markdown, with a list of the arguments that it names."""
    first = re.search(rf"^{NAMES}: ", text, re.MULTILINE)
    if not first:
        return f"{text}\n"
    marked = ARGUMENT.sub(
        lambda found: f"\0- `{found[1].replace(', ', '`, `')}`: ", text[first.start() :]
    )
    items = [" ".join(item.split()) for item in marked.split("\0")]
    return "\n".join([text[: first.start()], *filter(None, items), ""]).lstrip("\n")
