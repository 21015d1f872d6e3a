"""Canary secrets: whatever is asked, none comes back, in no form."""

import base64
import json
import logging
import secrets
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

import pytest

from registries.kinds import KINDS
from registries.models import Registry
from tests import factories
from tests.api.conftest import Caller, addresses
from tests.fakes.server import FakeServer, Reply


@pytest.fixture
def nowhere(settings: Any) -> Iterator[FakeServer]:
    """A proxy that lets nothing through: no test here may leave the machine."""
    with FakeServer(lambda request: Reply(403)) as proxy:
        settings.REGISTRIES = {"PROXY": proxy.origin, "TIMEOUT": 5}
        yield proxy


def canaries(slug: str) -> dict[str, str]:
    """A secret for each secret variable of a kind, with what makes each unlike any other."""
    result = {name: f'canary"{secrets.token_hex(12)}/é+' for name in KINDS[slug].secrets}
    if "auth" in result:
        result["auth"] = base64.b64encode(f"johndoe:{result['auth']}".encode()).decode()
    if "privatekey" in result:
        body = base64.b64encode(secrets.token_bytes(48)).decode()
        result["privatekey"] = f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"
    return result


def forms(secret: str) -> set[str]:
    """A secret as it may appear: as it is, in JSON, in a URL, in base64, and its lines alone."""
    core = secret.splitlines()[1] if "\n" in secret else secret
    encoded = base64.b64encode(core.encode()).decode().rstrip("=")
    return {core, json.dumps(core)[1:-1], quote(core, safe=""), quote(core), encoded}


READING = [("GET", "application/json")]
# Pages hold what the JSON holds, and a refusal of another method looks alike in both formats.
WAYS = [*READING, ("GET", "text/html"), ("POST", "text/html"), ("OPTIONS", "application/json")]


def everything(client: Caller, row: Registry, ways: Iterable[tuple[str, str]] = WAYS) -> str:
    """What a caller is told about a row, in every way there is to ask."""
    more = [f"registries/?search={row.kind}", "registries/?ordering=-kind", f"registries/{row.pk}"]
    wrong = [f"registries/{row.pk}/tags/", f"registries/{row.pk}/?format=api", "resolve/?image=:"]
    text = ""
    for path in [*addresses(row), *more, *wrong]:
        for method, accepted in ways:
            answer = client.generic(method, path, headers={"accept": accepted})
            text += f"{method} {path}\n{answer.headers}\n{answer.content.decode()}\n"
    return text


@pytest.mark.parametrize("together", [True, False], ids=["all secrets", "a valid row"])
@pytest.mark.parametrize("slug", KINDS)
def test_no_secret_is_in_any_answer(
    slug: str,
    together: bool,
    reader: Caller,
    nowhere: FakeServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """#10, #16, #21, #22: bodies, headers and the log at DEBUG."""
    planted = canaries(slug)
    if not together:
        planted = {name: planted[name] for name in planted if name in factories.SAMPLES[slug]}
    row = factories.build(slug, **planted)
    row.save()
    assert row.values().items() >= planted.items()
    with caplog.at_level(logging.DEBUG):
        ways = WAYS if together and slug == "custom" else READING
        text = everything(reader, row, ways) + caplog.text
    assert row.name in text
    sealed = {row.raw_value(name).token for name in planted}
    for secret in planted.values():
        assert not [form for form in forms(secret) | sealed if form in text]


def test_a_secret_would_be_found() -> None:
    """The search above sees what it looks for."""
    for secret in [*canaries("gcr").values(), *canaries("hub").values()]:
        for spelling in (json.dumps([secret]), quote(secret)):
            assert any(form in spelling for form in forms(secret))
