"""What is handed over stands in the answer to who asked for it, and nowhere else."""

import json
import logging
import sys
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.management import call_command
from django.core.signals import got_request_exception
from django.test import Client
from django.views.debug import ExceptionReporter

from registries import services
from registries.handover import FORMS, HandoverRefused
from registries.handover.operations import HandedOver
from registries.handover.target import Target
from registries.models import Handover, Registry
from tests.api.conftest import ROOT
from tests.canaries import Canaries, all_kinds
from tests.factories import create
from tests.handover.conftest import Cloud
from tests.test_canaries import addresses, kept_by_the_site

pytestmark = pytest.mark.django_db


@pytest.fixture
def chief() -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create_superuser("chief"))
    return client


def post(client: Client, **data: Any) -> Any:
    return client.post(f"{ROOT}handover/", json.dumps(data), "application/json")


def everywhere(client: Client, rows: list[Registry]) -> str:
    """All pages and answers that show anything of these rows, and all that is kept."""
    pages = [
        client.get(address).getvalue().decode(errors="replace")
        for row in rows
        for address in addresses(row)
        if "/tags/" not in address and "/digest/" not in address
    ]
    one = Handover.objects.latest("pk")
    pages.append(client.get(f"/backstage/registries/handover/{one.pk}/change/").content.decode())
    pages.append(client.get(f"{ROOT}handovers/?page_size=500").content.decode())
    return "\n".join([*pages, kept_by_the_site()])


def test_what_is_stored_stands_nowhere_else(
    chief: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """#67, #72: of every kind, in every form, with every library logging at DEBUG."""
    caplog.set_level(logging.DEBUG)
    canaries, rows = Canaries(), []
    for columns in all_kinds(canaries, "https://registry.example"):
        if columns["kind"] not in {"ecr", "gcr"}:  # which hand out something else
            row = Registry(**columns, handover="any")
            row.full_clean()
            row.save()
            rows.append(row)
    for row in rows:
        for form in FORMS:
            response = post(chief, registry=row.pk, form=form)
            assert response.status_code == 200, (row.kind, form)
            assert response["Cache-Control"] == "no-store"
    row.handover = "none"
    row.save()
    refused = post(chief, registry=row.pk, form="json")
    canaries.assert_absent("a refusal", refused.content.decode())
    canaries.assert_absent("the log", caplog.text)
    canaries.assert_absent("the site", everywhere(chief, rows[:2]))


@pytest.mark.parametrize("slug", ["ecr", "gcr", "acr"])
def test_what_is_exchanged_lies_sealed_in_the_token_cache_alone(
    slug: str,
    cloud: Callable[..., Cloud],
    settings: Any,
    chief: Client,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    made = cloud(slug)
    settings.REGISTRIES = {**settings.REGISTRIES, "TOKEN_CACHE": "default"}
    assert post(chief, registry=made.row.pk, form="kubernetes").status_code == 200
    password = services.pull_credential(made.row).password
    # Of a long key one line, as it stands in the file.
    canaries = Canaries([password, max(made.family.right[1].split("\n"), key=len)])
    assert any(".token." in name for name in cache._cache)  # type: ignore[attr-defined]  # memory's
    canaries.assert_absent("the log", caplog.text)
    canaries.assert_absent("the site", everywhere(chief, [made.row]))


def broken(*_args: object, **_kwargs: object) -> None:
    raise RuntimeError("broken on purpose")


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize(
    "where",
    [
        "registries.handover.auditing.Audit.record",
        "registries.handover.operations._fingerprint",
        "registries.handover.form.basic_auth",
    ],
)
def test_no_report_of_a_fault_shows_it(
    where: str,
    debug: bool,
    chief: Client,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """#19: local variables of what makes and renders it are hidden."""
    canaries = Canaries()
    row = create("custom", password=canaries.one(), handover="any")
    settings.DEBUG = debug
    reports: list[str] = []

    def report(sender: Any, request: Any, **_more: Any) -> None:
        reports.append(ExceptionReporter(request, *sys.exc_info()).get_traceback_html())

    monkeypatch.setattr(where, broken)
    got_request_exception.connect(report)
    try:
        response = post(chief, registry=row.pk, form="podman")
    finally:
        got_request_exception.disconnect(report)
    assert response.status_code == 500
    assert "broken on purpose" in reports[0]
    canaries.assert_absent("a report", "".join(reports))
    canaries.assert_absent("the answer", response.content.decode())
    canaries.assert_absent("the log", caplog.text)


@pytest.mark.parametrize(
    ("target", "text"),
    [
        (Target(host="https://bob:fake-pass@ghcr.io/acme"), "ghcr.io/acme"),
        (Target(host="bob:fake/p@ss@ghcr.io"), "ghcr.io"),
        (Target(host="https://ghcr.io/?token=fake-pass"), "https://ghcr.io/"),
        (Target(image="docker://bob:fake-pass@ghcr.io/acme/app:1"), "ghcr.io/acme/app:1"),
        (Target(host="https://index.docker.io/v1/"), "https://index.docker.io/v1/"),
        (Target(image=f"ghcr.io/app@sha256:{'0' * 64}"), f"ghcr.io/app@sha256:{'0' * 64}"),
        (Target(registries=(7, 8)), "#7, #8"),
    ],
)
def test_the_audit_keeps_no_password_that_stands_in_an_address(target: Target, text: str) -> None:
    assert str(target) == text


def test_values_show_nothing(canary: str) -> None:
    handed = HandedOver(canary, FORMS["line"], None)
    assert canary not in repr(handed)
    row = create("custom", login=canary, handover="any")
    credential = services.pull_credential(row)
    # A user name may be a token.
    assert canary not in repr(credential)
    with pytest.raises(HandoverRefused) as caught:
        services.pull_credential(row, "elsewhere.example/app")
    assert canary not in repr(caught.value)
    call_command("dumpdata", "registries.handover", stdout=(dump := StringIO()))
    assert canary not in dump.getvalue()
