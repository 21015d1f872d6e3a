"""docs/commands.md: each command of `manage.py`, from its own help."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from django.core.management import BaseCommand, load_command_class
from django.utils.translation import override

ROOT = Path(__file__).parents[2]
HEAD = """\
# Commands

All commands take Django's own options as well, such as `--verbosity` and `--settings`. They need
the database and the encryption keys, as the site does: on the ready-to-run site, run them with the
site's environment variables, as `.venv/bin/python manage.py COMMAND`.
"""
PARTS = {
    "registries": """\
## Commands of the app

They come with the app, in any site.
""",
    "ssmsite": """\
## Commands of the ready-to-run site

`migrate` is Django's own. On this site it waits while another process migrates, and applies
`REGISTRIES_FILE` when it is done.
""",
}
# Django's own, with something around it: its options are Django's.
DJANGOS = {"migrate"}


def page() -> Iterator[str]:
    """The lines of the page."""
    yield HEAD
    for app, head in PARTS.items():
        yield head
        for path in sorted((ROOT / app / "management" / "commands").glob("[a-z]*.py")):
            if path.stem not in DJANGOS:
                yield from _command(load_command_class(app, path.stem), path.stem)


def _command(command: BaseCommand, name: str) -> Iterator[str]:
    with override("en"):
        parser = command.create_parser("manage.py", name)
    everybodys = {action.dest for action in BaseCommand().create_parser("", "")._actions}
    yield f"### {name}"
    yield ""
    yield from _parser(parser, f"manage.py {name}", everybodys)


def _parser(parser: argparse.ArgumentParser, usage: str, everybodys: set[str]) -> Iterator[str]:
    own = [action for action in parser._actions if action.dest not in everybodys]
    groups = [action for action in own if isinstance(action, argparse._SubParsersAction)]
    arguments = [action for action in own if action not in groups]
    yield from filter(None, [parser.description])
    yield ""
    if not groups:
        words = [usage, "[options]" if any(a.option_strings for a in arguments) else ""]
        words += [_positional(action) for action in arguments if not action.option_strings]
        yield f"```sh\n{' '.join(filter(None, words))}\n```"
        yield ""
    if arguments:
        yield "| argument | meaning |"
        yield "|---|---|"
        for action in arguments:
            yield f"| {_names(action)} | {_meaning(action)} |"
        yield ""
    yield from filter(None, [parser.epilog and f"{parser.epilog}\n"])
    for group in groups:
        helps = {choice.dest: choice.help for choice in group._choices_actions}
        for name, child in group.choices.items():
            yield f"**`{name}`**: {helps[name]}"
            yield ""
            yield from _parser(child, f"{usage} {name}", everybodys)


def _positional(action: argparse.Action) -> str:
    name = str(action.metavar or action.dest.upper())
    return {"*": f"[{name} …]", "+": f"{name} …", "?": f"[{name}]"}.get(str(action.nargs), name)


def _names(action: argparse.Action) -> str:
    if not action.option_strings:
        return f"`{_positional(action)}`"
    value = action.metavar or ("" if action.nargs == 0 or action.choices else action.dest.upper())
    return ", ".join(f"`{f'{option} {value}'.strip()}`" for option in action.option_strings)


def _meaning(action: argparse.Action) -> str:
    text = str(action.help or "")
    if action.choices:
        text += f" One of {', '.join(f'`{choice}`' for choice in action.choices)}."
    if action.required and action.option_strings:
        text += " Required."
    return text.strip()
