"""A real Prometheus scrapes the site, with the alert rules and the dashboard of docs/."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from registries.metrics.families import FAMILIES
from tests.real.prometheus import Prometheus, missing, prometheus, wait_for
from tests.site.conftest import ROOT, QuickSite, Visitor

ALERTS = ROOT / "docs/prometheus/alerts.yaml"
DASHBOARD = ROOT / "docs/grafana/registries.json"
ALERT_TESTS = ROOT / "tests/metrics/alerts.yaml"
PAGE = ROOT / "docs/metrics.md"
SOON = {"scrape_interval": "3s", "scrape_timeout": "3s"}
FILL = """
from datetime import date, timedelta
from django.contrib.auth.models import Permission, User
from django.utils import timezone
from registries.checking.callers import Caller
from registries.checking.single import Checked, store
from registries.models import Registry
from registries.models.results import CheckResult
from registries.verdicts import Verdict
scraper = User.objects.create_user("scraper")
codenames = ["view_registry", "view_handover", "view_notification"]
scraper.user_permissions.set(Permission.objects.filter(codename__in=codenames))
rows = (("Fine", "valid", "signed_in"), ('"Bad" Ä', "rejected", "bad_credentials"))
for name, verdict, code in rows:
    account = {"login": "x", "password": "fake-password", "expires_on": date(2030, 1, 31)}
    row = Registry(kind="custom", name=name, url="https://registry.example:5000", **account)
    row.save()
    for at, verdict, code in ((1, "valid", "signed_in"), (2, verdict, code)):
        at = timezone.now() + timedelta(seconds=at)
        result = CheckResult(Verdict(verdict), code, at, kind=row.kind)
        store(row, None, Checked(result, None, None, 0.2), Caller())
