"""docker, skopeo and buildah read images with what this site hands over, and by its programs."""

import base64
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from redis import Redis

from registries.programs.credentials import HELPER, KUBELET, PROVIDER
from tests.fakes.clouds import Ecr
from tests.fakes.ledger import Ledger
from tests.fakes.server import FakeServer, Reply, Request
from tests.handover.test_forms import matches
from tests.real.account import Account
from tests.real.conftest import Filled
from tests.real.consumers import CLIENTS, Served, missing, served
from tests.real.token_server import TokenServer
from tests.site import redis

pytestmark = pytest.mark.usefixtures("programs")

HELPERS = 15
EMPTY = """
from registries.models import Registry
row = Registry.objects.get(name="emptied")
row.login = row.password = None
row.save()
"""


def host_of(filled: Filled, name: str = "127.0.0.1") -> str:
    return filled.origin.replace("http://127.0.0.1", name)


@pytest.fixture(scope="module")
def needs() -> Callable[..., None]:
    """Leave a test out where a client is missing; with REQUIRE_REAL=1 fail it instead."""

    def needs(*names: str) -> None:
        if lack := missing(names):
            reason = f"tests against real clients left out: {lack}"
            (pytest.fail if os.environ.get("REQUIRE_REAL") == "1" else pytest.skip)(reason)

    return needs


@pytest.fixture(scope="module")
def ecr() -> Iterator[tuple[Ecr, dict[str, FakeServer]]]:
    """Amazon's registry and the API that hands out its passwords."""
    family = Ecr(Ledger())
    with (
        FakeServer(family.servers()[family.origin]) as registry,
        FakeServer(family.servers()[family.api]) as api,
    ):
        yield family, {family.origin: registry, family.api: api}


