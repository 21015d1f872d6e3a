"""The dashboard's JSON: what Grafana demands of it. tests/real runs its expressions."""

import json
from itertools import combinations
from typing import Any

import pytest

from tests.pages import DOCS

TYPES = {"bargauge", "stat", "table", "timeseries"}


@pytest.fixture(scope="module")
def dashboard() -> Any:
    return json.loads((DOCS / "grafana/registries.json").read_text())


def test_it_can_be_imported_anywhere(dashboard: Any) -> None:
    """It names no data source of another Grafana, and has no number of its database."""
    assert "id" not in dashboard
    assert dashboard["schemaVersion"] >= 36
    assert len(dashboard["uid"]) <= 40
    variables = {each["name"]: each for each in dashboard["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    assert variables["job"]["datasource"]["uid"] == "${datasource}"
    for panel in dashboard["panels"]:
        for each in (panel, *panel["targets"]):
            assert each["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


def test_panels(dashboard: Any) -> None:
    panels = dashboard["panels"]
    assert {panel["type"] for panel in panels} == TYPES
    for name in ("id", "title"):
        assert len({panel[name] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        refs = [target["refId"] for target in panel["targets"]]
        assert len(refs) == len(set(refs)) > 0
        assert all('job="$job"' in target["expr"] for target in panel["targets"])


def test_panels_lie_side_by_side(dashboard: Any) -> None:
    places = [panel["gridPos"] for panel in dashboard["panels"]]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for a, b in combinations(places, 2):
        beside = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
        below = a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]
        assert beside or below, (a, b)
