"""The floor: `requests` with all that is needed known beforehand, and nothing else done."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import requests
from requests.adapters import HTTPAdapter

from tests.bench.process import Job

ACCEPT = ", ".join(
    f"application/vnd.{kind}+json"
    for kind in (
        "oci.image.index.v1",
        "docker.distribution.manifest.list.v2",
        "oci.image.manifest.v1",
        "docker.distribution.manifest.v2",
    )
)
_Item = TypeVar("_Item")


class Client:
    """A session that knows the token server, and keeps a token for each repository."""

    def __init__(self, job: Job, threads: int = 1, *, trust_env: bool = True) -> None:
        self._job = job
        self._http = requests.Session()
        self._http.trust_env = trust_env
        self._http.mount("http://", HTTPAdapter(pool_maxsize=threads))
        self._threads = threads
        self._tokens: dict[str, str] = {}

    def digests(self) -> list[str]:
        return self._each(self._digest, self._job.images)

    def tags(self) -> list[str]:
        result: list[str] = []
        url = f"{self._job.origin}/v2/{self._job.repository}/tags/list?n=1000"
        headers = self._headers(self._job.repository)
        while url:
            answer = self._http.get(url, headers=headers)
            answer.raise_for_status()
            result += answer.json()["tags"]
            following = answer.links.get("next")
            url = self._job.origin + following["url"] if following else ""
        return result

    def _each(self, work: Callable[[_Item], str], items: Iterable[_Item]) -> list[str]:
        if self._threads == 1:
            return [work(item) for item in items]
        with ThreadPoolExecutor(self._threads) as pool:
            return list(pool.map(work, items))

    def _digest(self, image: tuple[str, str]) -> str:
        repository, tag = image
        url = f"{self._job.origin}/v2/{repository}/manifests/{tag}"
        headers = {"Accept": ACCEPT, **self._headers(repository)}
        answer = self._http.head(url, headers=headers)
        answer.raise_for_status()
        return str(answer.headers["Docker-Content-Digest"])

    def _headers(self, repository: str) -> dict[str, str]:
        if not self._job.token_url:
            return {}
        if repository not in self._tokens:
            self._tokens[repository] = self._token(repository)
        return {"Authorization": f"Bearer {self._tokens[repository]}"}

    def _token(self, repository: str) -> str:
        query = {"service": self._job.service, "scope": f"repository:{repository}:pull"}
        account = (self._job.username, self._job.password)
        answer = self._http.get(self._job.token_url, params=query, auth=account)
        answer.raise_for_status()
        return str(answer.json()["token"])
