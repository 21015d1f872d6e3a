"""What people type and registries send: only our own errors come out, and soon."""

from base64 import urlsafe_b64encode
from contextlib import suppress
from email.message import Message

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registries.client import bearer, challenge, manifests, pages, responses
from registries.client.urls import Url
from registries.kinds import KINDS, Kind, cleaning, variables
from registries.kinds.problem import Invalid
from registries.reference import InvalidReference, Reference, parse_repository, prefixes
from tests.fuzz.bounds import bounded
from tests.fuzz.texts import almost, anything, bodies, objects, repeated

fuzz, fuzz_kind = settings.get_profile("fuzz"), settings.get_profile("fuzz-kind")

DIGEST = "sha256:" + "a" * 64
NAMES = (
    "docker.io",
    "ghcr.io",
    "localhost",
    "[::1]",
    ":5000",
    "/",
    "team",
    "app",
    ":1",
    "@",
    DIGEST,
)
names = almost(*NAMES, DIGEST) | repeated(["a", "a-", "a.", "__", "/", ":", "@"], 700)


@fuzz
@given(names)
@bounded
def test_references(text: str) -> None:
    """#46: a reference or InvalidReference; what was read is read the same again, and is a path."""
    try:
        reference = Reference.parse(text)
    except InvalidReference:
        return
    assert Reference.parse(str(reference)) == reference
    assert parse_repository(reference.repository) == reference.repository
    assert not {"..", "", "."}.intersection(reference.repository.split("/"))
    assert reference.tag or reference.digest
    assert all(prefix.startswith(reference.match_host) for prefix in prefixes(reference))


CHALLENGE = ("Bearer ", "Basic ", "realm", "=", '"', ",", " ", "https://auth.example/token", "\\")
headers = almost(*CHALLENGE) | repeated(["a=", "a ", '"', '\\"', ",", " ", "\t"], 20_000)


@fuzz
@given(st.lists(headers, max_size=3))
@bounded
def test_challenges(lines: list[str]) -> None:
    for result in challenge.parse_all(lines):
        assert result.scheme == result.scheme.lower() != ""
        assert all(name == name.lower() for name in result.params)
        assert '"' not in result.scheme


TARGET = ("/v2/", "x/tags/list", "?n=1", "..", "%2e%2E", "/", "https://evil.example", "//", ":")
LINK = ("<", ">", ';rel="next"', "; rel=next", '"', ",", *TARGET)
links = st.one_of(
    almost(*TARGET).map('<{}>; rel="next"'.format),
    almost(*LINK),
    repeated(["<", ">", ";", " ", '"', "rel="], 20_000),
)


@fuzz
@given(st.lists(links, max_size=3), st.sampled_from(["", "/prefix"]))
@bounded
def test_link_headers(lines: list[str], root: str) -> None:
    """#43: whatever it says, the next page is the registry's own."""
    url = f"https://registry.example:5000{root}/v2/team/app/tags/list"
    with suppress(ValueError):
        following = pages.read(b"{}", lines, url).following
        assert following is None or following.startswith(f"{url}?")


@fuzz
@given(
    almost("https://", "http://", "a.example", "[::1]", ":", "5000", "/", "@", "?", "#", "127.1")
)
@bounded
def test_urls(text: str) -> None:
    """#34: ValueError, or parts that are read the same again."""
    try:
        url = Url.parse(text)
    except ValueError:
        return
    assert Url.parse(str(url)) == url
    assert url.host.isascii()
    assert not set(url.host) & set("/@?# \\")


GRANT = objects(type=st.just("repository"), name=anything, actions=st.just(["pull"]))
GRANTS = objects(access=st.lists(GRANT, max_size=3) | anything, exp=st.integers() | anything)
JWT = st.builds("{}.{}.{}".format, anything, anything, anything) | bodies(GRANTS).map(
    lambda claims: f"a.{urlsafe_b64encode(claims).decode()}.c"
)
tokens = bodies(
    objects(
        token=st.just("a.b.c") | JWT,
        access_token=JWT,
        expires_in=st.integers(-1, 10**9) | st.floats(),
        issued_at=st.sampled_from(["2020-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01"]),
    )
)


@fuzz
@given(tokens)
@bounded
def test_token_bodies(body: bytes) -> None:
    """#42, #51: a token that fits into a header and has an end, or none."""
    token = bearer.read(body)
    if token is not None:
        assert token.value.isascii()
        assert token.value.isprintable()
        assert " " not in token.value
        assert 0 <= token.seconds <= 3600