Registry.objects.filter(name="Fine").update(pulls_remaining=5, pulls_limit=100)
"""


@pytest.fixture(scope="module", autouse=True)
def _programs() -> None:
    """Leave these tests out where Prometheus is missing; with REQUIRE_REAL=1 fail them instead."""
    if lack := missing():
        reason = f"tests against a real Prometheus left out: {lack}"
        (pytest.fail if os.environ.get("REQUIRE_REAL") == "1" else pytest.skip)(reason)


@dataclass(frozen=True)
class Monitored:
    """A site, its visitor, the token of the account `scraper`, and who scrapes it."""

    site: QuickSite
    visitor: Visitor
    token: str
    prometheus: Prometheus


@pytest.fixture(scope="module")
def monitored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Monitored]:
    folder = tmp_path_factory.mktemp("monitored")
    site = QuickSite(folder / "site")
    site.migrate()
    site.shell(FILL)
    returned, output = site.manage("api_tokens", "make", "scraper", "--never-expires")
    assert returned == 0, output
    token = output.strip()
    (folder / "token").write_text(f"{token}\n")
    (folder / "wrong").write_text("0" * 64)
    with site.served(DJANGO_DEBUG="1") as visitor:
        job = {"static_configs": [{"targets": [visitor.origin.removeprefix("http://")]}]}
        jobs: list[Any] = [
            # As docs/metrics.md says, but for the address and for how often.
            {**_documented_job(), **job, **SOON, "scheme": "http"},
            {"job_name": "stranger", **job},
            # What the Prometheus Operator makes of the ServiceMonitor, with two pods.
            {
                **_documented_job(),
                **SOON,
                "scheme": "http",
                "job_name": "pods",
                "relabel_configs": [*_relabelings(visitor.origin.removeprefix("http://"))],
                "static_configs": [
                    {"targets": [f"192.0.2.{pod}:8000"], "labels": {"pod": f"site-{pod}"}}
                    for pod in (1, 2)
                ],
            },
            {"job_name": "wrong", **job},
        ]
        for each in jobs[:1] + jobs[2:]:
            name = "wrong" if each["job_name"] == "wrong" else "token"
            each["authorization"] = {"credentials_file": str(folder / name)}
        with prometheus(folder, jobs, [ALERTS]) as running:
            yield Monitored(site, visitor, token, running)


def _documented_job() -> Any:
    [job] = yaml.safe_load(_snippet("scrape_configs:"))["scrape_configs"]
    return job


def _relabelings(address: str) -> Iterator[Any]:
    """Those of the ServiceMonitor, as Prometheus spells them, with the address of the site."""
    monitor = yaml.safe_load(_snippet("apiVersion: monitoring.coreos.com/v1\n"))
    for rule in monitor["spec"]["endpoints"][0]["relabelings"]:
        names = {"targetLabel": "target_label"}
        given = {names.get(name, name): value for name, value in rule.items()}
        if given.get("target_label") == "__address__":
            given["replacement"] = address
        if given.get("target_label") == "job":
            given["replacement"] = "pods"
        yield given


def _snippet(beginning: str) -> str:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return next(block for block in blocks if block.startswith(beginning))


def promtool(*arguments: str, cwd: Path | None = None) -> None:
    command = ["promtool", *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_it_scrapes_with_a_token_alone(monitored: Monitored) -> None:
    targets = monitored.prometheus.targets()
    assert {job: target["health"] for job, target in targets.items()} == {
        "registries": "up",
        "pods": "up",
        "stranger": "down",
        "wrong": "down",
    }
    assert targets["registries"]["lastError"] == ""
    # One target of two pods: all processes return the figures of the whole site.
    assert len(monitored.prometheus.query('up{job="pods"}')) == 1
    for job in ("stranger", "wrong"):
        assert "401" in targets[job]["lastError"]
    [up] = monitored.prometheus.query('up{job="registries"}')
    assert up["value"][1] == "1"


def test_what_it_stores(monitored: Monitored) -> None:
    """Names arrive as they are, and types with their series."""
    query = 'registries_registry_fine{job="registries",name="\\"Bad\\" Ä"}'
    [found] = wait_for(lambda: monitored.prometheus.query(query))
    assert (found["metric"]["kind"], found["value"][1]) == ("custom", "0")
    told = monitored.prometheus.get("metadata")
    for family in FAMILIES:
        name = family.name.removesuffix("_total") if family.kind == "counter" else family.name
        [meta] = told[name]
        assert (meta["type"], meta["help"]) == (family.kind, family.help), name


def test_two_processes_agree(monitored: Monitored) -> None:
    """Counters and gauges do not depend on who is asked: nothing is kept in a process."""
    header = f"Bearer {monitored.token}"
    with monitored.site.served(DJANGO_DEBUG="1") as other:
        texts = [
            who.see("/metrics", Authorization=header).text
            for who in (monitored.visitor, other, monitored.visitor)
        ]
    assert 'registries_checks_total{kind="custom",verdict="valid"} 3.0' in texts[0]
    assert texts[0] == texts[1] == texts[2]


def test_alert_rules(monitored: Monitored, tmp_path: Path) -> None:
    promtool("check", "rules", str(ALERTS))
    shutil.copy(ALERTS, tmp_path / "alerts.yaml")
    shutil.copy(ALERT_TESTS, tmp_path / "test.yaml")
    promtool("test", "rules", "test.yaml", cwd=tmp_path)
    rules = wait_for(lambda: _evaluated(monitored.prometheus))
    assert {rule["health"] for rule in rules} == {"ok"}
    tested = {
        test["alertname"]
        for group in yaml.safe_load(ALERT_TESTS.read_text())["tests"]
        for test in group["alert_rule_test"]
        if test["exp_alerts"]
    }
    assert tested == {rule["name"] for rule in rules}


def _evaluated(running: Prometheus) -> list[Any]:
    rules = [rule for group in running.get("rules")["groups"] for rule in group["rules"]]
    return [] if any(rule["health"] == "unknown" for rule in rules) else rules


def expressions() -> dict[str, str]:
    """The expressions of the dashboard, with its variables filled in, by the panel's title."""
    found = {}
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel["targets"]:
            text = target["expr"].replace("$__rate_interval", "1m").replace("$job", "registries")
            assert "$" not in text
            found[f"{panel['title']} {target['refId']}"] = text
    return found


def test_the_dashboard_shows_something(monitored: Monitored) -> None:
    """Every expression is valid, and finds series."""
    queries = expressions()
    # An increase needs hand-overs between two scrapes.
    hand_overs = queries.pop("Hand-overs A")
    assert monitored.prometheus.query(hand_overs) == []
    for panel, expression in queries.items():
        assert wait_for(lambda query=expression: monitored.prometheus.query(query)), panel


def test_named_metrics_exist() -> None:
    """In the dashboard, the alerts and the page."""
    suffixes = {"histogram": ("_bucket", "_sum", "_count")}
    names = {
        family.name + suffix
        for family in FAMILIES
        for suffix in ("", *suffixes.get(family.kind, ()))
    }
    names.add("registries_metrics")  # the scope of the throttle
    for path in (DASHBOARD, ALERTS, ALERT_TESTS, PAGE):
        assert set(re.findall(r"registries_\w+", path.read_text())) <= names, path


def test_documented_settings(tmp_path: Path) -> None:
    """The configuration of docs/metrics.md is Prometheus' own."""
    shutil.copy(ALERTS, tmp_path / "alerts.yaml")
    (tmp_path / "token").touch()
    text = _snippet("scrape_configs:") + _snippet("rule_files:")
    for name in ("/etc/prometheus/registries-token", "/etc/prometheus/registries-alerts.yaml"):
        assert name in text
    text = text.replace("/etc/prometheus/registries-token", "token")
    text = text.replace("/etc/prometheus/registries-alerts.yaml", "alerts.yaml")
    (tmp_path / "prometheus.yml").write_text(text)
    promtool("check", "config", "prometheus.yml", cwd=tmp_path)
