"""Real registries on loopback: Debian's docker-registry, as an operator runs it."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from typing import Protocol, Self

import requests
import trustme

from tests.real.account import Account
from tests.real.token_server import ISSUER, SERVICE, TokenServer

# The programs that the real registries need, and their Debian packages.
PROGRAMS = {
    "docker-registry": "docker-registry",
    "htpasswd": "apache2-utils",
    "setpriv": "util-linux",
}
# How long to wait for a process on this machine before it counts as broken.
SECONDS = 20


def missing() -> str | None:
    """What the machine lacks for real registries and how to get it, or None."""
    lacking = [program for program in PROGRAMS if which(program) is None]
    if not lacking:
        return None
    packages = " ".join(PROGRAMS[program] for program in lacking)
    return f"no {' and no '.join(lacking)} (apt-get install {packages})"


def session() -> requests.Session:
    """A session that leaves the machine's proxies and netrc alone."""
    session = requests.Session()
    session.trust_env = False
    return session


class Auth(Protocol):
    """How a registry signs people in."""

    def settings(self, folder: Path) -> Mapping[str, object]:
        """The `auth` section of the registry's settings; its files go into `folder`."""
        ...

    def authorization(self, repository: str) -> str | None:
        """The Authorization that may push to `repository`."""
        ...


class Open:
    """Everybody may do everything."""

    def settings(self, folder: Path) -> Mapping[str, object]:
        return {}

    def authorization(self, repository: str) -> str | None:
        return None


class Htpasswd:
    """One account in an htpasswd file; Basic on every request."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def settings(self, folder: Path) -> Mapping[str, object]:
        line = subprocess.run(
            ["htpasswd", "-niB", self._account.username],
            input=self._account.password.encode(),
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
        path = folder / "htpasswd"
        path.write_bytes(line)
        return {"htpasswd": {"realm": "tests", "path": str(path)}}

    def authorization(self, repository: str) -> str | None:
        return self._account.header


class Token:
    """Bearer tokens of a token server, which `account` may ask for any."""

    def __init__(self, server: TokenServer, account: Account) -> None:
        self._server = server
        self._account = account

    def settings(self, folder: Path) -> Mapping[str, object]:
        bundle = folder / "token-server.pem"
        bundle.write_bytes(self._server.certificate)
        return {
            "token": {
                "realm": self._server.url,
                "service": SERVICE,
                "issuer": ISSUER,
                "rootcertbundle": str(bundle),
            }
        }

    def authorization(self, repository: str) -> str | None:
        query = {"service": SERVICE, "scope": f"repository:{repository}:pull,push"}
        headers = {"Authorization": self._account.header}
        with session() as http:
            answer = http.get(self._server.url, params=query, headers=headers, timeout=SECONDS)
        answer.raise_for_status()
        return f"Bearer {answer.json()['token']}"


class RealRegistry:
    """One docker-registry while the `with` block lasts: on a free port, its storage empty.

    origin: `scheme://127.0.0.1:port`. auth: how it signs people in. storage: its folder.
    With an `authority` it speaks TLS, with a certificate of that authority.
    """

    def __init__(self, folder: Path, auth: Auth, authority: trustme.CA | None = None) -> None:
        self.auth = auth
        self._folder = folder
        self._authority = authority
        self.origin = ""
        self.storage = folder / "storage"
        self._log = folder / "log"
        self._settings = folder / "settings.yml"
        settings = {
            "version": "0.1",
            "log": {"level": "info"},
            "storage": {"filesystem": {"rootdirectory": str(self.storage)}},
            # Port 0: the system picks a free one, and the log says which.
            "http": {"addr": "127.0.0.1:0", "secret": "tests", "tls": self._certificate()},
            "auth": auth.settings(folder),
        }
        self._settings.write_text(json.dumps(settings))  # JSON is YAML

    def __enter__(self) -> Self:
        # setpriv: should the tests be killed, the kernel stops the registry with them.
        command = ["setpriv", "--pdeathsig", "TERM", "docker-registry", "serve"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, str(self._settings)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={"PATH": os.environ["PATH"]},  # REGISTRY_* would change the settings
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def requests(self) -> list[str]:
        """All that it answered, as `HEAD /v2/team/app/manifests/1.0 200`, from its access log."""
        lines = re.findall(r'"([A-Z]+ \S+) HTTP/1\.1" (\d+) ', self._log.read_text())
        return [" ".join(line) for line in lines]

    @property
    def connections(self) -> int:
        """How many connections brought requests; only a registry that signs people in tells."""
        return len(set(re.findall(r"http\.request\.remoteaddr=(\S+)", self._log.read_text())))

    def stop(self) -> None:
        """End the process; a stopped one stays stopped."""
        self._process.terminate()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Connections are taken and nothing is answered while the block lasts."""
        self._process.send_signal(signal.SIGSTOP)
        # It is told once the last of its threads stands still.
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def _certificate(self) -> Mapping[str, str]:
        if self._authority is None:
            return {}
        issued = self._authority.issue_cert("127.0.0.1")
        certificate, key = self._folder / "certificate.pem", self._folder / "key.pem"
        certificate.write_bytes(issued.cert_chain_pems[0].bytes())
        key.write_bytes(issued.private_key_pem.bytes())
        self._authority.cert_pem.write_to_path(str(self._folder / "authority.pem"))
        return {"certificate": str(certificate), "key": str(key)}

    def _wait_until_ready(self) -> None:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            if self._answers():
                return
            time.sleep(0.02)
        raise RuntimeError("docker-registry did not start:\n" + self._log.read_text())

    def _answers(self) -> bool:
        listening = re.search(r"listening on (127\.0\.0\.1:\d+)", self._log.read_text())
        if listening is None:
            return False
        self.origin = f"{'https' if self._authority else 'http'}://{listening[1]}"
        with session() as http:
            if self._authority:
                http.verify = str(self._folder / "authority.pem")
            try:
                return http.get(f"{self.origin}/v2/", timeout=SECONDS).status_code in {200, 401}
            except requests.ConnectionError:
                return False