@fuzz
@given(JWT)
@bounded
def test_what_tokens_say_of_themselves(token: str) -> None:
    output = bearer.payload(token)
    assert output is None or isinstance(output, dict)
    granted = bearer.granted(token)
    assert granted is None or all(isinstance(name, str) for name in granted)


PLATFORM = objects(os=st.just("linux"), architecture=st.just("amd64"), variant=anything)
INDEX = objects(
    schemaVersion=st.just(2),
    mediaType=st.just("application/vnd.oci.image.index.v1+json"),
    manifests=st.lists(objects(digest=st.just(DIGEST), platform=PLATFORM), max_size=3),
)


@fuzz
@given(bodies(INDEX), almost("sha256:", "sha512:", "a" * 64, "a" * 128, DIGEST))
@bounded
def test_manifests(body: bytes, reference: str) -> None:
    manifests.is_manifest(body)
    assert manifests.is_digest(manifests.digest_of(body, reference))
    for served in ("", "application/json", *manifests.INDEXES):
        if result := manifests.describe("", served, body):
            assert result.media_type.isascii()
            digests = [one.digest for one in result.platforms] + [*result.indexes]
            assert all(map(manifests.is_digest, digests))


@fuzz
@given(bodies(objects(tags=st.lists(anything, max_size=4))))
@bounded
def test_tag_lists(body: bytes) -> None:
    with suppress(ValueError):
        for tag in pages.read(body, [], "https://registry.example/v2/a/b/tags/list").tags:
            assert str(Reference.parse(f"a/b:{tag}")).endswith(f":{tag}")


@fuzz
@given(bodies(objects(errors=st.lists(objects(code=anything), max_size=3))))
@bounded
def test_error_bodies(body: bytes) -> None:
    assert all(isinstance(code, str) for code in responses.error_codes(body))


def as_received(text: str) -> str:
    """A header's value as it can arrive: one line of Latin-1."""
    return text.encode("latin-1", "ignore").decode("latin-1").replace("\r", "").replace("\n", "")


PAUSES = ("1", "9" * 30, "-5", "soon", "Wed, 21 Oct 2099 07:28:00 GMT", "+9999", ";w=1", "Mon, ")


@fuzz
@given(almost(*PAUSES).map(as_received))
@bounded
def test_rate_limit_headers(value: str) -> None:
    """#44: never more than an hour."""
    headers = Message()
    for name in ("Retry-After", "ratelimit-remaining", "ratelimit-limit"):
        headers[name] = value
    moment = responses.retry_at(headers)  # type: ignore[arg-type]
    assert moment is None or moment.tzinfo
    responses.pulls(headers)  # type: ignore[arg-type]


# What people type

AUTH = ("am9objpzZWNyZXQ=", "johndoe:", "$2y$10$", "{SHA}", "Og==", "AAAA", "=", "\n", "Zg")


@fuzz
@given(almost(*AUTH))
@bounded
def test_docker_auth(text: str) -> None:
    """A login and a password that Basic authentication can send, or Invalid."""
    try:
        cleaned = cleaning.auth(text)
    except Invalid:
        return
    login, password = cleaning.split_auth(cleaned)
    assert login
    assert password
    assert ":" not in login
    assert f"{login}:{password}".encode()
    assert cleaning.auth(cleaned) == cleaned


PEM = ("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "\\n", "\n", "MIIE", '"')
KEY_FILE = objects(type=st.just("service_account"), client_email=anything, private_key=almost(*PEM))
typed = st.one_of(
    almost(*AUTH, *PEM, *NAMES, "https://", "/v2/", "eu-west-1", "AKIAFAKEFAKEFAKEFAKE", "a+b"),
    bodies(KEY_FILE).map(lambda body: body.decode("utf-8", "replace")),
    repeated(["a", "-", ".", " ", "\n", "=", "-----BEGIN PRIVATE KEY-----"], 9000),
)


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.slug)
@fuzz_kind
@given(st.data())
@bounded
def test_every_variable_of_every_kind(kind: Kind, data: st.DataObject) -> None:
    """Cleaned values or problems; cleaning once more changes nothing; what is used follows."""
    raw = data.draw(st.dictionaries(st.sampled_from(list(variables())), typed, max_size=6))
    values, problems = kind.clean(raw)
    problems += kind.problems(values)
    assert {problem.variable for problem in problems} <= set(variables())
    assert all(str(problem) for problem in problems)
    kind.own_host(values)
    kind.state(values)
    if problems:
        return
    assert kind.clean(values) == (values, [])
    for host in (None, kind.own_host(values), kind.home(values), "registry.example"):
        kind.endpoint(values, host)
        kind.credential(values, host, "")
