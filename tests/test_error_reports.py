"""What is reported when something of ours breaks while secrets are open: everything but them."""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest
from django.core import mail
from django.core.checks import run_checks
from django.test import Client
from django.views.debug import ExceptionReporter, get_default_exception_reporter_filter

from registries import services
from tests.canaries import ADMINS, forms, refuse
from tests.factories import build, create
from tests.fakes.server import FakeServer

pytestmark = pytest.mark.django_db

ADD = "/backstage/registries/registry/add/?kind=custom"
IMPORT = "/backstage/registries/registry/import/"


def broken(*_args: object, **_kwargs: object) -> None:
    raise RuntimeError("broken on purpose")


def broken_when_signed_in(_self: object, request: Any) -> dict[str, str]:
    if "Authorization" in request.headers:
        raise RuntimeError("broken on purpose")
    return {}


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer(refuse) as running:
        yield running


def reported(error: BaseException, request: Any = None) -> str:
    """The report as a page, with the local variables of each frame, and as a text."""
    report = ExceptionReporter(request, type(error), error, error.__traceback__, is_email=True)
    return report.get_traceback_html() + report.get_traceback_text()


def reports(caplog: pytest.LogCaptureFixture) -> tuple[str, str]:
    """What is told of the one request that failed: the mail, and the report."""
    (record,) = [result for result in caplog.records if result.name == "django.request"]
    assert record.exc_info
    assert record.exc_info[1]
    (sent,) = mail.outbox
    report = reported(record.exc_info[1], record.request)  # type: ignore[attr-defined]  # Django's
    return str(sent.body), report


def is_shown(text: str, secret: str) -> bool:
    return any(form in text for form in forms(secret))


# Where a typed secret is on its way: the form, the rules, the row, the check; or while it is saved.
TRIED = [
    "registries.forms.secrets.SecretInput.value_from_datadict",
    "registries.forms.secrets.SecretFormField.clean",
    "registries.forms.RegistryForm._drop_other_ways",
    "registries.models.validation._clean_prefix",
    "registries.kinds.base.Kind.problems",
    "registries.kinds.base.Variable._check_length",
    "registries.secrets.sealing.Secret.__init__",
    "registries.row_client._credentials",
    "registries.client.client.Client.__init__",
    "registries.client.transport.Transport._send",
]
SAVED = [
    "registries.admin.RegistryAdmin.save_model",
    "registries.models.Registry.derive",
    "encrypted_model_fields.fields.encrypt_str",
]


