"""The real registries themselves, with plain requests: what the other tests here stand on."""

import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import jwt
import pytest
import requests
import trustme

from tests.real.account import Account
from tests.real.conftest import Filled
from tests.real.push import DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, Pushed, digest
from tests.real.servers import SECONDS, Open, RealRegistry
from tests.real.token_server import SERVICE, TokenServer

pytestmark = pytest.mark.usefixtures("programs")

ROOT = Path(__file__).parents[2]
ACCEPT = f"{OCI_INDEX}, {OCI_MANIFEST}, {DOCKER_MANIFEST}"


def get(http: requests.Session, url: str, authorization: str | None = None) -> requests.Response:
    headers = {"Accept": ACCEPT, "Authorization": authorization}
    return http.get(url, headers=headers, timeout=SECONDS)


def ask(
    http: requests.Session, server: TokenServer, authorization: str | None, *scopes: str
) -> requests.Response:
    """The token server's answer for `scopes`."""
    query = {"service": SERVICE, "scope": scopes}
    headers = {"Authorization": authorization}
    return http.get(server.url, params=query, headers=headers, timeout=SECONDS)


def bearer(answer: requests.Response) -> str:
    answer.raise_for_status()
    return f"Bearer {answer.json()['token']}"


def wrong(account: Account) -> str:
    return Account(account.username, account.password + "x").header


def manifest_url(registry: Filled, pushed: Pushed) -> str:
    return f"{registry.origin}/v2/{pushed.repository}/manifests/{pushed.tag}"


def test_open_registry_asks_for_nothing(open_registry: Filled, http: requests.Session) -> None:
    answer = get(http, f"{open_registry.origin}/v2/")
    assert answer.status_code == 200
    assert "WWW-Authenticate" not in answer.headers


def test_htpasswd_takes_the_right_password_only(
    basic_registry: Filled, account: Account, http: requests.Session
) -> None:
    ping = f"{basic_registry.origin}/v2/"
    guest = get(http, ping)
    assert guest.status_code == 401
    assert guest.headers["WWW-Authenticate"] == 'Basic realm="tests"'
    assert get(http, ping, account.header).status_code == 200
    assert get(http, ping, wrong(account)).status_code == 401


def test_token_registry_names_its_token_server(
    token_registry: Filled, token_server: TokenServer, http: requests.Session
) -> None:
    answer = get(http, f"{token_registry.origin}/v2/")
    assert answer.status_code == 401
    challenge = f'Bearer realm="{token_server.url}",service="{SERVICE}"'
    assert answer.headers["WWW-Authenticate"] == challenge
    assert token_server.requests == []


def test_token_server_takes_the_right_password_only(
    token_registry: Filled, token_server: TokenServer, account: Account, http: requests.Session
) -> None:
    token = bearer(ask(http, token_server, account.header))
    assert get(http, f"{token_registry.origin}/v2/", token).status_code == 200
    assert ask(http, token_server, wrong(account)).status_code == 401
    seen = [request.authorization for request in token_server.requests]
    assert seen == [account.header, wrong(account)]


def test_tokens_reach_what_they_were_asked_for(
    token_registry: Filled, token_server: TokenServer, account: Account, http: requests.Session
) -> None:
    private, public = token_registry.image, token_registry.public
    scope = f"repository:{private.repository}:pull"
    token = bearer(ask(http, token_server, account.header, scope))
    assert get(http, manifest_url(token_registry, private), token).status_code == 200
    assert get(http, manifest_url(token_registry, public), token).status_code == 401


def test_guests_reach_public_repositories_only(
    token_registry: Filled, token_server: TokenServer, http: requests.Session
) -> None:
    private, public = token_registry.image, token_registry.public
    scopes = [f"repository:{pushed.repository}:pull" for pushed in (private, public)]
    token = bearer(ask(http, token_server, None, *scopes))
    assert get(http, manifest_url(token_registry, public), token).status_code == 200
    assert get(http, manifest_url(token_registry, private), token).status_code == 401


