"""Origins that lead elsewhere: mirrors, private links, test servers."""

import pytest
import trustme

from registries.client.transport import Options
from tests.client.calls import fails
from tests.client.transports import DEFAULTS, hello, send, transport
from tests.fakes.server import FakeServer

HUB = "https://registry-1.docker.io"
GHCR = "https://ghcr.io"


def test_request_goes_to_the_target() -> None:
    with FakeServer(hello) as server:
        over = transport(endpoints={HUB: server.origin})
        response = send(over, f"{HUB}/v2/x?n=1", authorization="Bearer sesame")
    assert response.url == f"{HUB}/v2/x?n=1"
    (request,) = server.requests
    assert request.target == "/v2/x?n=1"
    assert request.headers["Host"] == f"127.0.0.1:{server.port}"
    assert request.authorization == "Bearer sesame"


def test_tls_is_the_targets(ca: trustme.CA, pem: str) -> None:
    """Server name and certificate are the target's."""
    with FakeServer(hello, ca, names=["localhost"]) as server:
        target = f"https://localhost:{server.port}"
        send(transport(endpoints={HUB: target}, ca_certificate=pem), HUB)
        with fails("certificate_other_name") as caught:
            send(transport(endpoints={HUB: server.origin}, ca_certificate=pem), HUB)
    assert caught.value.params == {"host": "registry-1.docker.io"}
    (request,) = server.requests
    assert (request.sni, request.headers["Host"]) == ("localhost", f"localhost:{server.port}")


@pytest.mark.parametrize("name", ["HTTPS://Registry-1.docker.io:443/", HUB + "/"])
def test_origins_are_normalised(name: str) -> None:
    with FakeServer(hello) as server:
        send(transport(endpoints={name: server.origin + "/"}), f"{HUB}:443/v2/")
    assert server.requests[0].target == "/v2/"


@pytest.mark.parametrize("pair", [("ghcr.io", "http://x"), (GHCR, "x"), (GHCR, "http://u@x")])
def test_origins_that_are_none(pair: tuple[str, str]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - no text is promised
        transport(endpoints=dict([pair]))


def test_no_chains() -> None:
    """A target is called as it stands, even where it is mapped itself."""
    with FakeServer(hello) as first, FakeServer(hello) as second:
        over = transport(endpoints={HUB: first.origin, first.origin: second.origin})
        send(over, HUB)
        assert (len(first.requests), len(second.requests)) == (1, 0)
        send(over, first.origin)
        assert (len(first.requests), len(second.requests)) == (1, 1)


def test_scheme_and_port_are_part_of_an_origin() -> None:
    with FakeServer(hello) as server:
        over = transport(endpoints={"https://127.0.0.1:1": server.origin})
        assert send(over, "https://127.0.0.1:1/").status == 200
        with fails("refused"):
            send(over, "http://127.0.0.1:1/")


def test_targets_are_exempt_from_blocking() -> None:
    """The operator named them; what nobody named stays blocked."""
    with FakeServer(hello) as server, FakeServer(hello) as other:
        over = transport(endpoints={HUB: server.origin}, allow_private_addresses=False)
        assert send(over, HUB).body == b"hello"
        assert send(over, server.origin).body == b"hello"
        with fails("blocked_address"):
            send(over, other.origin)
    assert other.connections == 0


def test_errors_name_the_original() -> None:
    with fails("refused") as caught:
        send(transport(endpoints={GHCR: "http://127.0.0.1:1"}), GHCR)
    assert caught.value.params == {"host": "ghcr.io"}


def test_original_and_target() -> None:
    over = transport(endpoints={GHCR: "http://mirror.example:5000"})
    assert over.original("http://mirror.example:5000/token?x=1") == "https://ghcr.io/token?x=1"
    assert over.original("http://MIRROR.example:5000") == "https://ghcr.io/"
    assert over.original("https://ghcr.io/token") == "https://ghcr.io/token"
    assert over.original("http://mirror.example/token") == "http://mirror.example/token"
    assert over.original("https://mirror.example:5000/") == "https://mirror.example:5000/"
    assert over.original("no url") == "no url"
    assert over.target("https://ghcr.io/x?y=1") == "http://mirror.example:5000/x?y=1"
    assert over.target("https://else.example/x") == "https://else.example/x"


def test_original_of_a_shared_target() -> None:
    mirror = "https://mirror.example"
    over = transport(endpoints={GHCR: mirror, HUB: mirror})
    assert over.original(f"{mirror}/x", prefer=[HUB]) == f"{HUB}/x"
    assert over.original(f"{mirror}/x", prefer=[GHCR, HUB]) == f"{GHCR}/x"
    assert over.original(f"{mirror}/x", prefer=["https://else.example"]) == f"{GHCR}/x"
    # A row may have the target itself for its address.
    assert over.original(f"{mirror}/x", prefer=[mirror]) == f"{mirror}/x"


def test_options_can_be_keys() -> None:
    one, other = (Options(**{**DEFAULTS, "endpoints": {GHCR: target}}) for target in (HUB, GHCR))
    assert hash(one) == hash(other)
    assert one != other
    assert one == Options(**{**DEFAULTS, "endpoints": {GHCR: HUB}})