@pytest.mark.parametrize(
    ("where", "button"),
    [*product(TRIED, ("_check", "_savecheck")), *product(SAVED, ("_savecheck",))],
)
def test_what_is_typed_is_in_no_report(
    where: str,
    button: str,
    admin_client: Client,
    canary: str,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """#19, #20: neither as it was posted nor as a local variable; page, log, mail and report.

    Nor on the page of DEBUG.
    """
    settings.ADMINS = ADMINS
    monkeypatch.setattr(where, broken)
    admin_client.raise_request_exception = False
    values = {"name": "x", "url": "http://127.0.0.1:9", "login": "johndoe", "sign_in": "password"}
    form = {**values, "password": canary, button: "1"}
    answer = admin_client.post(ADD, form)
    assert answer.status_code == 500
    assert not is_shown(answer.content.decode(), canary)
    texts = reports(caplog)
    settings.DEBUG, again = True, {**form, "name": "y"}
    for text in (*texts, caplog.text, admin_client.post(ADD, again).content.decode()):
        assert "broken on purpose" in text
        assert not is_shown(text, canary)


# Where a file that is imported is on its way, and whether that is after the plan.
IMPORTED = {
    "registries.admin.uploading.seal": False,
    "registries.importing.auths.login": False,
    "registries.importing.planning._free_name": False,
    "registries.admin.importing.ShownEntry.place": False,
    "registries.admin.uploading.unseal": True,
    "registries.models.Registry.save": True,
}


@pytest.mark.parametrize("where", IMPORTED)
def test_what_is_imported_is_in_no_report(
    where: str,
    admin_client: Client,
    canary: str,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """#19, #20, #76: what a reader meets has a sentence, everything else is a fault."""
    settings.ADMINS = ADMINS
    admin_client.raise_request_exception = False
    auths = {"ghcr.io": {"auth": b64encode(f"johndoe:{canary}".encode()).decode()}}
    sent: dict[str, Any] = {"text": json.dumps({"auths": auths}), "program": "docker"}
    if IMPORTED[where]:
        html = admin_client.post(IMPORT, sent).content.decode()
        [box] = re.findall(r'name="entry" value="([^"]+)"', html)
        [sealed] = re.findall(r'name="sealed" value="([^"]+)"', html)
        sent = {"sealed": sealed, "program": "docker", "entry": box, "_add": "1"}
    monkeypatch.setattr(where, broken)
    answer = admin_client.post(IMPORT, sent)
    assert not is_shown(answer.content.decode(), canary)
    assert not is_shown(caplog.text, canary)
    if where == "registries.importing.auths.login":
        assert "because of a fault in the program (RuntimeError)" in answer.content.decode()
        return
    assert answer.status_code == 500
    for text in reports(caplog):
        assert "broken on purpose" in text
        assert not is_shown(text, canary)


def report_of(call: Callable[[], object]) -> str:
    """The report of a call that breaks, without this test's own frames, which hold the canary."""
    with pytest.raises(RuntimeError) as caught:
        call()
    traceback = caught.tb.tb_next and caught.tb.tb_next.tb_next
    assert traceback
    report = reported(caught.value.with_traceback(traceback))
    assert "broken on purpose" in report
    return report


@pytest.mark.parametrize(
    ("where", "replacement", "debug"),
    [
        ("registries.client.client.Client.__init__", broken, False),
        ("registries.client.transport.Transport._headers", broken_when_signed_in, False),
        # With DEBUG, Django shows all local variables of what had no request.
        ("registries.client.client.Client.check", broken, True),
        ("registries.checking.running.store", broken, True),
    ],
    ids=["before the call", "on the wire", "around the call", "after the call"],
)
def test_what_is_stored_is_in_no_report(
    where: str,
    replacement: Callable[..., object],
    debug: bool,
    server: FakeServer,
    canary: str,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """#19, #20: whatever breaks in a check between the opened secret and the wire."""
    settings.DEBUG = debug
    row = create("custom", url=server.origin, password=canary)
    monkeypatch.setattr(where, replacement)
    assert not is_shown(report_of(lambda: services.check(row)), canary)


def test_what_breaks_the_rules_is_in_no_report(
    canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """#19, #20: of a row that code validates, without any form."""
    monkeypatch.setattr("registries.kinds.base.Kind.problems", broken)
    row = build("custom", password=canary)
    assert not is_shown(report_of(row.full_clean), canary)


def test_a_secret_that_is_not_hidden_is_found(canary: str) -> None:
    """The twin: the search sees the local variables of a frame, however they are written."""
    typed = f"Basic {b64encode(canary.encode()).decode()}"
    with pytest.raises(RuntimeError) as caught:
        broken(typed)
    assert is_shown(reported(caught.value), canary)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NOTIFY", ["admins", "https://hooks.example/canary-token"]),
        ("PROXY", "http://user:canary-password@proxy.example:3128"),
    ],
)
@pytest.mark.parametrize(
    ("reporter", "is_safe"),
    [
        ("django.views.debug.SafeExceptionReporterFilter", False),
        ("registries.reporting.ReporterFilter", True),
        ("ssmsite.reporting.ReporterFilter", True),
    ],
)
def test_addresses_of_receivers_and_the_proxy_are_hidden_or_the_start_warns(
    reporter: str, is_safe: bool, name: str, value: object, settings: Any
) -> None:
    settings.DEFAULT_EXCEPTION_REPORTER_FILTER = reporter
    settings.REGISTRIES = {name: value}
    get_default_exception_reporter_filter.cache_clear()
    try:
        assert ("canary-" not in reported(RuntimeError("broken on purpose"))) is is_safe
        warnings = [each for each in run_checks(tags=["security"]) if each.id == "registries.W007"]
        assert len(warnings) == (not is_safe)
        assert "canary-" not in str(warnings)
        settings.REGISTRIES = {"NOTIFY": ["admins"], "PROXY": "http://proxy.example:3128"}
        assert "registries.W007" not in {each.id for each in run_checks(tags=["security"])}
    finally:
        get_default_exception_reporter_filter.cache_clear()
