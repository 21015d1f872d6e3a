"""Bearer tokens: which answers hold one, how long it is used, and who shares it."""

import threading
import time
from base64 import encodebytes
from contextlib import suppress
from typing import Any

import pytest

from registries.client.auth import Authorizer
from registries.client.context import Context
from registries.client.deadline import Deadline
from registries.client.errors import ClientError, ImageDenied, Rejected, Unreachable
from registries.client.session import PAUSE
from registries.client.tokens import Cache, MemoryTokens
from registries.client.tokenserver import Scheme
from registries.credentials import Anonymous, Basic
from registries.endpoint import Endpoint
from tests.client.calls import fails, serving
from tests.client.conftest import Serve
from tests.fakes.family import answer, problem
from tests.fakes.images import DENIED, PRIVATE, PUBLIC, image
from tests.fakes.ledger import Ledger, basic
from tests.fakes.selfhosted import BasicRegistry, Gitea, GitLab, TokenRegistry
from tests.fakes.server import FakeServer, Reply, Request
from tests.fakes.world import World, transport


class Answering(TokenRegistry):
    """A token server that answers as it is told."""

    reply: Reply

    def token(self, request: Request) -> Reply:
        self.ledger.see(request, self.realm_origin)
        return self.reply


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(200, b"<html>Sign in</html>", {"Content-Type": "text/html"}), "bad_answer"),
        (Reply(200, b""), "bad_answer"),
        (Reply(200, b"{}"), "bad_answer"),
        (Reply(200, b'{"token": "' + b"a" * 70_000 + b'"}'), "too_large"),
        (Reply(401), "bad_credentials"),
        (Reply(403), "bad_credentials"),
        (Reply(403, b'{"errors": [{"code": "DENIED", "message": "no"}]}'), "bad_credentials"),
        (Reply(403, b'{"errors": [{"status": 403, "message": "no"}]}'), "bad_credentials"),
        (Reply(403, b"error code: 1010", {"Content-Type": "text/plain"}), "token_server_refused"),
        (Reply(403, b"<html>Access denied", {"Content-Type": "text/html"}), "token_server_refused"),
        (Reply(403, b'{"message": "Forbidden"}'), "token_server_refused"),
        (Reply(400), "bad_token_server"),
        (Reply(404), "bad_token_server"),
        (Reply(418), "bad_token_server"),
        (Reply(429), "rate_limited"),
        (Reply(500), "server_error"),
        (Reply(503), "server_error"),
    ],
)
def test_answers_of_a_token_server(serve: Serve, reply: Reply, code: str) -> None:
    """A firewall's page is no word about the credentials, which were called refused before.

    Source: https://github.com/docker/hub-feedback/issues/2502.
    """
    family, world = serve(Answering)
    family.reply = reply
    outcome = world.account(family).check()
    assert outcome.code == code
    assert outcome.params in ({}, {"host": "auth.example.com"})
    with fails(code) as caught:
        world.account(family).digest(PRIVATE, "v1")
    assert caught.value.params == outcome.params


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        # Source: GitLab, app/services/auth/container_registry_authentication_service.rb.
        (problem(403, "DENIED", message="access forbidden"), "no_registry_scope"),
        # Whom rack-attack has banned, and whom a firewall or nginx stops.
        (Reply(403, b"Forbidden\n", {"Content-Type": "text/plain"}), "token_server_refused"),
        (Reply(403, b"<html>403 Forbidden"), "token_server_refused"),
        (Reply(403, b'{"message": "403 Forbidden"}'), "token_server_refused"),
        (Reply(403, b'{"errors": [{"code": "UNAUTHORIZED"}]}'), "token_server_refused"),
        (Reply(403), "token_server_refused"),
    ],
)
def test_the_403_of_a_token_server_is_what_the_endpoint_says(
    serve: Serve, reply: Reply, code: str
) -> None:
    """Only GitLab's own error says that the token is right and may not read the registry.

    A plain 403 was once taken for it, which told whoever was banned that his token was right.
    Nobody who is banned asks again.
    """
    family, world = serve(Answering)
    family.reply = reply
    outcome = world.account(family, forbidden="no_registry_scope").check()
    assert (outcome.verdict, outcome.code) == ("misconfigured", code)
    assert outcome.params == {"host": "auth.example.com"}
    world.forget()
    with fails(code):
        world.account(family, forbidden="no_registry_scope").digest(PRIVATE, "v1")
    requests = world.servers[family.realm_origin].requests
    assert len(requests) == (1 if code == "token_server_refused" else 2)


