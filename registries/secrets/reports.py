"""What reports of faults must not show."""

from copy import copy

from django.http import HttpRequest
from django.views.debug import get_exception_reporter_filter


def hide_on_debug_pages(request: HttpRequest) -> None:
    """Have what is sensitive in the request left out of debug pages too, as it is of mails."""
    reports = copy(get_exception_reporter_filter(request))
    reports.is_active = lambda request: True  # type: ignore[method-assign]
    request.__dict__["exception_reporter_filter"] = reports
