"""`Strangers`: finds out whether a registry also accepts somebody without these credentials.

This is tried anonymously and with an invented account. A real user name is never tried with a wrong
password: Harbor then blocks the account for 1.5 seconds (goharbor/harbor,
src/core/auth/authenticator.go), and other servers lock it for longer. An invented account locks
nobody out, but fail2ban counts it against the site's address. So it signs in only once, and the
result is stored.
"""

import secrets
from collections.abc import Callable
from time import monotonic

from registries.client import digests, sign_in
from registries.client.context import Context
from registries.client.deadline import Deadline
from registries.client.errors import ClientError, ImageDenied, Misconfigured, NotFound, Rejected
from registries.client.session import Session
from registries.client.tokens import Cache, MemoryTokens
from registries.credentials import Anonymous, Basic, Credential
from registries.endpoint import Proof
from registries.verdicts import CODES, Stranger, Verdict

# The share of the remaining time that one attempt may take.
SHARE = 0.5

_STEP_PASSED = {Stranger.REFUSED: True, Stranger.LET_IN: False, Stranger.UNANSWERED: None}


def invented_account() -> Basic:
    """Return a random user name and password, which no account has."""
    return Basic(f"nobody-{secrets.token_hex(12)}", secrets.token_urlsafe(24))


class Strangers:
    """How a registry treats those who do not have the client's credentials. Nothing here raises.

    answer: how it treats an invented account, as stored or as just found out; None if none was
        ever tried.
    may_invent: whether an invented account may be tried.
    """

    def __init__(
        self, context: Context, credential: Credential, answer: Stranger | None, *, may_invent: bool
    ) -> None:
        self._context = context
        self._compares = context.endpoint.proof is Proof.COMPARE and isinstance(credential, Basic)
        self._may_invent = may_invent
        self.answer = answer

    def final_code(self, code: str, image: tuple[str, str] | None) -> str:
        """Return the code of a check whose sign-in ended with `code`.

        image: the image that the account could read, if any.
        If an attempt has no clear result, the sign-in counts as proven; only the steps say so.
        """
        if code == "signed_in" and self._may_sign_in():
            code = "accepts_any_password"
        if image and CODES[code].verdict is Verdict.UNPROVEN and not self._may_read(*image):
            code = "signed_in"
        return code

    def _may_sign_in(self) -> bool:
        if not self._compares:
            return False
        if self.answer is None and self._may_invent:
            self.answer = self._try_invented(lambda session: sign_in.sign_in(session.auth))
        elif self.answer in {None, Stranger.UNANSWERED}:
            self._context.deadline.note("stranger", None)
        return self.answer is Stranger.LET_IN

    def _may_read(self, repository: str, reference: str) -> bool:
        """Return whether a stranger may read an image; True if the anonymous attempt is unclear."""

        def read(session: Session) -> None:
            digests.digest(session, repository, reference)

        if self._try(Anonymous(), read) is not Stranger.REFUSED:
            return True
        if not self._compares or self.answer is Stranger.REFUSED:
            return False
        if not self._may_invent or self.answer is Stranger.UNANSWERED:
            self._context.deadline.note("stranger", None)
            return self.answer is Stranger.LET_IN
        # An invented account that may sign in causes no failed sign-in, so trying it is harmless.
        answer = self._try_invented(read)
        if self.answer is Stranger.LET_IN:
            return answer is not Stranger.REFUSED
        self.answer = answer
        return answer is Stranger.LET_IN

    def _try_invented(self, attempt: Callable[[Session], object]) -> Stranger:
        started = monotonic()
        answer = self._try(invented_account(), attempt)
        self._context.deadline.note("stranger", _STEP_PASSED[answer], monotonic() - started)
        return answer

    def _try(self, credential: Credential, attempt: Callable[[Session], object]) -> Stranger:
        """Make an attempt with another credential, within a share of the remaining time."""
        endpoint, transport = self._context.endpoint, self._context.transport
        with Deadline(self._context.deadline.remaining() * SHARE) as deadline:
            # A random identity shares no cached tokens.
            cache = Cache(MemoryTokens(), secrets.token_hex(16), deadline.remaining)
            session = Session(Context(endpoint, transport, deadline, cache), credential)
            try:
                attempt(session)
            except (ImageDenied, NotFound, Rejected, Misconfigured) as error:
                # A firewall's page says nothing about the account.
                is_firewall = error.code == "token_server_refused"
                return Stranger.UNANSWERED if is_firewall else Stranger.REFUSED
            except ClientError:
                return Stranger.UNANSWERED
            return Stranger.LET_IN
