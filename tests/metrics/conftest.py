"""Readers of the metrics, which parse them as Prometheus' own library does."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from registries.checking.callers import Caller
from registries.checking.single import Checked, store
from registries.models import Registry
from registries.models.results import CheckResult
from registries.models.times import as_stored
from registries.verdicts import Verdict
from tests.api.conftest import caller

PATH = "/gateway/figures"
# A sample's value by its name and labels.
Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]


def key(name: str, labels: Mapping[str, str]) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


def parsed(text: str) -> Figures:
    """All samples. Two with the same labels are an error, as for Prometheus."""
    samples = [
        sample for family in text_string_to_metric_families(text) for sample in family.samples
    ]
    figures = {key(sample.name, sample.labels): sample.value for sample in samples}
    assert len(figures) == len(samples)
    return figures


def get(client: Client, query: str = "") -> Figures:
    answer = Client.generic(client, "GET", PATH + query)
    assert answer.status_code == 200, answer.content
    return parsed(answer.content.decode())


@pytest.fixture
def chief(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("chief"))
    return client


@pytest.fixture
def viewer(db: None) -> Client:
    return caller("viewer", "view_registry")


@pytest.fixture
def figure(chief: Client) -> Callable[..., float | None]:
    """The value of a sample that a superuser is answered now, by name and labels."""

    def find(name: str, /, **labels: Any) -> float | None:
        texts = {label: str(value) for label, value in labels.items()}
        cache.clear()  # the requests of the last minute
        return get(chief).get(key(f"registries_{name}", texts))

    return find


def checked(row: Registry, verdict: Verdict, code: str, seconds: float, at: Any) -> None:
    """Store a check as if it had just been made."""
    result = CheckResult(verdict, code, as_stored(at), kind=row.kind)  # type: ignore[arg-type]
    store(row, None, Checked(result, None, None, seconds), Caller())
