"""Requests about repositories, signed in."""

from registries.client import answers
from registries.client.answers import Pulls
from registries.client.auth import Authorizer
from registries.client.batch import Batches
from registries.client.context import Context
from registries.client.deadline import Deadline
from registries.client.errors import ImageDenied
from registries.client.manifests import ACCEPT
from registries.client.transport import Response
from registries.client.urls import Url
from registries.credentials import Credential


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
    ) -> Response:
        """The registry's answer about a repository, whatever its status but 401.

        `url` may be at another origin, where a redirect led: there nothing is sent that signs in.
        A refusal is answered once with a newer grant. Raises ClientError.
        """

        def send() -> Response:
            return self._context.transport.request(
                method,
                url,
                headers={"Accept": accept},
                authorization=grant.authorization if is_at_home else None,
                deadline=self._context.deadline,
                limit=limit,
                redirects=redirects,
            )

        is_at_home = Url.parse(url).origin == self.auth.own.origin
        grant = self.auth.grant(repository)
        response = send()
        if not is_at_home or Url.parse(response.url).origin != self.auth.own.origin:
            # Where a redirect led, nobody commands how we sign in, or judges the credentials.
            if response.status == 401:
                raise ImageDenied("no_access_to_image")
            return response
        if response.status == 401 or response.status in self._context.endpoint.renew_on:
            refused, renewed = grant, self.auth.renew(repository, grant, response)
            if renewed is not None:
                grant = renewed
                response = send()
                if response.status < 400:
                    self.batches.worked_alone(refused)
        if self.counts_pulls:
            self.pulls = answers.pulls(response.headers) or self.pulls
        if response.status == 401:
            raise self.auth.refusal(grant, response)
        return response
