"""Limits the size of requests, and accepts files only where a view expects them.

Django reads the body of a POST before the user is authenticated, because the CSRF token may be in
it. By default it stores uploaded files of any size on the disk while it does so.
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
    """Accepts files only for views with the attribute `takes_files`, and keeps them in memory."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        match = self.request.resolver_match if self.request else None
        if not getattr(match and match.func, "takes_files", False):
            raise BadRequest("This page does not accept files.")
        super().new_file(*args, **kwargs)


def limit(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Refuse a request with a large Content-Length before its body is read."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if _is_too_much(request.META.get("CONTENT_LENGTH")):
            raise RequestDataTooBig("The request is too large.")
        return get_response(request)

    return middleware


def limited(application: ASGI) -> ASGI:
    """Do the same for ASGI, where Django stores the whole body before any middleware runs.

    A body without Content-Length is cut off when it gets too large.
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
            # For Django the client has disconnected, so it drops the request without a response.
            return {"type": "http.disconnect"} if _is_too_much(received) else message

        if not _is_too_much(announced):
            await application(scope, counted, send)
        if _is_too_much(announced) or _is_too_much(received):
            await send({"type": "http.response.start", "status": 413, "headers": []})
            await send({"type": "http.response.body", "body": b""})

    return app


def _is_too_much(length: Any) -> bool:
    """Return whether a length is too large. As in Django, an invalid one counts as zero."""
    try:
        return int(length or 0) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    except ValueError:
        return False
