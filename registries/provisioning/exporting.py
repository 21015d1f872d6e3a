"""Writes rows as a file that declares them. Secrets become references with names to fill."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from registries.conf import ENV_PREFIX
from registries.models import Registry
from registries.models.ending import EndSource
from registries.models.resetting import DEFAULTS, is_untouched
from registries.provisioning.document import COMMON, VERSION
from registries.provisioning.planning import BATCH

# The source of a file with rows that nobody owns: whoever applies it chooses another.
SOURCE = "main"
# The longest name of a variable, without the prefix.
LONGEST_NAME = 180
_OTHER = re.compile(r"[^A-Z0-9]+")


@dataclass(frozen=True, slots=True)
class File:
    """A file of registries, without its format. There is no secret in it."""

    content: Mapping[str, Any]

    def as_yaml(self, schema: str = "") -> str:
        """Return it as YAML, with the address of its JSON Schema for editors."""
        import yaml  # noqa: PLC0415 - takes long to load, and few sites need it

        class Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
            pass

        def text(dumper: Any, value: str) -> Any:
            style = "|" if "\n" in value else None
            return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

        Dumper.add_representer(str, text)
        head = f"# yaml-language-server: $schema={schema}\n" if schema else ""
        written = yaml.dump(
            self.content, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=1000
        )
        return head + str(written)

    def as_toml(self, schema: str = "") -> str:
        """Return it as TOML, with the address of its JSON Schema for editors."""
        import tomlkit  # noqa: PLC0415 - as above

        head = f"#:schema {schema}\n" if schema else ""
        return head + tomlkit.dumps(self.content)


def export(source: str) -> File:
    """Return the rows of a source, or those of nobody, without untouched default rows."""
    rows = Registry.objects.filter(source=source).order_by("name_key")
    taken: set[str] = set()
    registries = [
        _entry(row, taken)
        for row in rows.iterator(chunk_size=BATCH)
        if source or not is_untouched(row)
    ]
    return File({"version": VERSION, "source": source or SOURCE, "registries": registries})


def _entry(row: Registry, taken: set[str]) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": row.name, "kind": row.kind}
    common = {name: getattr(row, name) for name in COMMON}
    if row.expires_on_source == EndSource.LEARNED:
        del common["expires_on"]  # it is learned again
    entry |= {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in common.items()
        if value != DEFAULTS[name]
    }
    provided = [name for name in row.declaration.by_name if row.raw_value(name)]
    secrets = row.declaration.secrets
    if plain := {name: row.raw_value(name) for name in provided if name not in secrets}:
        entry["set"] = plain
    if references := {
        name: {"env": _variable(row, name, taken)} for name in provided if name in secrets
    }:
        entry["secrets"] = references
    return entry


def _variable(row: Registry, name: str, taken: set[str]) -> str:
    """Return the name of an environment variable for a secret, which no other secret has."""
    text = f"{row.name}_{name}".upper()
    variable = base = ENV_PREFIX + _OTHER.sub("_", text)[-LONGEST_NAME:].strip("_")
    number = 1
    while variable in taken:
        number += 1
        variable = f"{base}_{number}"
    taken.add(variable)
    return variable
