"""What browsers may load into the site's pages: its own files, and nothing written into a page."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

HEADER = "Content-Security-Policy"
POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


def content_security_policy(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Put the policy on every answer."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        # Django's own pages about a fault, which DEBUG shows, have scripts and styles inside.
        if not (settings.DEBUG and response.status_code in {404, 500}):
            response[HEADER] = POLICY
        return response

    return middleware
