"""python-dxf with one session for all repositories, and a `DXF` kept for each."""

import requests
from dxf import DXF, DXFBase

from tests.bench.process import Job


class Client:
    """It will not sign in over plain HTTP by itself, so its token is fetched by its hook."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._http = requests.Session()
        self._kept: dict[str, DXF] = {}

    def digests(self) -> list[str]:
        return [
            str(self._of(repository).head_manifest_and_response(tag)[0])
            for repository, tag in self._job.images
        ]

    def tags(self) -> list[str]:
        return list(self._of(self._job.repository).list_aliases(batch_size=1000))

    def _of(self, repository: str) -> DXF:
        if repository not in self._kept:
            client = DXF(self._job.host, repository, self._sign_in, insecure=True)
            # A `with` block for each would give each a connection of its own.
            client._sessions.insert(0, self._http)
            self._kept[repository] = client
        return self._kept[repository]

    def _sign_in(self, dxf: DXFBase, refused: requests.Response) -> None:
        query = {"service": self._job.service, "scope": f"repository:{dxf._repo}:pull"}
        account = (self._job.username, self._job.password)
        answer = self._http.get(self._job.token_url, params=query, auth=account)
        answer.raise_for_status()
        dxf.token = answer.json()["token"]
