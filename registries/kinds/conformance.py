"""The requirements for a kind, ours or a site's own, and an error message for each."""

import re
from collections.abc import Iterator

from registries.kinds import variables
from registries.kinds.base import Kind, Method, Variable
from registries.text import plain

# A slug is stored in rows, and it is part of the form's URL and of the logo's file name.
SLUG = re.compile(r"[a-z][a-z0-9]{0,19}", re.ASCII)
# The variables that decide where secrets are sent.
ADDRESS = frozenset({"url", "authurl", "region"})


def faults(kind: Kind) -> Iterator[str]:
    """Yield what is wrong with a kind's declaration, in English, for the developer."""
    if not SLUG.fullmatch(kind.slug):
        yield "its slug must start with a letter and have at most 20 lower-case letters and digits"
    yield from _faults_of_texts(kind)
    for variable in kind.variables:
        yield from _faults_of_variable(variable)
    if (kind.exchanged_by is not None) != (kind.exchanged_hours > 0):
        yield "exchanged_by and exchanged_hours must be set together"
    if kind.exchanged_by is not None and kind.exchanged_by not in kind.by_name:
        yield f"exchanged_by names {kind.exchanged_by!r}, which is not one of its variables"
    if not kind.methods:
        yield "it needs at least one way to sign in"
        return
    for method in kind.methods:
        yield from _faults_of_method(kind, method)
    yield from _faults_of_methods(kind)


def _faults_of_texts(kind: Kind) -> Iterator[str]:
    if not kind.label or not kind.summary:
        yield "it needs a label and a summary"
    howto = kind.howto
    if not (howto.title and len(howto.steps) >= 3 and howto.notes and howto.links):
        yield "its howto needs a title, at least three steps, a note and a link"
    sentences = [plain(text) for text in (*howto.steps, *howto.notes)]
    if not all(re.fullmatch(r"[A-Za-z].+[.]", text) for text in sentences):
        yield "the steps and notes of its howto must be full sentences, which end with a period"
    if any("**" in text or "](" in text for text in sentences):
        yield "its howto has an unclosed **, or a link without an https address"
    if not all(
        link.label and re.fullmatch(r"https://[a-z.-]+/\S*", link.url) for link in howto.links
    ):
        yield "the links of its howto need a label and an https address"


def _faults_of_variable(variable: Variable) -> Iterator[str]:
    column = variables().get(variable.name)
    if column is None:
        yield f"its variable {variable.name!r} has no column in the database"
    elif _storage(variable) != _storage(column):
        yield f"its variable {variable.name!r} must be declared like the column with this name"
    if not (variable.label and re.fullmatch(r".+[.]", variable.help)):
        yield f"its variable {variable.name!r} needs a label, and help that is a full sentence"


def _storage(variable: Variable) -> tuple[object, ...]:
    return variable.secret, variable.multiline, variable.max_length, variable.address


def _faults_of_method(kind: Kind, method: Method) -> Iterator[str]:
    name = f"its way to sign in {method.slug!r}"
    if not method.label:
        yield f"{name} needs a label"
    if foreign := set(method.variables).difference(kind.by_name):
        yield f"{name} uses variables that the kind does not have: {', '.join(sorted(foreign))}"
        return
    if bool(set(kind.secrets).intersection(method.variables)) != bool(method.variables):
        yield f"{name} needs a secret, or no variables at all"
    if (method.slug == "anonymous") != (not method.variables):
        yield f"{name} must be called 'anonymous' if, and only if, it has no variables"
    allowed = not kind.problems({*method.variables, *_everywhere(kind)})
    if allowed == method.default_only:
        yield f"{name} must follow the kind's rules, or be default_only if it does not"


def _faults_of_methods(kind: Kind) -> Iterator[str]:
    if len({method.slug for method in kind.methods}) < len(kind.methods):
        yield "two of its ways to sign in have the same slug"
    reachable = {name for method in kind.methods for name in method.variables}
    if unreachable := set(kind.by_name) - reachable - set(kind.address):
        yield f"no way to sign in uses {', '.join(sorted(unreachable))}"
    if kind.methods[0].deprecated:
        yield "its first way to sign in is the recommended one, so it cannot be deprecated"
    anonymous = [not method.variables for method in kind.methods]
    if anonymous != sorted(anonymous):
        yield "anonymous access must be the last of its ways to sign in"
    offered = any(not method.variables and not method.default_only for method in kind.methods)
    if offered == bool(kind.problems(kind.address if "url" in kind.by_name else ())):
        yield "it must offer anonymous access if, and only if, its rules allow it"
    if set(kind.address) != ADDRESS.intersection(kind.by_name):
        yield "address=True must be set for url, authurl and region, and for no other variable"


def _everywhere(kind: Kind) -> set[str]:
    """The variables that are part of no method, so that they can be used with all of them."""
    return set(kind.by_name).difference(*(method.variables for method in kind.methods))
