"""The hosts that a row answers for, where its kind has several."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from registries.models import Registry

# A value for each label of a host template, to ask a row whether it answers for such hosts.
EXAMPLES = {"name": "x", "account": "0" * 12, "region": "us-east-1", "location": "us"}


class Pattern(NamedTuple):
    """Hosts that differ in some labels: with `*` for these, and one of them as an example."""

    text: str
    example: str


def patterns(row: Registry) -> list[Pattern]:
    """The hosts of the kind that the row answers for, each template once."""
    values = row.plain_values()
    candidates = (
        Pattern(_filled(template, values, {}), _filled(template, values, EXAMPLES))
        for template in row.declaration.hosts
    )
    return [host for host in candidates if row.may_answer_for(host.example)]


def _filled(template: str, values: Mapping[str, str], otherwise: Mapping[str, str]) -> str:
    return re.sub(
        r"\{(\w+)\}", lambda label: values.get(label[1], otherwise.get(label[1], "*")), template
    )
