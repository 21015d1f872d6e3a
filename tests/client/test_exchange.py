"""What holds for the exchanges with all clouds.

Nothing is followed and nothing is late; what servers answer becomes an error of ours; nothing of
the machine's own set-up is taken, and no secret gets out.
"""

import json
import logging
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from registries.client.errors import ClientError
from registries.client.exchange import Exchanged
from registries.credentials import Basic, IdentityToken
from tests.client import test_exchange_aws as aws
from tests.client import test_exchange_azure as azure
from tests.client import test_exchange_google as google
from tests.client.calls import code_of, fails
from tests.client.transports import traceback_texts
from tests.fakes.server import FakeServer, Handler, Reply, Request

Exchange = Callable[[FakeServer, float], Exchanged]


def to_amazon(server: FakeServer, seconds: float) -> Exchanged:
    return aws.call(server, aws.keys(), seconds)


def to_google(server: FakeServer, seconds: float) -> Exchanged:
    return google.call(server, seconds=seconds)


def to_the_authority(server: FakeServer, seconds: float) -> Exchanged:
    with FakeServer(azure.acr) as registry:
        return azure.call(server, registry, seconds=seconds)


def to_the_tenant(server: FakeServer, seconds: float) -> Exchanged:
    with FakeServer(discovering(server.handler)) as entra, FakeServer(azure.acr) as registry:
        return azure.call(entra, registry, seconds=seconds)


def to_the_login_server(server: FakeServer, seconds: float) -> Exchanged:
    with FakeServer(azure.Entra()) as entra:
        return azure.call(entra, server, seconds=seconds)


def discovering(then: Handler) -> Handler:
    """A tenant whose token endpoint answers so."""
    entra = azure.Entra()
    return lambda request: entra(request) if request.method == "GET" else then(request)


EXCHANGES = {
    to_amazon: "api.ecr.eu-west-1.amazonaws.com",
    to_google: "oauth2.googleapis.com",
    to_the_authority: "login.microsoftonline.com",
    to_the_tenant: "login.microsoftonline.com",
    to_the_login_server: "example.azurecr.io",
}


CREDENTIALS = {
    to_amazon: Basic("AWS", aws.PASSWORD),
    to_google: Basic("oauth2accesstoken", google.TOKEN),
    to_the_authority: IdentityToken(azure.REFRESH),
}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("exchange", EXCHANGES)
def test_no_exchange_follows(exchange: Exchange, status: int) -> None:
    """#36: not even to the same origin is anything sent a second time."""
    requests: list[str] = []

    def redirecting(request: Request) -> Reply:
        requests.append(request.method)
        return Reply(status, b"", {"Location": "/elsewhere"})

    with FakeServer(redirecting) as server, fails("redirected") as caught:
        exchange(server, 10)
    assert caught.value.params == {"host": EXCHANGES[exchange]}
    assert len(requests) == 1


@pytest.mark.parametrize("exchange", [item for item in EXCHANGES if item is not to_the_tenant])
def test_no_exchange_takes_longer_than_the_call_may(exchange: Exchange) -> None:
    """#40: no SDK waits for anything of its own, and two servers have one deadline together."""
    stop, answered = threading.Event(), threading.Event()

    def slow(_: Request) -> Reply:
        if not stop.wait(20):
            answered.set()
        return Reply()

    def call() -> None:
        try:
            exchange(server, 1.0)
        finally:
            stop.set()

    with FakeServer(slow) as server, fails("timeout") as caught:
        call()
    assert not answered.is_set()
    assert caught.value.params == {"host": EXCHANGES[exchange]}


# None stands for what a server may say of the credentials, each in its own way.
REPLIES = [
    (Reply(401, b'{"error": "invalid_client"}'), None),
    (Reply(429, b"{}", {"Retry-After": "7"}), "rate_limited"),
    (Reply(500, b'{"error": "internal_failure"}'), "server_error"),
    (Reply(503, b"<html>"), "server_error"),
    (Reply(200, b"x" * 300_000), "too_large"),
    *((Reply(200, body), "bad_answer") for body in (b"", b"<html>", b"\xff\xfe", b"[]", b"null")),
    *((Reply(200, body), "bad_answer") for body in (b"{}", b"[" * 100_000)),
]
# What is sent to sign in, and what comes back.
SECRETS = {aws.SECRET, aws.PASSWORD, aws.TOKEN, google.TOKEN, google.PEM.splitlines()[1]}
SECRETS |= {azure.SECRET, azure.ACCESS, azure.REFRESH}


