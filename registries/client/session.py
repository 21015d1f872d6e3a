"""`Session`: authenticated requests about repositories."""

from collections.abc import Callable

from registries.client import responses
from registries.client.auth import Authorizer, Grant
from registries.client.batch import Batches
from registries.client.context import Context
from registries.client.deadline import Deadline
from registries.client.errors import ImageDenied
from registries.client.manifests import ACCEPT
from registries.client.responses import Pulls
from registries.client.transport import Response
from registries.client.urls import Url
from registries.credentials import Credential

# Seconds to wait before a new token is sent again that the registry does not accept yet.
PAUSE = 0.5


class Session:
    """The requests of one account to one registry. Threads may share it.

    pulls: how many are left according to the latest response; None if the registry does not say.
    """

    def __init__(self, context: Context, credential: Credential) -> None:
        self._context = context
        self.auth = Authorizer(context, credential)
        self.batches = Batches(self.auth)
        self.pulls: Pulls | None = None

    @property
    def counts_pulls(self) -> bool:
        return self._context.endpoint.counts_pulls

    @property
    def host(self) -> str:
        """The registry's host and port, for error messages."""
        return self.auth.registry_url.authority

    @property
    def deadline(self) -> Deadline:
        return self._context.deadline

    def request(
        self,
        method: str,
        url: str,
        repository: str,
        *,
        limit: int,
        redirects: int = 0,
        accept: str = ACCEPT,
        renew: bool = True,
    ) -> Response:
        """Send a request about a repository and return the response, whatever its status.

        The Authorization is only sent if `url` is at the registry's own origin. A refused request
        is sent once more with a newer grant, unless `renew` is off. A final 401 is raised, but for
        HEAD it is returned if the credentials are good. Raises ClientError.
        """
        is_own_origin = self._is_own_origin(url)

        def send(grant: Grant) -> Response:
            return self._context.transport.request(
                method,
                url,
                headers={"Accept": accept},
                authorization=grant.authorization if is_own_origin else None,
                deadline=self._context.deadline,
                limit=limit,
                redirects=redirects,
            )

        grant = self.auth.grant(repository)
        response = send(grant)
        if not is_own_origin or not self._is_own_origin(response.url):
            # A 401 from another origin says nothing about the credentials.
            if response.status == 401 and method != "HEAD":
                raise ImageDenied("no_access_to_image")
            return response
        if renew and (response.status == 401 or response.status in self._context.endpoint.renew_on):
            grant, response = self._retry(repository, grant, response, send)
        if self.counts_pulls:
            self.pulls = responses.pulls(response.headers) or self.pulls
        if response.status == 401:
            refusal = self.auth.refusal(grant, response)
            if method != "HEAD" or not isinstance(refusal, ImageDenied):
                raise refusal
        return response

    def _is_own_origin(self, url: str) -> bool:
        return Url.parse(url).origin == self.auth.registry_url.origin

    def _retry(
        self, repository: str, grant: Grant, response: Response, send: Callable[[Grant], Response]
    ) -> tuple[Grant, Response]:
        """Send a refused request again, with a newer grant if there is one, and return both."""
        newer = self.auth.renew(repository, grant, response)
        if newer is not None:
            response = send(newer)
        used = newer or grant
        if self.auth.may_become_valid(used, response) and self.deadline.pause(PAUSE):
            response = send(used)
        if newer is not None and response.status < 400:
            self.batches.succeeded_alone(grant)
        return used, response
