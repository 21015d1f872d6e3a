"""What a check goes through, and how long each step takes."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from registries.client.client import Client
from registries.client.deadline import Deadline
from registries.client.tokens import MemoryTokens
from registries.credentials import Anonymous, Basic, Credential
from registries.endpoint import Endpoint
from registries.verdicts import Step
from tests.client.transports import transport
from tests.fakes.server import FakeServer, Reply, Request

RIGHT = Basic("johndoe", "fake-password")
BASIC = {"WWW-Authenticate": 'Basic realm="fake"'}


def serve(request: Request) -> Reply:
    if request.basic != (RIGHT.username, RIGHT.password):
        return Reply(401, b"{}", BASIC)
    return Reply(200 if request.path == "/v2/" else 404, b"{}")


def steps(url: str, credential: Credential, *image: str) -> list[tuple[str, bool]]:
    with Deadline(5) as deadline:
        client = Client(
            Endpoint(url=url),
            credential,
            transport=transport(),
            tokens=MemoryTokens(),
            deadline=deadline,
            identity="x",
        )
        outcome = client.check(*image)
    assert all(step.seconds >= 0 for step in outcome.steps)
    assert sum(step.seconds for step in outcome.steps) < 5
    return [(step.slug, step.passed) for step in outcome.steps]


def test_a_check_that_passes_lists_what_it_went_through() -> None:
    with FakeServer(serve) as server:
        port = server.origin.rpartition(":")[2]
        assert steps(server.origin, RIGHT) == [("registry", True), ("credentials", True)]
        assert steps(f"http://localhost:{port}", RIGHT) == [
            ("name", True),
            ("registry", True),
            ("credentials", True),
        ]


@pytest.mark.parametrize("credential", [Basic("johndoe", "wrong"), Anonymous()])
def test_a_refusal_fails_at_the_credentials(credential: Credential) -> None:
    with FakeServer(serve) as server:
        assert steps(server.origin, credential) == [("registry", True), ("credentials", False)]


def test_an_absent_image_fails_at_the_image() -> None:
    with FakeServer(serve) as server:
        assert steps(server.origin, RIGHT, "team/app", "1") == [
            ("registry", True),
            ("credentials", True),
            ("image", False),
        ]


def test_what_comes_after_a_failure_is_not_listed() -> None:
    assert steps("http://registry.invalid", RIGHT, "team/app") == [("name", False)]
    with FakeServer(serve) as server:
        closed = server.origin
    assert steps(closed, RIGHT) == [("registry", False)]
    with FakeServer(serve) as plain:
        encrypted = plain.origin.replace("http:", "https:")
        assert steps(encrypted, RIGHT) == [("tls", False)]


def test_a_step_leaves_out_the_time_of_steps_inside_it(wait: Callable[[float], None]) -> None:
    """The first of a name counts; the list goes by what a check does, not by what ended first."""
    deadline = Deadline(60)
    with deadline.step("registry"):
        wait(1)
        with deadline.step("tls"):
            wait(2)
        wait(3)
    with deadline.step("credentials"):
        with deadline.step("name"):
            wait(4)
        wait(5)
    with suppress(LookupError), deadline.step("registry"):
        raise LookupError
    assert deadline.steps == (
        Step("name", True, 4),
        Step("tls", True, 2),
        Step("registry", True, 4),
        Step("credentials", True, 5),
    )
