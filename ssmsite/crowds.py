"""Limits parallel sign-ins, so that they do not delay other requests."""

from collections.abc import Callable
from functools import wraps
from threading import BoundedSemaphore

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render

# The most parallel sign-ins in one process. Hashing a password takes a good part of a second, so
# more of them would use every thread of a server that is started as in docs/operate.md.
MAX_PARALLEL = 4


def few_at_once(
    view: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Limit the parallel POST requests of a view, and answer 503 to any others."""
    slots = BoundedSemaphore(MAX_PARALLEL)

    @wraps(view)
    def limited_view(request: HttpRequest) -> HttpResponseBase:
        if request.method != "POST":
            return view(request)
        if not slots.acquire(blocking=False):
            response = render(request, "503.html", status=503)
            response["Retry-After"] = "2"
            return response
        try:
            return view(request)
        finally:
            slots.release()

    return limited_view
