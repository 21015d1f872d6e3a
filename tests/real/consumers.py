"""The programs that pull images, each as it is told to read one, and the site that they ask."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Any

import requests
import trustme

from registries.programs import credentials
from tests.real.servers import SECONDS, session
from tests.site.conftest import Site, Visitor

# What docker, podman and others allow to be read from whom stands beside what is tried here.
POLICY = '{"default": [{"type": "insecureAcceptAnything"}]}'


@dataclass(frozen=True)
class Client:
    """A program that reads images.

    form: the file that it reads. package: of Debian. read: its command, for a folder with such a
    file and an image.
    """

    form: str
    package: str
    read: Callable[[Path, str], Sequence[str]]


def _docker(folder: Path, image: str) -> list[str]:
    return ["docker", "--config", str(folder), "manifest", "inspect", "--insecure", image]


def _skopeo(folder: Path, image: str) -> list[str]:
    args = ["--no-tags", "--tls-verify=false", "--authfile", str(folder / "config.json")]
    return ["skopeo", "inspect", *args, f"docker://{image}"]


def _buildah(folder: Path, image: str) -> list[str]:
    (folder / "policy.json").write_text(POLICY)
    storage = ["--root", f"{folder}/kept", "--runroot", f"{folder}/run", "--storage-driver", "vfs"]
    args = ["--tls-verify=false", "--authfile", str(folder / "config.json")]
    policy = ["--signature-policy", str(folder / "policy.json")]
    return ["buildah", *storage, "pull", "--policy", "always", *args, *policy, image]


CLIENTS = {
    "docker": Client("docker", "docker.io", _docker),
    "skopeo": Client("podman", "skopeo", _skopeo),
    "buildah": Client("podman", "buildah", _buildah),
}


# What each program comes in on Debian.
PACKAGES = {name: client.package for name, client in CLIENTS.items()} | {
    "kubectl": "kubernetes-client"
}


def missing(names: Sequence[str]) -> str | None:
    """What the machine lacks of these clients, and how to get it, or None."""
    lacking = [name for name in names if which(name) is None]
    packages = " ".join(PACKAGES[name] for name in lacking)
    return f"no {' and no '.join(lacking)} (apt-get install {packages})" if lacking else None


@dataclass(frozen=True)
class Served:
    """The site under gunicorn with TLS, and how other programs ask it.

    token: an access token that may be handed credentials. folder: has the programs, and the
    authority of the site's certificate. cache: the address of its Redis. ids: of the rows, by name.
    """

    site: Site
    visitor: Visitor
    token: str
    folder: Path
    cache: str
    ids: Mapping[str, int]

    @property
    def environment(self) -> dict[str, str]:
        """What a program on another machine sees."""
        return {
            "PATH": f"{self.folder}:{os.environ['PATH']}",
            "HOME": str(self.folder / "home"),
            "REGISTRIES_URL": self.visitor.origin,
            "REGISTRIES_TOKEN": self.token,
            "REGISTRIES_CA": str(self.folder / "authority.pem"),
        }

    def hand_over(self, form: str, *names: str, **more: str) -> str:
        """What the site answers, for rows by their names or for what else is named."""
        expected: dict[str, Any] = {"form": form, **more}
        if len(names) == 1:
            expected["registry"] = self.ids[names[0]]
        elif names:
            expected["registries"] = [self.ids[name] for name in names]
        with session() as http:
            answer = http.post(
                f"{self.visitor.origin}/api/handover/",
                json=expected,
                headers={"Authorization": f"Bearer {self.token}"},
                verify=str(self.folder / "authority.pem"),
                timeout=SECONDS,
            )
        assert answer.status_code == requests.codes.ok, answer.text
        return answer.text

    def start(self, command: Sequence[str]) -> subprocess.Popen[str]:
        """Start a program as on another machine."""
        return subprocess.Popen(
            list(command),
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *command: str, stdin: str = "") -> tuple[int, str, str]:
        """How a program ended, and what it wrote."""
        with self.start(command) as process:
            stdout, stderr = process.communicate(stdin, timeout=SECONDS * 3)
        return process.returncode, stdout, stderr

    def reads(self, name: str, folder: Path, image: str) -> bool:
        """Whether a client reads the image with the config.json in the folder, or is refused.

        Fails where anything else goes wrong.
        """
        status, stdout, stderr = self.run(*CLIENTS[name].read(folder, image))
        if status:
            output = (stdout + stderr).lower()
            refused = ("unauthorized", "authentication required", "no basic auth", "denied")
            assert any(text in output for text in refused), output
        return status == 0


FURNISH = """
import json, os
from django.contrib.auth.models import Permission, User
from registries.models import Registry
from ssmsite.models import AccessToken
ids = {}
for columns in json.loads(os.environ["FURNISH"]):
    row = Registry(handover="any", **columns)
    row.full_clean()
    row.save()
    ids[row.name] = row.pk
user = User.objects.create_user("puller")
user.user_permissions.set(Permission.objects.filter(codename="hand_over_registry"))
_, token = AccessToken.objects.create(user, may_hand_over=True, name="puller")
print(json.dumps([token, ids]))
"""


@contextmanager
def served(
    folder: Path, rows: Sequence[Mapping[str, str]], cache: str, **variables: str
) -> Iterator[Served]:
    """A new site with these rows, in several processes that share the cache."""
    site = Site(folder / "data")
    site.migrate()
    token, ids = json.loads(site.shell(FURNISH, FURNISH=json.dumps(rows)))
    (folder / "home").mkdir()
    for name in (credentials.HELPER, credentials.PROVIDER):
        program = folder / name
        text = Path(credentials.__file__).read_text(encoding="utf-8")
        program.write_text(text.replace("/usr/bin/env python3", sys.executable, 1))
        program.chmod(0o755)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(str(folder / "site.pem"))
    pem = folder / "site.pem"
    # Each worker answers one request at a time, so that several at once are answered by several.
    args = f"--workers 3 --certfile {pem} --keyfile {pem}"
    args += " --access-logfile - --access-logformat 'worker=%(p)s %(r)s'"
    with ExitStack() as stack:
        visitor = stack.enter_context(
            site.served(GUNICORN_CMD_ARGS=args, CACHE_URL=cache, **variables)
        )
        yield Served(site, visitor, token, folder, cache, ids)
