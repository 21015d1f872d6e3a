"""The two text formats, and what Prometheus' own checker says of them."""

import gzip
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, RequestFactory
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse_text

from registries.metrics.families import FAMILIES
from registries.models import Registry
from registries.verdicts import Verdict
from tests.factories import create
from tests.metrics.conftest import PATH, checked, get, key

AT = datetime(2026, 11, 28, 12, tzinfo=UTC)
TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
# What Prometheus 2 and 3 send.
PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
ODD = ['Quote " and \\ backslash', "Zweig Ä 日本 \U0001f40b", 'a\\n{b="c"} 1', "#,= }", "x" * 100]


@pytest.fixture
def promtool() -> str:
    """Leave these tests out where it is missing; with REQUIRE_REAL=1 fail them instead."""
    if (program := which("promtool")) is None:
        reason = "no promtool (apt-get install prometheus)"
        (pytest.fail if os.environ.get("REQUIRE_REAL") == "1" else pytest.skip)(reason)
    return program


@pytest.fixture
def full(db: None) -> None:
    """Registries with everything that can be shown."""
    for name in ODD:
        row = create("custom", name=name, expires_on=date(2030, 1, 31))
        checked(row, Verdict.VALID, "signed_in", 0.3, AT)
        Registry.objects.filter(pk=row.pk).update(pulls_remaining=1, pulls_limit=100)


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (None, TEXT),
        ("*/*", TEXT),
        ("text/html,*/*;q=0.8", TEXT),
        ("application/json", TEXT),
        ("text/plain;version=0.0.4", TEXT),
        ("text/plain;version=1.0.0;escaping=allow-utf-8", TEXT),
        (PROMETHEUS_2, OPENMETRICS),
        (PROMETHEUS_3, OPENMETRICS),
        ("application/openmetrics-text", OPENMETRICS),
        ("application/openmetrics-text;version=x", OPENMETRICS),
        (";;,=;q=", TEXT),
    ],
)
@pytest.mark.usefixtures("full")
def test_the_format_that_is_accepted(accept: str | None, content_type: str, chief: Client) -> None:
    answer = chief.get(PATH, headers={} if accept is None else {"accept": accept})
    assert (answer.status_code, answer["Content-Type"]) == (200, content_type)
    text = answer.content.decode()
    assert text.endswith("# EOF\n") is (content_type == OPENMETRICS)
    parse: Callable[[str], Any] = parse_openmetrics if content_type == OPENMETRICS else parse_text
    assert [family.name for family in parse(text)] == [
        family.name.removesuffix("_total") if family.kind == "counter" else family.name
        for family in FAMILIES
    ]


@pytest.mark.usefixtures("full")
def test_compressed_if_accepted(chief: Client) -> None:
    packed = chief.get(PATH, headers={"accept-encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == chief.get(PATH).content
    assert "Accept-Encoding" in packed["Vary"]


@pytest.mark.usefixtures("full")
def test_names_with_odd_characters(chief: Client) -> None:
    """Elsewhere, one quote in a name made Prometheus refuse everything."""
    figures = get(chief)
    for row in Registry.objects.filter(name__in=ODD):
        labels = {"id": str(row.pk), "kind": "custom", "name": row.name}
        assert figures[key("registries_registry_fine", labels)] == 1


@pytest.mark.django_db
def test_a_line_break_in_a_name(chief: Client) -> None:
    """Forms refuse it; whoever writes to the database may not."""
    row = create("custom")
    checked(row, Verdict.VALID, "signed_in", 1, AT)
    name = 'x\nregistries_build_info{version="9"} 9'
    Registry.objects.filter(pk=row.pk).update(name=name)
    labels = {"id": str(row.pk), "kind": "custom", "name": name}
    assert get(chief)[key("registries_registry_fine", labels)] == 1


@pytest.mark.usefixtures("full")
def test_families_are_as_declared(chief: Client) -> None:
    """Names, types, labels and help, as docs/metrics.md shows them."""
    extra = {"histogram": {"le"}}
    for family in parse_text(chief.get(PATH).content.decode()):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        declared = next(each for each in FAMILIES if each.name == name)
        assert (family.type, family.documentation) == (declared.kind, declared.help)
        for sample in family.samples:
            assert sample.labels.keys() - extra.get(family.type, set()) == set(declared.labels)


@pytest.mark.usefixtures("full")
def test_promtool_finds_nothing(promtool: str, chief: Client) -> None:
    """It knows Prometheus' conventions for names, units and help texts."""
    text = chief.get(PATH).content
    command = [promtool, "check", "metrics"]
    ran = subprocess.run(command, input=text, capture_output=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")


@pytest.mark.usefixtures("full")
def test_no_secret_is_told(chief: Client, canary: str) -> None:
    url = "https://registry.example"
    row = create("custom", url=url, login=f"user{canary}", password=canary)
    checked(row, Verdict.VALID, "signed_in", 1, AT)
    text = chief.get(PATH).content.decode()
    assert "registry.example" in text
    assert canary not in text


def test_without_the_library(monkeypatch: pytest.MonkeyPatch, chief: Client) -> None:
    for name in [*sys.modules]:
        if name.startswith(("prometheus_client", "registries.metrics.collecting")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "registries.metrics.writing", raising=False)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    from registries.metrics.views import MetricsView

    request: Any = RequestFactory().get(PATH)
    with pytest.raises(ImproperlyConfigured, match=r"django-registries\[metrics\]"):
        MetricsView().get(request)


def test_nothing_is_written_for_several_processes(tmp_path: Path) -> None:
    """The library's files for gunicorn's workers, which grow with each, are not needed."""
    code = (
        "import django; django.setup();"
        "import registries.metrics.collecting, registries.metrics.writing as writing;"
        "from importlib.metadata import version;"
        "from prometheus_client import REGISTRY;"
        "labels = {'version': version('django-registries')};"
        "print(REGISTRY.get_sample_value('registries_build_info', labels))"
    )
    variables = {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path),
    }
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "None\n"
    assert not [*tmp_path.iterdir()]
