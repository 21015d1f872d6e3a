"""What error reports leave out."""

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
