"""oras-py with one client; it keeps one token, so the tokens are kept for it."""

from oras.client import OrasClient

from tests.bench.clients.bare import ACCEPT
from tests.bench.process import Job


class Client:
    """Its `do_request` signs in by itself."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._client = OrasClient(job.host, insecure=True)
        if job.username:
            self._client.auth.set_basic_auth(job.username, job.password)
        self._tokens: dict[str, str | None] = {}

    def digests(self) -> list[str]:
        return [self._digest(*image) for image in self._job.images]

    def tags(self) -> list[str]:
        self._client.auth.token = self._tokens.get(self._job.repository)
        result = self._client.get_tags(f"{self._job.host}/{self._job.repository}")
        self._tokens[self._job.repository] = self._client.auth.token
        return list(result)

    def _digest(self, repository: str, tag: str) -> str:
        self._client.auth.token = self._tokens.get(repository)
        url = f"{self._job.origin}/v2/{repository}/manifests/{tag}"
        answer = self._client.do_request(url, "HEAD", headers={"Accept": ACCEPT})
        answer.raise_for_status()
        self._tokens[repository] = self._client.auth.token
        return str(answer.headers["Docker-Content-Digest"])
