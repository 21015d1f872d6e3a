"""`Client`: signs in to one registry, lists tags and finds digests."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from registries.client import digests, ends, listing, sign_in
from registries.client.account import Lasting
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
from registries.client.tokens import Cache, TokenStore
from registries.client.transport import Transport
from registries.client.urls import Url
from registries.client.workers import Workers
from registries.credentials import Credential
from registries.endpoint import Endpoint
from registries.reference import InvalidReference, parse_repository
from registries.verdicts import CODES, Step, Stranger, Verdict

__all__ = ["Client", "Lasting", "Manifest", "Outcome", "Platform", "Pulls"]

# Requests of one `digests` call that run side by side.
THREADS = 8


# Codes of Unreachable that are about one request: other images may still be readable.
SINGLE_REQUEST_CODES = frozenset(
    {"connection", "server_error", "bad_answer", "too_large", "redirected"}
)

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a check.

    verdict, code, params: from the catalogue; `params` fill the placeholders of the sentence.
    retry_at: aware UTC, set if the registry asks for a pause.
    pulls: set if the registry says how many are left.
    steps: the steps that were taken.
    stranger: how the registry treats an invented account, if that is known. Pass it to the next
        check with the same credentials.
    end: when the credentials end; None if nobody says so.
    """

    verdict: Verdict
    code: str
    params: Mapping[str, str] = field(default_factory=dict)
    retry_at: datetime | None = None
    pulls: Pulls | None = None
    steps: tuple[Step, ...] = field(default=(), compare=False)
    stranger: Stranger | None = field(default=None, compare=False)
    end: ends.End | None = field(default=None, compare=False)


class Client:
    """Talks to one registry with one credential, until the deadline.

    `identity` stands for a row and its secrets, and changes when they do. What is cached in
    `tokens` is only used again with the same identity.
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
        cache = Cache(tokens, identity, deadline.remaining)
        self._context = Context(endpoint, transport, deadline, cache)
        self._credential = credential
        self._session = Session(self._context, credential)

    @property
    def is_anonymous(self) -> bool:
        """Whether it signs in as nobody."""
        return self._session.auth.account.is_anonymous

    @property
    def is_exchanged(self) -> bool:
        """Whether it signs in with what a cloud gives for the stored credentials."""
        return self._session.auth.account.is_exchanged

    @property
    def is_told_its_host(self) -> bool:
        """Whether the exchange says where the registry is."""
        return self._session.auth.account.is_told_its_host

    @property
    def host(self) -> str:
        """The registry's host, maybe with a port. Raises ClientError where none is known."""
        return Url.parse(self._session.auth.base).authority

    def lasting(self) -> Lasting:
        """What other programs can sign in with for a while. Raises ClientError."""
        return self._session.auth.account.lasting()

    def check(
        self,
        repository: str | None = None,
        reference: str | None = None,
        *,
        stranger: Stranger | None = None,
        may_invent: bool = True,
        asks_end: bool = False,
    ) -> Outcome:
        """Sign in and return the outcome; with a repository, also read an image. Raises nothing.

        If only the image fails, the outcome has the image's code and the sign-in's verdict.
        `stranger` is what an earlier check with these credentials found out about an invented
        account. If it is None, one is tried, provided that the endpoint's proof needs one and
        `may_invent` is set. `asks_end` is whether to ask the server when the credentials end.
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
            # The credentials were just accepted, so they have no access to the image. Artifactory
            # and others answer 401 then (https://github.com/kubernetes/kubernetes/issues/65958).
            failure = ImageDenied("no_access_to_image")
        if code in {"guests_refused", "public_by_image"} and image and not failure:
            code = "public"
        if code == "guests_refused":
            self._context.deadline.note("credentials", passed=False)
            # That guests are refused already says why the image cannot be read.
            failure = failure if failure and failure.verdict else None
        if code and not (failure and failure.verdict):
            # Strangers are tried last, so that their errors are not taken for the account's.
            code = strangers.final_code(code, None if failure else image)
            verdict = CODES[code].verdict or verdict
        end = ends.said_by(self._credential)
        if end is None and asks_end and code == "signed_in" and failure is None:
            end = ends.told_by_server(self._session.auth, self._credential)
        outcome = Outcome(
            verdict,
            code,
            pulls=self._session.pulls,
            steps=self._context.deadline.steps,
            stranger=strangers.answer,
            end=end,
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
        """Return the tags of a repository in the registry's order. Raises ClientError.

        prefix: only tags that start with it. last: only tags after this one. n: at most this many.
        With `last` or `n` the tags are sorted, and only the pages that are needed are requested.
        """
        return _call(lambda: listing.tags(self._session, repository, last=last, n=n, prefix=prefix))

    def digest(self, repository: str, reference: str) -> str:
        """Return the digest of a tag or digest; of an index, the index's own. Raises ClientError.

        This uses HEAD, which Docker Hub does not count as a pull.
        """
        return _call(lambda: digests.digest(self._session, repository, reference))

    def manifest(self, repository: str, reference: str, platform: str | None = None) -> Manifest:
        """Return digest, media type and, for an index, the platforms. Raises ClientError.

        platform: such as `linux/arm64` or `linux/arm/v7`. Returns the manifest of this platform in
            an index, or raises NotFound("platform_not_found"). A manifest that is not an index has
            no platform and is returned as it is.
        """
        return _call(lambda: digests.manifest(self._session, repository, reference, platform))

    def digests(self, pairs: Sequence[tuple[str, str]]) -> list[str | ClientError]:
        """Return the digests of many (repository, reference) pairs, in order. Raises nothing.

        A pair that fails has its ClientError in the list. An error that concerns all pairs also
        stands in for those that were not requested any more.
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
                self._session.batches.fetch(dict.fromkeys(_repositories(pairs)), workers.for_each)
            except ClientError as error:
                stopped.append(error)
            workers.for_each(look_up, list(dict.fromkeys(pairs)))
        return [results[pair] for pair in pairs]


def _call(call: Callable[[], _Result]) -> _Result:
    """Return the result of a call, and raise its ClientError without the deeper traceback.

    The local variables in it contain tokens, and some error reports print those.
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
    """Return whether an error is about the account or the registry, not about one image."""
    if isinstance(error, Misconfigured):
        return error.code != "invalid_reference"
    if isinstance(error, Unreachable):
        return error.code not in SINGLE_REQUEST_CODES
    return isinstance(error, Throttled | Rejected)