@pytest.mark.parametrize("body", [b"", b"Forbidden\n", b'{"message": "no"}'])
def test_a_403_for_a_repository_is_not_about_the_account(serve: Serve, body: bytes) -> None:
    """Without a scope the same account gets a token; a wrong one gets none."""

    class Forbidding(TokenRegistry):
        def denied(self, user: str | None, expected: list[str]) -> Reply | None:
            return Reply(403, body) if PRIVATE in expected else None

        def refused(self) -> Reply:
            return Reply(403)

    family, world = serve(Forbidding)
    with pytest.raises(ImageDenied):
        world.account(family).digest(PRIVATE, "v1")
    with pytest.raises(Rejected):
        world.account(family, family.wrong).digest(PRIVATE, "v1")


def test_a_refused_credential_is_shown_to_a_token_server_once(serve: Serve) -> None:
    """#65: GitLab bans an address that fails to sign in again and again; its fake does as well."""
    family, world = serve(GitLab)
    pairs = [(f"{PRIVATE}{number}", "v1") for number in range(50)]
    digests = world.account(family, family.wrong).digests(pairs)
    assert all(isinstance(error, Rejected) for error in digests)
    assert family.failures == 1


def test_keys_and_texts_that_are_kept_hold_no_credential(serve: Serve) -> None:
    class Watched(MemoryTokens):
        def set(self, key: str, value: str, seconds: float) -> None:
            cached.append(key + value)
            super().set(key, value, seconds)

    cached: list[str] = []
    family, world = serve(TokenRegistry)
    world.tokens = Watched()
    assert world.account(family).check().code == "signed_in"
    assert world.account(family).digest(PRIVATE, "v1")
    assert cached
    secrets = (family.right[1], basic(*family.right).removeprefix("Basic "))
    assert not [text for text in cached for secret in secrets if secret in text]


