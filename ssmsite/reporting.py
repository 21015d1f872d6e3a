"""What error reports and the log leave out."""

import logging
import re

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter


class ReporterFilter(SafeExceptionReporterFilter):
    """Hides addresses too: those of the database, the cache and the proxy may hold a password.

    What is posted with passwords is hidden on debug pages as well as in mails.
    """

    hidden_settings = re.compile(
        SafeExceptionReporterFilter.hidden_settings.pattern + "|_URL|LOCATION|PROXY", re.IGNORECASE
    )

    def is_active(self, request: HttpRequest | None) -> bool:
        return True


def short(record: logging.LogRecord) -> bool:
    """Keep a record, without the traceback where the fault is a visitor's."""
    if getattr(record, "status_code", 500) < 500:
        record.exc_info = None
    return True
