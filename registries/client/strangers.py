"""Strangers: whether somebody without these credentials would have been let in as well.

A guest is asked for, and an account that was invented for the purpose. Nobody's own name is ever
tried with a wrong password: Harbor freezes an account for everybody for 1.5 seconds after one
(goharbor/harbor, src/core/auth/authenticator.go), and others lock accounts for longer. What an
invented account fails with can lock nobody out, yet fail2ban counts it against this address, so
it signs in once and the answer is remembered.
"""

import secrets
from collections.abc import Callable
from time import monotonic

from registries.client import digests, sign_in
from registries.client.context import Context
from registries.client.deadline import Deadline
from registries.client.errors import ClientError, ImageDenied, Misconfigured, NotFound, Rejected
from registries.client.session import Session
from registries.client.tokens import Kept, MemoryTokens
from registries.credentials import Anonymous, Basic, Credential
from registries.endpoint import Proof
from registries.verdicts import CODES, Stranger, Verdict

# How much of the time that is left one stranger may take.
SHARE = 0.5

_PASSED = {Stranger.REFUSED: True, Stranger.LET_IN: False, Stranger.UNANSWERED: None}


def invented() -> Basic:
    """An account that nobody has: a random name, with a random password."""
    return Basic(f"nobody-{secrets.token_hex(12)}", secrets.token_urlsafe(24))


class Strangers:
    """What a registry makes of those who do not have the credentials of this context's client.

    answer: what it made of an invented account, as it is remembered or as it was just now; None
    where none was ever tried. may_invent: whether one may be tried. Nothing here raises.
    """

    def __init__(
        self, context: Context, credential: Credential, answer: Stranger | None, *, may_invent: bool
    ) -> None:
        self._context = context
        self._compares = context.endpoint.proof is Proof.COMPARE and isinstance(credential, Basic)
        self._may_invent = may_invent
        self.answer = answer

    def judged(self, code: str, image: tuple[str, str] | None) -> str:
        """What a sign-in that ended with `code` is worth, and an image that the account has read.

        Whatever cannot be found out is no reason to doubt a sign-in: only the steps tell of it.
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
        """Whether somebody else may read an image; True where it cannot be said of a guest."""

        def find(session: Session) -> None:
            digests.digest(session, repository, reference)

        if self._try(Anonymous(), find) is not Stranger.REFUSED:
            return True
        if not self._compares or self.answer is Stranger.REFUSED:
            return False
        if not self._may_invent or self.answer is Stranger.UNANSWERED:
            self._context.deadline.note("stranger", None)
            return self.answer is Stranger.LET_IN
        # Where it was let in before, it is not refused now: nothing counts against anybody.
        answer = self._try_invented(find)
        if self.answer is Stranger.LET_IN:
            return answer is not Stranger.REFUSED
        self.answer = answer
        return answer is Stranger.LET_IN

    def _try_invented(self, attempt: Callable[[Session], object]) -> Stranger:
        started = monotonic()
        answer = self._try(invented(), attempt)
        self._context.deadline.note("stranger", _PASSED[answer], monotonic() - started)
        return answer

    def _try(self, credential: Credential, attempt: Callable[[Session], object]) -> Stranger:
        """What comes of an attempt as somebody else, within a share of the time that is left."""
        endpoint, transport = self._context.endpoint, self._context.transport
        with Deadline(self._context.deadline.remaining() * SHARE) as deadline:
            # Under an identity that nobody has: it shares no tokens.
            kept = Kept(MemoryTokens(), secrets.token_hex(16), deadline.remaining)
            session = Session(Context(endpoint, transport, deadline, kept), credential)
            try:
                attempt(session)
            except (ImageDenied, NotFound, Rejected, Misconfigured) as error:
                # A firewall's page is nobody's judgement of an account.
                by_another = error.code == "token_server_refused"
                return Stranger.UNANSWERED if by_another else Stranger.REFUSED
            except ClientError:
                return Stranger.UNANSWERED
            return Stranger.LET_IN
