"""docs/metrics.md says what there is."""

import pytest

from registries.metrics.families import FAMILIES, Family
from tests.pages import DOCS


def line(family: Family) -> str:
    """The line of the page's table."""
    labels = ", ".join(f"`{label}`" for label in family.labels)
    return f"| `{family.name}` | {family.kind} | {labels} | {family.help} |"


def test_the_table() -> None:
    text = (DOCS / "metrics.md").read_text()
    table = text.partition("|---|---|---|---|\n")[2].partition("\n\n")[0]
    assert table.splitlines() == [line(family) for family in FAMILIES]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_names(family: Family) -> None:
    """Prometheus' conventions that promtool does not know."""
    assert family.name.endswith("_total") is (family.kind == "counter")
    assert not family.name.endswith(("_count", "_sum", "_bucket"))
    assert family.help.endswith(".")
    assert family.own is bool({"id", "host"}.intersection(family.labels))
