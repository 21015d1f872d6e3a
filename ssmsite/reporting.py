"""What error reports leave out."""

import re

from django.views.debug import SafeExceptionReporterFilter


class ReporterFilter(SafeExceptionReporterFilter):
    """Hides addresses too: those of the database, the cache and the proxy may hold a password."""

    hidden_settings = re.compile(
        SafeExceptionReporterFilter.hidden_settings.pattern + "|_URL|LOCATION|PROXY", re.IGNORECASE
    )
