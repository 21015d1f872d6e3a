"""The programs for other machines: what they ask a site, what they say, what they refuse."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from registries.programs import credentials
from registries.programs.credentials import KUBELET, NOT_FOUND, PROVIDER
from tests.fakes.server import FakeServer, Reply, Request
from tests.programs.conftest import TOKEN, Run

PAIR = {"Username": "johndoe", "Secret": "pass:wörd"}
RESPONSE = {"apiVersion": KUBELET, "kind": "CredentialProviderResponse", "auth": {}}


def reply(status: int = 200, **answer: object) -> Reply:
    return Reply(status, json.dumps(answer).encode(), {"Content-Type": "application/json"})


def hand_over(request: Request) -> Reply:
    return reply(**(PAIR if b'"helper"' in request.body else RESPONSE))


@pytest.fixture
def site() -> Iterator[FakeServer]:
    with FakeServer(hand_over) as server:
        yield server


@pytest.mark.parametrize(
    ("at", "path"),
    [
        ("", "/api/handover/"),
        ("/", "/api/handover/"),
        ("/api", "/api/handover/"),
        ("/tools/registries/", "/tools/registries/handover/"),
    ],
)
def test_get_is_one_request(at: str, path: str, site: FakeServer, run: Run) -> None:
    ended = run("get", stdin="https://index.docker.io/v1/\n", url=site.origin + at, token=TOKEN)
    assert ended.answer == {"ServerURL": "https://index.docker.io/v1/", **PAIR}
    (request,) = site.requests
    assert (request.method, request.target, request.bearer) == ("POST", path, TOKEN)
    assert json.loads(request.body) == {"form": "helper", "host": "https://index.docker.io/v1/"}
    assert request.headers["User-Agent"] == f"docker-credential-registries/{credentials.VERSION}"


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (reply(409, code="no_registry", detail="No."), NOT_FOUND),
        (reply(409, code="anonymous", detail="No."), NOT_FOUND),
        (reply(403, code="not_allowed", detail="Ask\x1b[1m\n for it."), "Ask[1m for it."),
        (reply(404, code="no_registry", detail="No."), "REGISTRIES_URL is not the address"),
        (reply(401, detail="Sign in first."), "rejected the access token"),
        (reply(502, detail="The registry is away."), "The registry is away."),
        (reply(200, **{**PAIR, "Secret": None}), "has no user name and password"),
        (Reply(200, b"<html>"), "it returned 200"),
        (Reply(200, b"[]"), "it returned 200"),
        (Reply(500, b"\xff"), "it returned 500"),
        (Reply(200, b'{"Username": 1', {"Content-Length": "99", "Connection": "close"}), "200"),
    ],
)
def test_what_the_site_may_answer(answer: Reply, sentence: str, run: Run) -> None:
    with FakeServer(lambda _request: answer) as site:
        ended = run("get", stdin="ghcr.io", url=site.origin, token=TOKEN)
    assert sentence in ended.sentence
    assert (ended.sentence == NOT_FOUND) == (sentence == NOT_FOUND)


def test_redirects_are_not_followed(site: FakeServer, run: Run) -> None:
    away = Reply(307, headers={"Location": site.origin + "/api/handover/"})
    with FakeServer(lambda _request: away) as first:
        ended = run("get", stdin="ghcr.io", url=first.origin, token=TOKEN)
    assert ended.sentence.startswith("The site redirects to another address.")
    assert not site.requests


def test_a_slow_site_is_given_up(run: Run) -> None:
    """The time is that of the whole request, also if there is always something to read."""
    over = threading.Event()

    def slowly() -> Iterator[bytes]:
        while not over.wait(0.01):
            yield b" "

    with FakeServer(lambda _request: Reply(200, slowly())) as site:
        ended = run("get", stdin="ghcr.io", url=site.origin, token=TOKEN, timeout="0.2")
        over.set()
    assert ended.sentence == "127.0.0.1 did not answer within 0.2 seconds."


def test_nobody_listens(site: FakeServer, run: Run) -> None:
    ended = run("get", stdin="ghcr.io", url="http://127.0.0.1:1", token=TOKEN)
    assert ended.sentence == "127.0.0.1 cannot be reached: Connection refused."


def test_certificates_are_verified(home: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    authority, other = trustme.CA(), trustme.CA()
    for name, ca in (("authority", authority), ("other", other)):
        ca.cert_pem.write_to_path(str(home / name))
    trusted, foreign = str(home / "authority"), str(home / "other")
    with FakeServer(hand_over, authority, names=["localhost"]) as site:
        settings = {"url": f"https://localhost:{site.port}", "token": TOKEN}
        for unknown in ({}, {"ca": foreign}):
            ended = run("get", stdin="ghcr.io", **settings, **unknown)
            assert "The certificate of localhost is not trusted" in ended.sentence
        elsewhere = {**settings, "url": site.origin, "ca": trusted}
        assert "not trusted" in run("get", stdin="ghcr.io", **elsewhere).sentence
        missing = run("get", stdin="ghcr.io", **settings, ca=str(home / "none"))
        assert "No such file" in missing.sentence
        assert not site.requests
        assert run("get", stdin="ghcr.io", **settings, ca=trusted).answer
        # What the system trusts in its file, and not by its folder.
        monkeypatch.setenv("SSL_CERT_FILE", trusted)
        assert run("get", stdin="ghcr.io", **settings).answer
        assert len(site.requests) == 2


@pytest.mark.parametrize(
    "url",
    [
        "http://registries.example.com",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://10.0.0.1:8000/api",
    ],
)
def test_no_token_is_sent_in_clear(url: str, run: Run) -> None:
    ended = run("get", stdin="ghcr.io", url=url, token=TOKEN)
    assert ended.sentence.startswith("REGISTRIES_URL must start with https://")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({}, "Set REGISTRIES_URL, or url in ~/.config/registries/client.toml."),
        ({"url": "http://localhost"}, "Set REGISTRIES_TOKEN, or token in"),
        *(
            ({"url": url}, "REGISTRIES_URL must be an address such as")
            for url in (
                *("registries.example.com", "ftp://localhost", "https://", "https://me@localhost"),
                *("https://localhost:port", "https://localhost/?a", "https://localhost/a b"),
            )
        ),
        ({"url": "http://localhost", "token": "two\nlines"}, "The access token contains invalid"),
        ({"url": "http://localhost", "timeout": "-1"}, "REGISTRIES_TIMEOUT must be a number"),
        ({"url": "http://localhost", "token_file": "/no/where"}, "cannot be read: No such file"),
    ],
)
def test_settings_that_are_wrong(settings: dict[str, str], sentence: str, run: Run) -> None:
    needs_token = (len(settings) == 1 and "must be" in sentence) or "timeout" in settings
    token = {"token": TOKEN} if needs_token else {}
    assert sentence in run("get", stdin="ghcr.io", **settings, **token).sentence


def write(home: Path, text: str, mode: int = 0o600) -> None:
    path = home / ".config/registries/client.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def test_the_file_is_read(home: Path, site: FakeServer, run: Run) -> None:
    (home / "token").write_text(f"{TOKEN}\n")
    (home / "token").chmod(0o640)
    write(home, f"# ours\n\nurl = '{site.origin}'  # the site\ntoken_file = \"{home}/token\"\n")
    assert run("get", stdin="ghcr.io").answer
    write(home, f'url = "https://\\u006c"\ntoken = "{TOKEN}"\ntimeout = 2.5\n')
    assert run("get", stdin="ghcr.io").sentence.startswith("l cannot be reached")
    # The environment comes first, a token there before both of the file.
    assert run("get", stdin="ghcr.io", url=site.origin, token_file=str(home / "token")).answer
    assert run("get", stdin="ghcr.io", url=site.origin, token="fake-other").answer
    assert [request.bearer for request in site.requests] == [TOKEN, TOKEN, "fake-other"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o622])
def test_a_file_that_others_may_read_is_refused(mode: int, home: Path, run: Run) -> None:
    write(home, f'url = "https://localhost"\ntoken = "{TOKEN}"\n', mode)
    assert run("get", stdin="ghcr.io").sentence == (
        "~/.config/registries/client.toml must be yours, and readable only by you: chmod 600."
    )


@pytest.mark.parametrize("mode", [0o644, 0o602, 0o601])
def test_a_token_that_everybody_may_read_is_refused(mode: int, home: Path, run: Run) -> None:
    (home / "token").write_text(TOKEN)
    (home / "token").chmod(mode)
    ended = run("get", stdin="ghcr.io", url="https://localhost", token_file=str(home / "token"))
    assert ended.sentence == (
        "Not everybody may be able to read the access token's file: use chmod 640 or 600."
    )


def test_a_file_of_somebody_else_is_refused(
    home: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(home, f'url = "https://localhost"\ntoken = "{TOKEN}"\n')
    monkeypatch.setattr("os.geteuid", lambda: 12345)
    assert "must be yours" in run("get", stdin="ghcr.io").sentence


@pytest.mark.parametrize(
    "line",
    ["url: 'x'", "url = x", "[site]", "password = 'x'", 'url = "a\\q"', "url = 'a' 'b'", "="],
)
def test_lines_that_are_not_understood(line: str, home: Path, run: Run) -> None:
    write(home, f"# {TOKEN}\n{line}\n")
    assert run("get", stdin="ghcr.io").sentence.startswith("Line 2 of ~/.config/registries/")


@pytest.mark.parametrize(
    ("arguments", "stdin", "status", "text"),
    [
        (["get"], " \n", 1, "no credentials server URL"),
        (["list"], "unused", 0, "{}"),
        (["erase"], "ghcr.io", 0, ""),
        (
            *(["store"], '{"ServerURL": "ghcr.io", "Username": "me", "Secret": "x"}', 1),
            "Nothing was stored: the registries site manages the credentials.",
        ),
        (["version"], "", 0, f"docker-credential-registries {credentials.VERSION}"),
        ([], "", 1, "Usage: docker-credential-registries get|list|store|erase|version"),
        (
            ["get", "more"],
            "",
            1,
            "Usage: docker-credential-registries get|list|store|erase|version",
        ),
    ],
)
def test_what_needs_no_site(
    arguments: list[str], stdin: str, status: int, text: str, run: Run
) -> None:
    ended = run(*arguments, stdin=stdin)
    assert (ended.status, ended.stdout.strip(), ended.stderr) == (status, text, "")


def test_a_fault_shows_no_secret(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise KeyError(TOKEN)

    monkeypatch.setattr(credentials, "_settings", fail)
    assert run("get", stdin="ghcr.io").sentence == "This program failed: KeyError."


def kubelet(**more: object) -> str:
    request = {"apiVersion": KUBELET, "kind": "CredentialProviderRequest", "image": "ghcr.io/a/b"}
    return json.dumps({**request, **more})


def test_the_kubelet_is_answered(site: FakeServer, run: Run) -> None:
    settings = {"name": PROVIDER, "url": site.origin, "token": TOKEN}
    assert run(stdin=kubelet(serviceAccountToken="fake-pods"), **settings).answer == RESPONSE
    (request,) = site.requests
    assert json.loads(request.body) == {"form": "kubelet", "image": "ghcr.io/a/b"}


def test_the_kubelet_is_told_that_there_is_nothing(run: Run) -> None:
    with FakeServer(lambda _request: reply(409, code="anonymous", detail="No.")) as site:
        ended = run(stdin=kubelet(), name=PROVIDER, url=site.origin, token=TOKEN)
    assert ended.answer == {**RESPONSE, "cacheKeyType": "Image", "cacheDuration": "0s"}


@pytest.mark.parametrize(
    ("stdin", "answer", "sentence"),
    [
        ("{}", RESPONSE, f"Expected a CredentialProviderRequest of {KUBELET} on stdin."),
        ("no JSON", RESPONSE, "Expected a CredentialProviderRequest"),
        (kubelet(apiVersion=f"{KUBELET}beta1"), RESPONSE, "Expected a CredentialProviderRequest"),
        (kubelet(), PAIR, "The site's response is not a CredentialProviderResponse"),
    ],
)
def test_what_the_kubelet_does_not_speak(
    stdin: str, answer: dict[str, object], sentence: str, run: Run
) -> None:
    with FakeServer(lambda _request: reply(**answer)) as site:
        ended = run(stdin=stdin, name=PROVIDER, url=site.origin, token=TOKEN)
    assert (ended.status, ended.stdout) == (1, "")
    assert ended.stderr.startswith(sentence)


def test_a_file_that_is_called_otherwise(run: Run) -> None:
    ended = run("get", name="credentials.py")
    assert (ended.status, ended.stdout) == (1, "")
    assert ended.stderr.startswith("Rename this file to docker-credential-registries or")
