"""What a process does of few at a time, so that everything else is never kept waiting."""

from collections.abc import Callable
from functools import wraps
from threading import BoundedSemaphore

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render

# Sign-ins that one process looks at together. Each computes for a good part of a second, so more
# would take every thread of a server as docs/operate.md starts it.
AT_ONCE = 4


def few_at_once(
    view: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """The view, which looks at few forms at once: pages and health checks never wait for them."""
    places = BoundedSemaphore(AT_ONCE)

    @wraps(view)
    def few(request: HttpRequest) -> HttpResponseBase:
        if request.method != "POST":
            return view(request)
        if not places.acquire(blocking=False):
            response = render(request, "503.html", status=503)
            response["Retry-After"] = "2"
            return response
        try:
            return view(request)
        finally:
            places.release()

    return few
