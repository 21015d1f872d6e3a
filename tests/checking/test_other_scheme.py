"""A registry that answers over http instead of https, or the other way round, is found."""

from collections.abc import Iterator
from typing import Any

import pytest
import trustme

from registries import services
from registries.checking.callers import Caller
from registries.models import Check
from tests.factories import build
from tests.fakes.server import FakeServer, Reply, Request

pytestmark = pytest.mark.django_db

OPEN = {"Docker-Distribution-Api-Version": "registry/2.0"}
BASIC = {"WWW-Authenticate": 'Basic realm="fake"'}


@pytest.fixture(autouse=True)
def _in_time(settings: Any) -> None:
    settings.REGISTRIES = {"TIMEOUT": 3}


def closed(request: Request) -> Reply:
    return Reply(401, b"{}", OPEN | BASIC)


@pytest.fixture(params=["http", "https"])
def server(request: Any) -> Iterator[FakeServer]:
    tls = trustme.CA() if request.param == "https" else None
    with FakeServer(closed, tls) as running:
        yield running


def other(origin: str) -> str:
    scheme, _, rest = origin.partition("://")
    return f"{'http' if scheme == 'https' else 'https'}://{rest}"


def test_it_is_found_from_what_a_check_meets_there(server: FakeServer) -> None:
    """Also where the certificate is not trusted: that is the next thing to say."""
    row = build("custom", url=other(server.origin))
    result = services.check(row)
    assert services.other_scheme(row, result.code) == server.origin
    assert all("Authorization" not in request.headers for request in server.requests)


def test_what_is_no_registry_is_not_offered() -> None:
    with FakeServer(lambda _request: Reply(200, b"<html>", {"Content-Type": "text/html"})) as page:
        assert services.other_scheme(build("custom", url=other(page.origin)), "no_tls") is None
    assert services.other_scheme(build("custom", url="http://127.0.0.1:1"), "refused") is None


@pytest.mark.parametrize("code", ["signed_in", "bad_credentials", "timeout", "dns"])
def test_only_some_outcomes_make_it_worth_asking(code: str) -> None:
    with FakeServer(closed) as server:
        assert services.other_scheme(build("custom", url=other(server.origin)), code) is None
        assert server.requests == []


def test_a_row_without_an_address_has_no_other_scheme() -> None:
    assert services.other_scheme(build("hub"), "no_tls") is None


def test_it_is_counted_and_in_the_audit(server: FakeServer, settings: Any) -> None:
    """#94, #96: else each check of what was typed would try two ports, and tell of one."""
    settings.REGISTRIES = {"TIMEOUT": 3, "CHECKS_PER_MINUTE": 2}
    robin = Caller("form", "7", "robin")
    row = build("custom", name="Lab", url=other(server.origin))
    code = services.check(row, caller=robin).code
    assert services.other_scheme(row, code, robin) == server.origin
    audit = Check.objects.order_by("pk").values_list("address", "user_name", "origin")
    assert list(audit) == [(row.url, "robin", "form"), (server.origin, "robin", "form")]
    calls = len(server.requests)
    assert services.other_scheme(row, code, robin) is None
    assert len(server.requests) == calls
    with pytest.raises(services.TooManyChecks):
        services.check(row, caller=robin)
