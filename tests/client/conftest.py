"""What the client's tests share."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Protocol, TypeVar

import pytest
import trustme

from tests.fakes.family import Family
from tests.fakes.ledger import Ledger
from tests.fakes.world import World

AFamily = TypeVar("AFamily", bound=Family)


class Serve(Protocol):
    """Puts a family of this class, or one that is made already, on the wire."""

    def __call__(self, family: type[AFamily] | AFamily) -> tuple[AFamily, World]: ...


@pytest.fixture(scope="session")
def ca() -> trustme.CA:
    """A throw-away certificate authority."""
    return trustme.CA()


@pytest.fixture(scope="session")
def pem(ca: trustme.CA) -> str:
    """The authority's certificate."""
    return ca.cert_pem.bytes().decode()


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Stop the clock of deadlines; what this gives lets seconds pass for them at once."""
    now = 1000.0

    def wait(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr("registries.client.deadline.monotonic", lambda: now)
    return wait


@pytest.fixture
def serve(ca: trustme.CA) -> Iterator[Serve]:
    """Put families on the wire until the test ends; what strays fails it."""
    with ExitStack() as stack:

        def serve(of: type[AFamily] | AFamily) -> tuple[AFamily, World]:
            family = of(Ledger()) if isinstance(of, type) else of
            return family, stack.enter_context(World.of(family, ca))

        yield serve