def secrets_of(requests: list[Request]) -> set[str]:
    """Signatures and assertions, and whatever else was in these requests."""
    fields = ("assertion", "client_secret", "access_token")
    sent = {text for one in requests for name in fields for text in one.form.get(name, [])}
    return sent | {one.authorization.rpartition("=")[2] for one in requests if one.authorization}


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_what_no_cloud_should_answer(exchange: Exchange) -> None:
    """#20, #36, #42, #44: asked once; an error of ours, which shows no secret."""
    for reply, code in REPLIES:
        requests: list[Request] = []

        def answering(
            request: Request, reply: Reply = reply, requests: list[Request] = requests
        ) -> Reply:
            requests.append(request)
            return reply

        with FakeServer(answering) as server, pytest.raises(ClientError) as caught:
            exchange(server, 10)
        if code:
            assert code_of(caught.value) == code
            assert caught.value.params == {"host": EXCHANGES[exchange]}
        assert len(requests) == 1
        text = traceback_texts(caught.value)
        assert "deadline" in text, "the report shows the exchange's frames"
        hidden = SECRETS | secrets_of(requests)
        assert not [secret for secret in hidden if secret in text]


every_cloud = pytest.mark.parametrize(
    ("exchange", "handler"),
    [(to_amazon, aws.Api()), (to_google, google.google), (to_the_authority, azure.Entra())],
    ids=["Amazon", "Google", "Azure"],
)


@every_cloud
def test_logs_hold_no_secret(
    exchange: Exchange,
    handler: Handler,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """#22: with google-auth's own logging switched on, and botocore's of the token."""
    monkeypatch.setenv("GOOGLE_SDK_PYTHON_LOGGING_SCOPE", "google")
    caplog.set_level(logging.DEBUG)
    with FakeServer(handler) as server:
        exchange(server, 10)
    assert not [one for one in SECRETS | secrets_of(server.requests) if one in caplog.text]


@every_cloud
def test_poisoned_environment(
    exchange: Exchange, handler: Handler, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """#37, #47 to #49: no set-up of the machine is taken: keys, regions, endpoints, proxies."""
    (tmp_path / ".aws").mkdir()
    for name in ("config", "credentials"):
        (tmp_path / ".aws" / name).write_text("whoever reads this fails")
    (tmp_path / "config").write_text(
        "[default]\nregion = us-east-2\nendpoint_url = http://127.0.0.1:1\nuse_fips_endpoint=true\n"
    )
    (tmp_path / "credentials").write_text(
        "[default]\naws_access_key_id = AKIAHOST\naws_secret_access_key = host\n"
    )
    with FakeServer(handler) as server, FakeServer(lambda _: Reply(500)) as evil:
        account = {"type": "service_account", "client_email": "host@example.com"}
        key_file = account | {"private_key": google.PEM, "token_uri": evil.origin}
        (tmp_path / "key.json").write_text(json.dumps(key_file))
        for name, value in {
            "AWS_ACCESS_KEY_ID": "AKIAHOST",
            "AWS_SECRET_ACCESS_KEY": "host",
            "AWS_SESSION_TOKEN": "host",
            "AWS_SECURITY_TOKEN": "host",
            "AWS_PROFILE": "missing",
            "AWS_DEFAULT_PROFILE": "missing",
            "HOME": str(tmp_path),
            "AWS_CONFIG_FILE": str(tmp_path / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
            "AWS_REGION": "us-east-2",
            "AWS_DEFAULT_REGION": "us-east-2",
            "AWS_ENDPOINT_URL": evil.origin,
            "AWS_ENDPOINT_URL_ECR": evil.origin,
            "AWS_USE_FIPS_ENDPOINT": "true",
            "AWS_USE_DUALSTACK_ENDPOINT": "true",
            "AWS_MAX_ATTEMPTS": "5",
            "AWS_RETRY_MODE": "adaptive",
            "AWS_DEFAULTS_MODE": "nonsense",
            "AWS_AUTH_SCHEME_PREFERENCE": "httpBearerAuth",
            "AWS_CA_BUNDLE": "/nowhere",
            "AWS_DATA_PATH": "/nowhere",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": evil.origin,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": evil.origin,
            "GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "key.json"),
            "GOOGLE_CLOUD_UNIVERSE_DOMAIN": "evil.example",
            "GOOGLE_API_USE_CLIENT_CERTIFICATE": "true",
            "GCE_METADATA_HOST": evil.origin,
            "MSAL_FORCE_REGION": "westeurope",
            "REGION_NAME": "westeurope",
            "IDENTITY_ENDPOINT": evil.origin,
            "REQUESTS_CA_BUNDLE": "/nowhere",
            "http_proxy": evil.origin,
            "https_proxy": evil.origin,
        }.items():
            monkeypatch.setenv(name, value)
        assert exchange(server, 10).credential == CREDENTIALS[exchange]
    assert server.requests[0].headers["X-Amz-Security-Token"] is None
    assert evil.requests == []