def test_threads_that_need_the_same_token_fetch_it_once(serve: Serve) -> None:
    """#65: twenty calls at once: one ping, one token, twenty digests."""

    class Slow(TokenRegistry):
        def token(self, request: Request) -> Reply:
            time.sleep(0.1)
            return super().token(request)

    family, world = serve(Slow)
    barrier = threading.Barrier(20)
    result: list[str] = []

    def call() -> None:
        client = world.account(family)
        barrier.wait()
        result.append(client.digest(PRIVATE, "v1"))

    threads = [threading.Thread(target=call) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(result) == {family.images[PRIVATE].tags["v1"].digest}
    assert len(result) == 20
    assert len(world.servers[family.realm_origin].requests) == 1
    registry = world.servers[family.origin].requests
    assert [request.path for request in registry].count("/v2/") == 1


def test_a_token_that_the_registry_refuses_is_renewed_once(serve: Serve) -> None:
    """#51: whatever was promised of its life, a 401 means another token, and one more try."""
    family, world = serve(TokenRegistry)
    world.account(family).digest(PRIVATE, "v1")
    family.forget_tokens()
    world.forget()
    world.account(family).digest(PRIVATE, "v1")
    assert [request.method for request in world.servers[family.origin].requests] == ["HEAD"] * 2
    assert len(world.servers[family.realm_origin].requests) == 1


def test_a_registry_that_changes_how_it_asks_is_followed(serve: Serve) -> None:
    """What is remembered of a registry is no more than a guess."""

    class Changing(TokenRegistry):
        way = "bearer"

        def ping(self, request: Request) -> Reply:
            if self.way == "open":
                return answer({})
            if self.way == "bearer":
                return super().ping(request)
            return Reply(401, b"", {"WWW-Authenticate": 'Basic realm="Registry"'})

        def refusal(self, request: Request, repository: str) -> Reply | None:
            if self.way == "open":
                return None
            if self.way == "bearer":
                return super().refusal(request, repository)
            return None if request.basic == self.right else self.ping(request)

    family, world = serve(Changing)
    family.ledger.allow(basic(*family.right), family.origin)
    digest = family.images[PRIVATE].tags["v1"].digest
    for way in ("bearer", "basic", "bearer", "open", "basic", "open", "bearer"):
        family.way = way
        assert world.account(family).digest(PRIVATE, "v1") == digest, way
        world.forget()
        assert world.account(family).digest(PRIVATE, "v1") == digest, way
        assert len(world.requests) == 1, way


KEY_FILE = '{\r\n\t"type": "service_account",\n\t"private_key": "x\\n"\n}\n'


ARRIVE = [
    ("_json_key", KEY_FILE),
    ("json_key", KEY_FILE),
    ("_json_key_base64", encodebytes(KEY_FILE.encode() * 2).decode()),
    ("x" * 4096, "y" * 16384),
    ("reader", "  not a secret "),
    ("reader", "pass:word:with:colons"),
    ("reader", "pässwörd-日本語"),
    ("reader", " spaces\u00a0inside "),
    ("reader", ""),
    ("ünï", "x" * 4000),
]
# A colon would move the split; control characters are forbidden.
CANNOT_BE_SENT = [
    ("rea:der", "password"),
    *(("reader", f"pass{bad}word") for bad in ("\n", "\0", "\x7f", "\ud800")),
    ("reader", "password\n"),
    ("_json_key", KEY_FILE[:-3]),
    ("_json_key_base64", "YQ=\0="),
    ("_json\nkey", KEY_FILE),
    ("rea\rder", "password"),
]


@pytest.mark.parametrize("kind", [BasicRegistry, TokenRegistry])
def test_credentials_arrive_as_they_are(serve: Serve, kind: type[BasicRegistry]) -> None:
    """#45: UTF-8, split at the first colon: what docker sends, byte for byte, key files as well."""
    family, world = serve(kind)
    for pair in ARRIVE:
        family.right = pair
        family.admit_credentials()
        assert world.account(family).check().code == "signed_in", pair
    seen = len(family.ledger.seen)
    for pair in CANNOT_BE_SENT:
        outcome = world.account(family, pair).check()
        assert (outcome.verdict, outcome.code) == ("misconfigured", "incomplete"), pair
    assert len(family.ledger.seen) == seen


def test_a_refused_token_answer_is_not_kept(serve: Serve) -> None:
    family, world = serve(Answering)
    family.reply = Reply(500)
    with pytest.raises(Unreachable):
        world.account(family).digest(PRIVATE, "v1")
    family.reply = TokenRegistry.granted(family, family.right[0], [PRIVATE])
    assert world.account(family).digest(PRIVATE, "v1")


def test_every_newer_token_is_for_the_repository_that_was_asked_about(serve: Serve) -> None:
    """Gitea says Basic where a token is refused, which may have ended, or be another realm's."""

    class Moving(Gitea):
        def token(self, request: Request) -> Reply:
            requests.append((request.path, *request.query["scope"]))
            return super().token(request)

    requests: list[tuple[str, ...]] = []
    family, world = serve(Moving)
    for path in ("/v2/token", "/v2/token", "/v3/token"):
        family.realm = f"{family.origin}{path}"
        family.forget_tokens()
        assert world.account(family).digest(PRIVATE, "v1")
        assert requests.pop() == (path, f"repository:{PRIVATE}:pull")
        assert requests == []


def test_a_refusal_is_believed_where_the_registry_was_asked_just_now(serve: Serve) -> None:
    family, world = serve(Gitea)
    with pytest.raises(ImageDenied):
        world.account(family).digest(DENIED, "v1")
    paths = [request.path for request in world.requests]
    assert paths == ["/v2/", "/v2/token", *[f"/v2/{DENIED}/manifests/v1"] * 2]
    world.forget()
    assert world.account(family).check(DENIED, "v1").code == "no_access_to_image"
    assert [request.path for request in world.requests].count("/v2/") == 1


@pytest.mark.parametrize(
    ("challenge", "code"),
    [('Basic realm="x"', "credentials_required"), ("Negotiate", "unsupported_scheme")],
)
def test_a_guest_is_refused_once_by_a_registry_that_was_open(
    serve: Serve, challenge: str, code: str
) -> None:
    class Closing(BasicRegistry):
        closed = False

        def refusal(self, request: Request, repository: str) -> Reply | None:
            header = {"WWW-Authenticate": challenge}
            return Reply(401, b"", header) if self.closed else None

    family, world = serve(Closing)
    endpoint = Endpoint(url=family.origin)
    assert world.client(endpoint, Anonymous()).digest(PRIVATE, "v1")
    family.closed = True
    for _ in range(2):
        world.forget()
        with fails(code):
            world.client(endpoint, Anonymous()).digest(PRIVATE, "v1")
        assert [request.method for request in world.requests] == ["HEAD"]


def test_a_token_is_kept_for_its_registry_its_server_and_its_repository_alone() -> None:
    def key(
        repository: str = PRIVATE, scheme: tuple[str, str] = ("r", "s"), **endpoint: Any
    ) -> str:
        cache = Cache(MemoryTokens(), "row 1", lambda: 1.0)
        named = Endpoint(**({"url": "https://registry.example.com"} | endpoint))
        context = Context(named, transport({}), Deadline(1), cache)
        return Authorizer(context, Anonymous()).token_key(Scheme("bearer", *scheme), repository)

    others = [
        key(PUBLIC),
        key(scheme=("other", "s")),
        key(scheme=("r", "other")),
        key(url="https://other.example.com"),
        key(actions="pull,push"),
    ]
    assert key() == key()
    assert len({key(), *others}) == 1 + len(others)


def test_how_a_registry_asks_is_remembered_of_that_registry_alone() -> None:
    """One account's client may be led to several, as AWS does."""
    with FakeServer(lambda request: answer({})) as first, FakeServer(serving(image(""))) as second:
        world = World({}, Ledger())
        for server in (first, second):
            client = world.client(Endpoint(url=server.origin), Anonymous())
            with suppress(ClientError):
                client.digest(PRIVATE, "v1")
            assert server.requests[0].path == "/v2/"


class Replicated(TokenRegistry):
    """A registry of several machines: a token is refused until the word of it has arrived."""

    error = "invalid_token"
    until = 1

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self.refused_tokens: list[str] = []

    def refusal(self, request: Request, repository: str) -> Reply | None:
        token = request.bearer
        if token in self._granted and self.refused_tokens.count(token) < self.until:
            self.refused_tokens.append(token)
            challenge = self.challenge(repository, error=self.error)
            return Reply(401, b"", {"WWW-Authenticate": challenge})
        return super().refusal(request, repository)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited, in which no time passes."""
    waited: list[float] = []
    monkeypatch.setattr("registries.client.deadline.sleep", waited.append)
    return waited


def test_a_new_token_that_is_not_known_yet_is_tried_once_more(
    serve: Serve, pauses: list[float]
) -> None:
    family, world = serve(Replicated)
    assert world.account(family).digest(PRIVATE, "v1") == family.images[PRIVATE].tags["v1"].digest
    assert world.account(family).tags(PRIVATE) == list(family.images[PRIVATE].tags)
    assert pauses == [PAUSE]
    # One that was kept and is no longer known is exchanged, and its successor waited for.
    family.forget_tokens()
    assert world.account(family).digest(PRIVATE, "v1") == family.images[PRIVATE].tags["v1"].digest
    assert pauses == [PAUSE, PAUSE]
    assert len(world.servers[family.realm_origin].requests) == 2


@pytest.mark.parametrize(
    ("error", "until", "waited"), [("invalid_token", 2, 1), ("insufficient_scope", 1, 0)]
)
def test_a_token_that_stays_refused_is_given_up(
    serve: Serve, pauses: list[float], error: str, until: int, waited: int
) -> None:
    """#51: one pause, and none where the registry says that the token is known.

    Fresh as it is, no other is made.
    """
    family, world = serve(Replicated)
    family.error, family.until = error, until
    with pytest.raises(ImageDenied):
        world.account(family).tags(PRIVATE)
    assert pauses == [PAUSE] * waited
    lists = [request for request in world.requests if request.path.endswith("/tags/list")]
    assert len(lists) == 1 + waited
    assert len(world.servers[family.realm_origin].requests) == 1


def test_nobody_waits_longer_than_the_call_may_take(serve: Serve, pauses: list[float]) -> None:
    """#40: where no time is left for the pause, the refusal stands."""
    family, world = serve(Replicated)
    endpoint = Endpoint(url=family.origin, realms=(family.realm_origin,))
    client = world.client(endpoint, Basic(*family.right), deadline=Deadline(PAUSE * 0.9))
    with pytest.raises((ImageDenied, Unreachable)):
        client.tags(PRIVATE)
    assert pauses == []