@pytest.fixture(scope="module")
def site(
    basic_registry: Filled,
    token_registry: Filled,
    shared_token_server: TokenServer,
    account: Account,
    ecr: tuple[Ecr, dict[str, FakeServer]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Served]:
    """A site with rows for the real registries, which go by two names each."""
    redis.needed()
    family, servers = ecr
    right = {"login": account.username, "password": account.password}
    wrong = {**right, "password": "fake-wrong"}
    local = host_of(token_registry, "localhost")
    common = {"kind": "custom", "url": basic_registry.origin}
    by_token = {"kind": "custom", "authurl": shared_token_server.origin}
    rows = [
        {**common, "name": "basic", **right},
        {
            **common,
            "name": "basic multi",
            **wrong,
            "prefix": f"{host_of(basic_registry)}/team/multi",
        },
        {
            **common,
            "name": "emptied",
            "url": f"http://{host_of(basic_registry, 'localhost')}",
            **right,
        },
        {**by_token, "name": "token", "url": token_registry.origin, **right},
        {**by_token, "name": "local", "url": f"http://{local}", **wrong},
        {
            **by_token,
            "name": "local app",
            "url": f"http://{local}",
            **right,
            "prefix": f"{local}/team/app",
        },
        {
            "kind": "ecr",
            "name": "ecr",
            "accesskey": family.right[0],
            "secretaccesskey": family.right[1],
            "region": "eu-west-1",
        },
    ]
    folder = tmp_path_factory.mktemp("served")
    endpoints = {origin: server.origin for origin, server in servers.items()}
    with (
        redis.running(folder) as (cache, _),
        served(
            folder,
            rows,
            cache,
            REGISTRIES_TOKEN_CACHE="default",
            REGISTRIES_ENDPOINTS=json.dumps(endpoints),
        ) as served_site,
    ):
        yield served_site


def config(folder: Path, content: str | dict[str, Any]) -> Path:
    """A folder with this config.json."""
    text = content if isinstance(content, str) else json.dumps(content)
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(text)
    return folder


@pytest.mark.parametrize("which", ["basic", "token"])
@pytest.mark.parametrize("name", CLIENTS)
def test_an_image_is_read_with_the_file(
    *, name: str, which: str, site: Served, needs: Any, request: Any, tmp_path: Path
) -> None:
    needs(name)
    image = f"{host_of(request.getfixturevalue(f'{which}_registry'))}/team/app:1.0"
    assert not site.reads(name, config(tmp_path, {}), image)
    folder = config(tmp_path, site.hand_over(CLIENTS[name].form, which))
    assert site.reads(name, folder, image)


@pytest.mark.parametrize("which", ["basic", "token"])
@pytest.mark.parametrize(
    ("name", "key"),
    [*((name, "credHelpers") for name in CLIENTS), ("docker", "credsStore")],
)
def test_an_image_is_read_by_the_helper(
    *, name: str, key: str, which: str, site: Served, needs: Any, request: Any, tmp_path: Path
) -> None:
    needs(name)
    host = host_of(request.getfixturevalue(f"{which}_registry"))
    helpers = {host: "registries"} if key == "credHelpers" else "registries"
    assert site.reads(name, config(tmp_path, {key: helpers}), f"{host}/team/app:1.0")


def test_a_row_that_was_emptied_opens_nothing_more(
    site: Served, needs: Any, basic_registry: Filled, tmp_path: Path
) -> None:
    needs(*CLIENTS)
    host = host_of(basic_registry, "localhost")
    folder = config(tmp_path, {"credHelpers": {host: "registries"}})
    image = f"{host}/team/app:1.0"
    assert [site.reads(name, folder, image) for name in CLIENTS] == [True] * len(CLIENTS)
    site.site.shell(EMPTY)
    assert [site.reads(name, folder, image) for name in CLIENTS] == [False] * len(CLIENTS)


@pytest.mark.parametrize(
    ("host", "rows", "open_", "closed"),
    [
        ("basic", ("basic", "basic multi"), "team/app", "team/multi"),
        ("token", ("local app", "local"), "team/app", "team/multi"),
    ],
)
@pytest.mark.parametrize("name", ["skopeo", "buildah"])
def test_the_longest_prefix_decides(
    *,
    name: str,
    host: str,
    rows: tuple[str, ...],
    open_: str,
    closed: str,
    site: Served,
    needs: Any,
    request: Any,
    tmp_path: Path,
) -> None:
    needs(name)
    filled = request.getfixturevalue(f"{host}_registry")
    place = host_of(filled, "127.0.0.1" if host == "basic" else "localhost")
    folder = config(tmp_path, site.hand_over("podman", *rows))
    assert site.reads(name, folder, f"{place}/{open_}:1.0")
    assert not site.reads(name, folder, f"{place}/{closed}:1.0")


def test_docker_login_and_logout(
    site: Served, needs: Any, basic_registry: Filled, account: Account, tmp_path: Path
) -> None:
    """As docs/programs.md says: nothing can be stored, and there is nothing to erase."""
    needs("docker")
    host = host_of(basic_registry)
    folder = config(tmp_path, {"credHelpers": {host: "registries"}})
    docker = ("docker", "--config", str(folder))
    command = ("login", "--username", account.username, "--password-stdin", host)
    status, stdout, stderr = site.run(*docker, *command, stdin=account.password)
    assert status == 1
    assert "Nothing was stored: the registries site manages the credentials." in stdout + stderr
    assert account.password not in stdout + stderr
    assert site.run(*docker, "logout", host)[0] == 0
    left = json.loads((folder / "config.json").read_text())
    assert not left.pop("auths", {})  # older versions leave an empty one
    assert left == {"credHelpers": {host: "registries"}}
    assert site.reads("docker", folder, f"{host}/team/app:1.0")


def test_many_helpers_at_once_make_one_exchange(
    site: Served, ecr: tuple[Ecr, dict[str, FakeServer]]
) -> None:
    family, servers = ecr
    host = family.origin.removeprefix("https://")
    with ThreadPoolExecutor(HELPERS) as pool:
        ended = list(pool.map(lambda _: site.run(HELPER, "get", stdin=host), range(HELPERS)))
    assert {status for status, _out, _err in ended} == {0}, ended
    assert {json.loads(out)["Secret"] for _status, out, _err in ended} == {family.password}
    workers = re.findall(r"worker=<(\d+)> POST /api/handover/", "".join(site.visitor.log))
    assert len(set(workers)) > 1, "the exchange is shared between processes"
    assert len(servers[family.api].requests) == 1


# kubernetes/kubelet, pkg/apis/credentialprovider/v1/types.go; cacheDuration is a metav1.Duration.
RESPONSE = {
    "type": "object",
    "properties": {
        "apiVersion": {"const": KUBELET},
        "kind": {"const": "CredentialProviderResponse"},
        "cacheKeyType": {"enum": ["Image", "Registry", "Global"]},
        "cacheDuration": {"type": ["string", "null"], "pattern": r"^([0-9]+(\.[0-9]+)?(h|m|s))+$"},
        "auth": {
            "type": ["object", "null"],
            "additionalProperties": {
                "type": "object",
                "properties": {"username": {"type": "string"}, "password": {"type": "string"}},
                "required": ["username", "password"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["apiVersion", "kind", "cacheKeyType", "auth"],
    "additionalProperties": False,
}


@pytest.mark.parametrize("known", [True, False])
def test_the_kubelet_is_answered(
    known: bool, site: Served, basic_registry: Filled, account: Account
) -> None:
    image = f"{host_of(basic_registry)}/team/app" if known else "elsewhere.example/team/app"
    request = {"apiVersion": KUBELET, "kind": "CredentialProviderRequest", "image": image}
    status, stdout, stderr = site.run(PROVIDER, stdin=json.dumps(request))
    assert (status, stderr) == (0, "")
    answer = json.loads(stdout)
    jsonschema.validate(answer, RESPONSE)
    result = [tuple(pair.values()) for key, pair in answer["auth"].items() if matches(key, image)]
    assert result == ([tuple(account)] if known else [])


def test_the_kubelet_reads_the_secret(
    site: Served, basic_registry: Filled, account: Account
) -> None:
    """As kubernetes/pkg/credentialprovider does: every key that matches, the longest first."""
    secret = yaml.safe_load(site.hand_over("kubernetes", "basic", "basic multi", namespace="apps"))
    assert (secret["kind"], secret["type"]) == ("Secret", "kubernetes.io/dockerconfigjson")
    auths = json.loads(base64.b64decode(secret["data"][".dockerconfigjson"]))["auths"]
    host = host_of(basic_registry)
    passwords = {
        repository: [
            base64.b64decode(auths[key]["auth"]).decode().partition(":")[2]
            for key in sorted(auths, reverse=True)
            if matches(key, f"{host}/{repository}")
        ]
        for repository in ("team/app", "team/multi/a")
    }
    right = account.password
    assert passwords == {"team/app": [right], "team/multi/a": ["fake-wrong", right]}


def test_kubectl_reads_the_secret(
    site: Served, needs: Any, basic_registry: Filled, account: Account
) -> None:
    """By Kubernetes' own types, without a cluster; what it does not know it would leave out."""
    needs("kubectl")
    text = site.hand_over("kubernetes", "basic", namespace="apps")
    command = ["kubectl", "annotate", "--local", "--filename", "-", "--output", "json", "read=yes"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    read, written = json.loads(done.stdout), yaml.safe_load(text)
    assert read["metadata"]["annotations"].pop("read") == "yes"
    assert {**read, "metadata": {**written["metadata"], **read["metadata"]}} == written
    assert read["metadata"]["namespace"] == "apps"
    auths = json.loads(base64.b64decode(read["data"][".dockerconfigjson"]))["auths"]
    assert auths[host_of(basic_registry)]["password"] == account.password


def test_no_secret_is_written_down(
    site: Served, ecr: tuple[Ecr, dict[str, FakeServer]], account: Account
) -> None:
    """In the log, the database and the cache; where bearer tokens are cached, Amazon's may be."""
    handed = [site.hand_over("json", name) for name in ("basic", "token", "ecr")]
    secrets = [account.password, account.auth, site.token, ecr[0].password]
    assert all(any(s in json.loads(text).values() for s in secrets) for text in handed)
    written = ["".join(site.visitor.log)]
    files = [path for path in site.site.data.rglob("*") if path.is_file()]
    written += [path.read_bytes().decode("latin-1") for path in files]
    with Redis.from_url(site.cache) as cache:
        entries = {key: cache.get(key) for key in cache.scan_iter() if b"token" not in key}
    assert entries
    written += [f"{key!r}{value!r}" for key, value in entries.items()]
    for secret in secrets:
        assert not [text[:200] for text in written if secret in text]


@pytest.mark.parametrize("name", [HELPER, PROVIDER])
def test_no_secret_is_in_the_list_of_processes(name: str, site: Served) -> None:
    listed: list[str] = []

    def look(request: Request) -> Reply:
        assert request.bearer == site.token
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                listed.append(path.read_text().replace("\0", " "))
        return Reply(409, b'{"code": "no_registry"}')

    pull_request = {"apiVersion": KUBELET, "image": "ghcr.io/acme/app"}
    with FakeServer(look) as fake:
        environment = {**site.environment, "REGISTRIES_URL": fake.origin}
        command = [name, "get"] if name == HELPER else [name]
        ran = subprocess.run(
            command,
            check=False,
            env=environment,
            input=json.dumps(pull_request).encode(),
            capture_output=True,
        )
    assert any(name in line for line in listed), ran
    assert not [line for line in listed if site.token in line]
