"""IAM keys at a fake ECR API that checks the signature."""

import base64
import hashlib
import hmac
import json
import logging
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from registries.client.deadline import Deadline
from registries.client.errors import ClientError, Rejected
from registries.client.exchange import Exchanged, exchange
from registries.credentials import AwsKeys, Basic
from tests.client.calls import code_of, fails
from tests.client.transports import transport
from tests.fakes.server import FakeServer, Reply, Request

PRIVATE = "https://api.ecr.eu-west-1.amazonaws.com"
PUBLIC = "https://api.ecr-public.us-east-1.amazonaws.com"
KEY = "AKIAEXAMPLE"
SECRET = secrets.token_hex(20)
PASSWORD = secrets.token_hex(40)
EXPIRES = 2_000_000_000
PROXY = "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com"
TOKEN = base64.b64encode(f"AWS:{PASSWORD}".encode()).decode()


def signature(request: Request, secret: str) -> str:
    """What the request's SigV4 signature should be, over the Host that arrived.

    Source: docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """
    parts = dict(
        part.strip().split("=", 1)
        for part in (request.authorization or "").partition(" ")[2].split(",")
    )
    names = parts["SignedHeaders"].split(";")
    lines = "".join(f"{name}:{request.headers[name]}\n" for name in names)
    payload = hashlib.sha256(request.body).hexdigest()
    canonical = f"{request.method}\n/\n\n{lines}\n{';'.join(names)}\n{payload}"
    _, day, region, service, _ = parts["Credential"].split("/")
    scope = f"{day}/{region}/{service}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{request.headers['X-Amz-Date']}\n{scope}\n{digest}"
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request", text):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key.hex()


@dataclass
class Api:
    """GetAuthorizationToken of one of the two services."""

    service: str = "ecr"
    region: str = "eu-west-1"
    answer: Any = field(
        default_factory=lambda: {
            "authorizationData": [
                {"authorizationToken": TOKEN, "expiresAt": EXPIRES, "proxyEndpoint": PROXY}
            ]
        }
    )

    def __call__(self, request: Request) -> Reply:
        authorization = request.authorization or ""
        assert f"/{self.region}/{self.service}/aws4_request" in authorization
        assert request.headers["User-Agent"] == "tests"
        if f"Credential={KEY}/" not in authorization:
            return error("UnrecognizedClientException")
        if not authorization.endswith(f"Signature={signature(request, SECRET)}"):
            return error("InvalidSignatureException")
        return Reply(200, json.dumps(self.answer).encode())


# What AWS says of a signature's time, of another fault of it, and of a token.
LATE = "Signature expired: 20170111T204052Z is now earlier than 20170111T225449Z (20170111T230949Z"
EARLY = "Signature not yet current: 20190305T002809Z is still later than 20190304T214315Z"
WRONG = "The request signature we calculated does not match the signature you provided."
TOKEN_OVER = "The security token included in the request is expired"


def error(code: str, status: int = 400, output: str = "secret words") -> Reply:
    body = json.dumps({"__type": code, "message": f"{output} of theirs"}).encode()
    return Reply(status, body, {"Content-Type": "application/x-amz-json-1.1"})


def call(
    server: FakeServer, keys: AwsKeys, seconds: float = 10, origin: str = PRIVATE
) -> Exchanged:
    return exchange(
        keys,
        registry=None,
        transport=transport(endpoints={origin: server.origin}),
        deadline=Deadline(seconds),
    )


def keys(**changed: Any) -> AwsKeys:
    values: dict[str, Any] = {
        "region": "eu-west-1",
        "access_key": KEY,
        "secret_access_key": SECRET,
        **changed,
    }
    return AwsKeys(**values)


def failure(handler: Callable[[Request], Reply], **changed: Any) -> ClientError:
    with FakeServer(handler) as server, pytest.raises(ClientError) as caught:
        call(server, keys(**changed))
    return caught.value


@pytest.fixture(autouse=True)
def metadata(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServer]:
    """#47: a metadata service that would hand out the machine's own identity; nobody asks it."""
    with FakeServer(lambda _: Reply(200, b"{}")) as server:
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.origin)
        yield server
    assert server.requests == []


def test_private() -> None:
    with FakeServer(Api()) as server:
        result = call(server, keys())
    assert (result.credential, result.registry) == (Basic("AWS", PASSWORD), PROXY)
    assert result.expires_at == datetime.fromtimestamp(EXPIRES, UTC)
    assert result.expires_at.tzinfo is UTC


def test_public() -> None:
    """The public registry's API has its own name and answers with an object."""
    api = Api(
        "ecr-public",
        "us-east-1",
        {"authorizationData": {"authorizationToken": TOKEN, "expiresAt": EXPIRES}},
    )
    with FakeServer(api) as server:
        result = call(server, keys(region="us-east-1", service="ecr-public"), origin=PUBLIC)
    assert (result.credential, result.registry) == (Basic("AWS", PASSWORD), None)
    assert result.expires_at == datetime.fromtimestamp(EXPIRES, UTC)


def test_expired_date() -> None:
    """moto answers so; what to do about it is the caller's choice."""
    api = Api()
    api.answer["authorizationData"][0]["expiresAt"] = 1
    with FakeServer(api) as server:
        assert call(server, keys()).expires_at == datetime.fromtimestamp(1, UTC)


@pytest.mark.parametrize("wrong", [{"access_key": "AKIAOTHER"}, {"secret_access_key": "wrong"}])
def test_wrong_keys(wrong: dict[str, str]) -> None:
    assert isinstance(failure(Api(), **wrong), Rejected)