def test_guests_may_not_push(token_server: TokenServer, http: requests.Session) -> None:
    token = ask(http, token_server, None, "repository:public/app:pull,push").json()["token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert [grant["actions"] for grant in claims["access"]] == [["pull"]]


def test_registry_refuses_tokens_that_others_signed(
    token_registry: Filled, token_server: TokenServer, account: Account, http: requests.Session
) -> None:
    ping = f"{token_registry.origin}/v2/"
    with TokenServer(account) as stranger:
        forged = bearer(ask(http, stranger, account.header))
    assert get(http, ping, forged).status_code == 401
    assert get(http, ping, bearer(ask(http, token_server, account.header))).status_code == 200


def test_token_server_without_account_takes_everybody(
    account: Account, http: requests.Session
) -> None:
    with TokenServer(None) as server:
        assert ask(http, server, wrong(account)).status_code == 200


@pytest.mark.parametrize("which", ["image", "index"])
@pytest.mark.parametrize("name", ["open_registry", "basic_registry", "token_registry"])
def test_registry_holds_what_was_pushed(
    name: str, which: str, request: pytest.FixtureRequest, http: requests.Session
) -> None:
    registry: Filled = request.getfixturevalue(name)
    pushed: Pushed = getattr(registry, which)
    authorization = registry.server.auth.authorization(pushed.repository)
    answer = get(http, manifest_url(registry, pushed), authorization)
    assert answer.headers["Docker-Content-Digest"] == pushed.digest == digest(answer.content)
    assert answer.headers["Content-Type"] == pushed.media_type
    listed = {
        (item["platform"]["os"], item["platform"]["architecture"]): item["digest"]
        for item in answer.json().get("manifests", [])
    }
    assert listed == {key[:2]: value for key, value in pushed.platforms.items()}
    assert len(listed) == (2 if which == "index" else 0)


def test_many_tags_come_at_once(
    open_registry: Filled, many_tags: tuple[str, set[str]], http: requests.Session
) -> None:
    repository, tags = many_tags
    answer = get(http, f"{open_registry.origin}/v2/{repository}/tags/list?n=1000")
    assert len(tags) == len(answer.json()["tags"]) == 2501
    assert set(answer.json()["tags"]) == tags
    assert "Link" not in answer.headers
    for tag in ("0.0", "49.49"):
        url = f"{open_registry.origin}/v2/{repository}/manifests/{tag}"
        assert get(http, url).headers["Docker-Content-Digest"] == open_registry.image.digest


def test_registry_speaks_tls(tmp_path: Path, http: requests.Session) -> None:
    authority = trustme.CA()
    with RealRegistry(tmp_path, Open(), authority) as registry:
        with pytest.raises(requests.exceptions.SSLError):
            get(http, f"{registry.origin}/v2/")
        with authority.cert_pem.tempfile() as trusted:
            http.verify = trusted
            assert get(http, f"{registry.origin}/v2/").status_code == 200


def test_frozen_registry_answers_again(lone_registry: RealRegistry, http: requests.Session) -> None:
    with lone_registry.frozen(), pytest.raises(requests.ReadTimeout):
        http.get(f"{lone_registry.origin}/v2/", timeout=0.2)
    assert get(http, f"{lone_registry.origin}/v2/").status_code == 401


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def test_registry_stops_with_its_block(tmp_path: Path) -> None:
    registry = RealRegistry(tmp_path, Open())

    def fail_while_it_runs() -> None:
        with registry:
            assert alive(registry.pid)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_while_it_runs()
    assert not alive(registry.pid)


class Incomplete(Open):
    """Settings that docker-registry refuses."""

    def settings(self, folder: Path) -> Mapping[str, object]:
        return {"htpasswd": {"realm": "tests"}}


def test_registry_that_cannot_start_says_why(tmp_path: Path) -> None:
    registry = RealRegistry(tmp_path, Incomplete())
    with pytest.raises(RuntimeError, match="unable to configure authorization"):
        registry.__enter__()
    assert not alive(registry.pid)


RUN_AND_HANG = """
import sys, time
from pathlib import Path
from tests.real.servers import Open, RealRegistry
with RealRegistry(Path(sys.argv[1]), Open()) as registry:
    print(registry.origin, flush=True)
    time.sleep(600)
"""


def test_registry_stops_when_the_tests_are_killed(tmp_path: Path, http: requests.Session) -> None:
    command = [sys.executable, "-c", RUN_AND_HANG, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        ping = f"{killed.stdout.readline().strip()}/v2/"
        assert get(http, ping).status_code == 200
        killed.kill()

    def ask_until_it_is_gone() -> None:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            get(http, ping)

    with pytest.raises(requests.ConnectionError):
        ask_until_it_is_gone()
