"""The exceptions of the client, one subclass for each kind of thing that the operator can do.

Each has a code from the catalogue in `registries.verdicts`. The messages of servers and libraries
are never part of it.
"""

from datetime import datetime

from registries.verdicts import CODES, Verdict, sentence


class ClientError(Exception):
    """A call of a registry failed. `code` and `verdict` say why, `str()` what to do.

    `params` fill the placeholders of the code's sentence, such as host names; never secrets.
    kind: the slug of the row's kind, set by `row_client.client_for`. Some kinds have a sentence of
    their own for a code.
    """

    kind = ""

    def __init__(self, code: str, **params: str) -> None:
        self.code = code
        self.params = params
        super().__init__(sentence(code, **params))

    @property
    def verdict(self) -> Verdict | None:
        """The verdict of the code; None if the error is only about an image."""
        return CODES[self.code].verdict


class Rejected(ClientError):
    """The credentials were refused and have to be entered again."""


class ImageDenied(ClientError):
    """The sign-in succeeded, but the image is missing or the account has no access to it."""


class NotFound(ClientError):
    """The registry has no such repository, tag or digest."""


class Misconfigured(ClientError):
    """The row has to be changed before it can work."""


class Throttled(ClientError):
    """The registry asks for a pause.

    `retry_at` is an aware UTC datetime, at most an hour ahead, or None if the registry gave none.
    """

    def __init__(self, code: str, *, retry_at: datetime | None = None, **params: str) -> None:
        super().__init__(code, **params)
        self.retry_at = retry_at


class Unreachable(ClientError):
    """The registry did not answer, or its response cannot be used."""
