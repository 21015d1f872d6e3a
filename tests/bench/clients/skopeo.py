"""skopeo, a process for each image; it keeps nothing from one to the next."""

import json
import subprocess

from tests.bench.process import Job


class Client:
    """The program as a script would call it."""

    def __init__(self, job: Job) -> None:
        self._job = job
        account = f"{job.username}:{job.password}"
        self._options = ["--tls-verify=false", *(["--creds", account] if job.username else [])]

    def digests(self) -> list[str]:
        return [
            self._run("inspect", "--no-tags", "--format", "{{.Digest}}", f"{repository}:{tag}")
            for repository, tag in self._job.images
        ]

    def tags(self) -> list[str]:
        return list(json.loads(self._run("list-tags", self._job.repository))["Tags"])

    def _run(self, command: str, *arguments: str) -> str:
        *more, image = arguments
        place = f"docker://{self._job.host}/{image}"
        ran = subprocess.run(
            ["skopeo", command, *self._options, *more, place],
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
        return ran.stdout.strip()
