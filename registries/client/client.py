"""One registry, as one account: does it let us in, which tags are there, which digest has one?"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from registries.client import digests, listing, sign_in
from registries.client.context import Context
from registries.client.deadline import Deadline
from registries.client.errors import (
    ClientError,
    ImageDenied,
    Misconfigured,
    Rejected,
    Throttled,
    Unreachable,
)
from registries.client.manifests import Manifest, Platform
from registries.client.responses import Pulls
from registries.client.session import Session
from registries.client.strangers import Strangers
from registries.client.tokens import Kept, TokenStore
from registries.client.transport import Transport
from registries.client.workers import Workers
from registries.credentials import Credential
from registries.endpoint import Endpoint
from registries.reference import InvalidReference, parse_repository
from registries.verdicts import CODES, Step, Stranger, Verdict

__all__ = ["Client", "Manifest", "Outcome", "Platform", "Pulls"]

# Requests of one `digests` call that run side by side.
THREADS = 8


# What another image may be spared: something answered, or the connection was there.
OF_ONE_ANSWER = frozenset({"connection", "server_error", "bad_answer", "too_large", "redirected"})

_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a check ended: the verdict, its code, and what fills the code's sentence.

    `retry_at` (aware UTC) is set where the registry asks for a pause, `pulls` where it tells how
    many are left. `steps` is what was gone through. `stranger` is what is known of an invented
    account, to be handed to the next check with the same credentials.
    """

    verdict: Verdict
    code: str
    params: Mapping[str, str] = field(default_factory=dict)
    retry_at: datetime | None = None
    pulls: Pulls | None = None
    steps: tuple[Step, ...] = field(default=(), compare=False)
    stranger: Stranger | None = field(default=None, compare=False)


class Client:
    """Talks to one registry with one credential, until the deadline.

    `identity` names row and secrets: whatever is kept in `tokens` belongs to it alone, so it
    changes when they change.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        credential: Credential,
        *,
        transport: Transport,
        tokens: TokenStore,
        deadline: Deadline,
        identity: str,
    ) -> None:
        kept = Kept(tokens, identity, deadline.remaining)
        self._context = Context(endpoint, transport, deadline, kept)
        self._credential = credential
        self._session = Session(self._context, credential)

    def check(
        self,
        repository: str | None = None,
        reference: str | None = None,
        *,
        stranger: Stranger | None = None,
        may_invent: bool = True,
    ) -> Outcome:
        """Sign in and say how it went; with an image, look for it as well. Raises nothing.

        The image's own trouble has its code and the sign-in's verdict. `stranger` is what an
        earlier check with these credentials learned of an invented account; where it is None,
        one is tried if the endpoint's proof needs it and this client `may_invent` any.
        """
        strangers = Strangers(self._context, self._credential, stranger, may_invent=may_invent)
        image = None if repository is None else (repository, reference or "latest")
        code, verdict, failure = "", Verdict.UNREACHABLE, None
        try:
            code = sign_in.sign_in(self._session.auth)
            if image is not None:
                with self._context.deadline.step("image"):
                    self.digest(*image)
        except ClientError as error:
            failure = error
        if code == "signed_in" and isinstance(failure, Rejected):
            # They were accepted just now, so it is the image that they may not read: Artifactory
            # and others answer 401 to that (https://github.com/kubernetes/kubernetes/issues/65958).
            failure = ImageDenied("no_access_to_image")
        if code in {"guests_refused", "public_by_image"} and image and not failure:
            code = "public"
        if code == "guests_refused":
            self._context.deadline.note("credentials", passed=False)
            # Of an image that a guest may not read there is nothing to add.
            failure = failure if failure and failure.verdict else None
        if code and not (failure and failure.verdict):
            # Last, so that what a stranger meets with is never taken for the account's trouble.
            code = strangers.judged(code, None if failure else image)
            verdict = CODES[code].verdict or verdict
        outcome = Outcome(
            verdict,
            code,
            pulls=self._session.pulls,
            steps=self._context.deadline.steps,
            stranger=strangers.answer,
        )
        if failure is None:
            return outcome
        return replace(
            outcome,
            verdict=failure.verdict or verdict,
            code=failure.code,
            params=failure.params,
            retry_at=failure.retry_at if isinstance(failure, Throttled) else None,
        )

    def tags(
        self,
        repository: str,
        *,
        last: str | None = None,
        n: int | None = None,
        prefix: str | None = None,
    ) -> list[str]:
        """The tags of a repository, in the registry's order, each once. Raises ClientError.

        prefix: only those that begin so. last: only those behind this tag; n: at most so many.
        With one of these two they are sorted, and no page is asked that is not needed.
        """
        return _told(lambda: listing.tags(self._session, repository, last=last, n=n, prefix=prefix))

    def digest(self, repository: str, reference: str) -> str:
        """The digest that a tag or digest stands for, an index's own. Raises ClientError.

        Asked with HEAD, which Docker Hub does not count as a pull.
        """
        return _told(lambda: digests.digest(self._session, repository, reference))

    def manifest(self, repository: str, reference: str, platform: str | None = None) -> Manifest:
        """Digest and media type and, for an index, its platforms. Raises ClientError.

        platform: of an index, the manifest for this platform alone (`linux/arm64`, `linux/arm/v7`),
        NotFound("platform_not_found") where it has none. A manifest that is no index names no
        platform, and is answered as it is.
        """
        return _told(lambda: digests.manifest(self._session, repository, reference, platform))

    def digests(self, pairs: Sequence[tuple[str, str]]) -> list[str | ClientError]:
        """The digests of many (repository, reference) pairs, in their order. Raises nothing.

        A pair that fails has its ClientError in its place; one that stops them all is in every
        place that was not asked any more.
        """
        results: dict[tuple[str, str], str | ClientError] = {}
        stopped: list[ClientError] = []

        def look_up(pair: tuple[str, str]) -> None:
            if stopped:
                results[pair] = stopped[0]
                return
            try:
                results[pair] = self.digest(*pair)
            except ClientError as error:
                results[pair] = error
                if _stops_all(error):
                    stopped.append(error)

        with Workers(THREADS) as workers:
            try:
                self._session.batches.fetch(dict.fromkeys(_repositories(pairs)), workers.each)
            except ClientError as error:
                stopped.append(error)
            workers.each(look_up, list(dict.fromkeys(pairs)))
        return [results[pair] for pair in pairs]


def _told(call: Callable[[], _Found]) -> _Found:
    """What a call finds; its error is raised from here.

    A traceback that went deeper would show tokens to whoever prints local values.
    """
    try:
        return call()
    except ClientError as error:
        failure = error.with_traceback(None)
    raise failure


def _repositories(pairs: Iterable[tuple[str, str]]) -> Iterable[str]:
    for repository, _ in pairs:
        with suppress(InvalidReference):
            yield parse_repository(repository)


def _stops_all(error: ClientError) -> bool:
    """Whether an error is about the account or the registry, so that every image would have it."""
    if isinstance(error, Misconfigured):
        return error.code != "invalid_reference"
    if isinstance(error, Unreachable):
        return error.code not in OF_ONE_ANSWER
    return isinstance(error, Throttled | Rejected)
