"""Requests about repositories, signed in."""

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

# Seconds until a new token that the registry does not know yet is tried once more.
PAUSE = 0.5


class Session:
    """One account's way to one registry; threads may share it.

    pulls: how many are left, as the registry said last; None where it does not say.
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
        """The registry's host and port, for people."""
        return self.auth.own.authority

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
        """The registry's answer about a repository, whatever its status.

        `url` may be at another origin, where a redirect led: there nothing is sent that signs in.
        A refusal is answered once with a newer grant, unless `renew` is off. One that stands is
        raised; but HEAD's, where the credentials are good, is returned. Raises ClientError.
        """

        is_at_home = self._is_home(url)

        def send(grant: Grant) -> Response:
            return self._context.transport.request(
                method,
                url,
                headers={"Accept": accept},
                authorization=grant.authorization if is_at_home else None,
                deadline=self._context.deadline,
                limit=limit,
                redirects=redirects,
            )

        grant = self.auth.grant(repository)
        response = send(grant)
        if not is_at_home or not self._is_home(response.url):
            # Where a redirect led, nobody commands how we sign in, or judges the credentials.
            if response.status == 401 and method != "HEAD":
                raise ImageDenied("no_access_to_image")
            return response
        if renew and (response.status == 401 or response.status in self._context.endpoint.renew_on):
            grant, response = self._again(repository, grant, response, send)
        if self.counts_pulls:
            self.pulls = responses.pulls(response.headers) or self.pulls
        if response.status == 401:
            refusal = self.auth.refusal(grant, response)
            if method != "HEAD" or not isinstance(refusal, ImageDenied):
                raise refusal
        return response

    def _is_home(self, url: str) -> bool:
        return Url.parse(url).origin == self.auth.own.origin

    def _again(
        self, repository: str, grant: Grant, response: Response, send: Callable[[Grant], Response]
    ) -> tuple[Grant, Response]:
        """The grant and the answer after a refusal: with a newer one, or the same once more."""
        better = self.auth.renew(repository, grant, response)
        if better is not None:
            response = send(better)
        used = better or grant
        if self.auth.may_come_to_be_known(used, response) and self.deadline.pause(PAUSE):
            response = send(used)
        if better is not None and response.status < 400:
            self.batches.worked_alone(grant)
        return used, response