@pytest.mark.parametrize(
    "blank",
    [
        {"access_key": ""},
        {"secret_access_key": ""},
        {"access_key": " "},
        {"access_key": "", "secret_access_key": ""},
    ],
)
def test_blank_keys(blank: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """#47: no call at all, lest the machine's own identity is taken."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    with FakeServer(Api()) as server, fails("incomplete"):
        call(server, keys(**blank))
    assert server.requests == []


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (error("UnrecognizedClientException"), "bad_credentials"),
        (error("InvalidClientTokenId", 403), "bad_credentials"),
        (error("ExpiredTokenException"), "bad_credentials"),
        (error("SomethingElse", 401), "bad_credentials"),
        (error("SomethingElse", 403), "bad_credentials"),
        (Reply(403, b"<Error><Code>X</Code></Error>"), "bad_credentials"),
        # Of a firewall, which says nothing of the keys.
        (Reply(403, b"\n<!DOCTYPE html>Blocked"), "token_server_refused"),
        (
            Reply(403, b"Blocked", {"Content-Type": "text/html"}),
            "token_server_refused",
        ),
        (error("RequestExpired"), "clock_skew"),
        (error("RequestTimeTooSkewed", 403), "clock_skew"),
        (error("RequestInTheFuture"), "clock_skew"),
        (error("InvalidSignatureException", output=LATE), "clock_skew"),
        (error("InvalidSignatureException", output=EARLY), "clock_skew"),
        (error("SignatureDoesNotMatch", 403, output=LATE), "clock_skew"),
        (error("InvalidSignatureException", output=WRONG), "bad_credentials"),
        (error("InvalidSignatureException"), "bad_credentials"),
        (error("ExpiredTokenException", output=TOKEN_OVER), "bad_credentials"),
        (error("AccessDeniedException"), "no_permission"),
        (error("ThrottlingException"), "rate_limited"),
        (error("ServerException", 500), "server_error"),
        (error("InvalidParameterException"), "bad_answer"),
        (Reply(404, b""), "bad_answer"),
    ],
)
def test_refusals(reply: Reply, code: str) -> None:
    """Each error by what the operator does about it; asked once, words of theirs unused."""
    with FakeServer(lambda _: reply) as server, pytest.raises(ClientError) as caught:
        call(server, keys())
    assert code_of(caught.value) == code
    assert caught.value.params in ({}, {"host": "api.ecr.eu-west-1.amazonaws.com"})
    assert "theirs" not in str(caught.value)
    assert len(server.requests) == 1


def data(**changed: Any) -> bytes:
    one = {"authorizationToken": TOKEN, "expiresAt": EXPIRES, "proxyEndpoint": PROXY, **changed}
    return json.dumps({"authorizationData": [one]}).encode()


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "body",
    [
        b'{"authorizationData": []}',
        b'{"authorizationData": {}}',
        b'{"authorizationData": 5}',
        b'{"authorizationData": [null]}',
        data(authorizationToken=None),
        data(authorizationToken=5),
        data(authorizationToken="***"),
        data(authorizationToken=f"{TOKEN}\n"),
        data(authorizationToken=encoded("no colon")),
        data(authorizationToken=encoded("OTHER:password")),
        data(authorizationToken=encoded("AWS:")),
        data(authorizationToken=encoded("AWS:two\r\nlines")),
        data(authorizationToken=encoded("AWS:ä")),
        data(expiresAt=None),
        data(expiresAt="soon"),
        data(expiresAt=1e300),
    ],
)
def test_hostile_answers(body: bytes) -> None:
    """#42: only our own error comes out of whatever the API answers."""
    assert failure(lambda _: Reply(200, body)).code == "bad_answer"


@pytest.mark.parametrize("registry", [None, 5, [PROXY]])
def test_registry_that_is_no_text(registry: Any) -> None:
    with FakeServer(lambda _: Reply(200, data(proxyEndpoint=registry))) as server:
        assert call(server, keys()).registry is None


@pytest.mark.parametrize(
    "region",
    ["", "xx-fake-9", "eu-west-99", "evil.com/#", "eu-west-1\n", "EU-WEST-1", "127.0.0.1", "aws"],
)
def test_regions_that_are_none(region: str) -> None:
    """#48: the API's host is made of the region, so it must be a real one."""
    assert code_of(failure(Api(), region=region)) == "unknown_region"


def test_region_of_another_partition() -> None:
    china = "https://api.ecr.cn-north-1.amazonaws.com.cn"
    with FakeServer(Api(region="cn-north-1")) as server:
        result = call(server, keys(region="cn-north-1"), origin=china)
    assert result.credential == Basic("AWS", PASSWORD)


def test_blocked_address() -> None:
    """#31: the API's address is judged like any other."""
    with FakeServer(Api()) as server, pytest.raises(ClientError) as caught:
        exchange(
            keys(),
            registry=None,
            transport=transport(proxy=server.origin, allow_private_addresses=False, timeout=1),
            deadline=Deadline(0),
        )
    # No connection of botocore's own, which would know neither the proxy nor the deadline.
    assert caught.value.code == "timeout"
    assert server.connections == 0


def test_site_may_log_its_own_use(caplog: pytest.LogCaptureFixture) -> None:
    """What the site itself does with botocore is logged as it was before."""
    caplog.set_level(logging.DEBUG)
    with FakeServer(Api()) as server:
        call(server, keys())
    logging.getLogger("botocore.endpoint").debug("of the site's own")
    assert "of the site's own" in caplog.text
