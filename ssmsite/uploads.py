"""How much a request may bring: no files but where a page asks for one, and never much.

Django reads a posted body before anybody is asked who he is: its protection against forged forms
looks for a token in it. By itself it keeps files of any size on the disk meanwhile.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import HttpRequest, HttpResponse

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
ASGI = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]


class Files(MemoryFileUploadHandler):
    """Takes files into memory for views that have the attribute `takes_files`; refuses all others.

    That attribute is how a page that imports a file says so.
    """

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        match = self.request.resolver_match if self.request else None
        if not getattr(match and match.func, "takes_files", False):
            raise BadRequest("A file was sent to a page that takes none.")
        super().new_file(*args, **kwargs)


def limit(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Refuse a request by the length that it announces, before anything of its body is read."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if _is_too_much(request.META.get("CONTENT_LENGTH")):
            raise RequestDataTooBig("The request brings more than the site takes.")
        return get_response(request)

    return middleware


def limited(application: ASGI) -> ASGI:
    """The same for ASGI, where Django keeps the whole body on the disk before any middleware runs.

    A body without a length is cut where it gets too long.
    """

    async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0").decode("latin-1")
        received = 0

        async def counted() -> Mapping[str, Any]:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            # To Django it looks as if the visitor had left: it drops what it has, and says nothing.
            return {"type": "http.disconnect"} if _is_too_much(received) else message

        if not _is_too_much(announced):
            await application(scope, counted, send)
        if _is_too_much(announced) or _is_too_much(received):
            await send({"type": "http.response.start", "status": 413, "headers": []})
            await send({"type": "http.response.body", "body": b""})

    return app


def _is_too_much(length: Any) -> bool:
    """Whether so many bytes are refused; a text that is no number is none, as it is to Django."""
    try:
        return int(length or 0) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    except ValueError:
        return False
