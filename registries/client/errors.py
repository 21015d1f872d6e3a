"""What the client raises: one root error, subclasses named by what the operator does next.

Each error carries a code of the catalogue in `registries.verdicts` and parameters of ours; the
words of a server or a library never enter it.
"""

from datetime import datetime

from registries.verdicts import CODES, Verdict, sentence


class ClientError(Exception):
    """A registry could not be used; `code` and `verdict` say why, `str()` what to do.

    `params` fill the code's sentence: host names and other values of ours, never secrets.
    """

    def __init__(self, code: str, **params: str) -> None:
        self.code = code
        self.params = params
        super().__init__(sentence(code, **params))

    @property
    def verdict(self) -> Verdict | None:
        """The verdict the code leads to; None where it is about an image only."""
        return CODES[self.code].verdict


class Rejected(ClientError):
    """The credentials were refused: enter them again."""


class ImageDenied(ClientError):
    """Signed in, but the image is not readable or not there: look at its name and the rights."""


class NotFound(ClientError):
    """The registry has no such repository, tag or digest: correct the name."""


class Misconfigured(ClientError):
    """The row cannot work as it stands: change it."""


class Throttled(ClientError):
    """The registry asks for a pause: wait until `retry_at`.

    `retry_at` is an aware UTC datetime, at most an hour ahead; None when the registry gave none.
    """

    def __init__(self, code: str, *, retry_at: datetime | None = None, **params: str) -> None:
        super().__init__(code, **params)
        self.retry_at = retry_at


class Unreachable(ClientError):
    """No answer, or none that can be used: look at the network, or wait."""
