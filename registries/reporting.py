"""`ReporterFilter`: keeps the app's settings out of error reports, and a check that one does.

registries.W007  a reporter filter that shows addresses of NOTIFY, or the password in PROXY
"""

import re
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, register
from django.core.checks import Warning as Caution
from django.views.debug import SafeExceptionReporterFilter, get_default_exception_reporter_filter

# What is in a value that may contain a token or a password.
SIGNS = {"NOTIFY": "://", "PROXY": "@"}


class ReporterFilter(SafeExceptionReporterFilter):
    """Also hides NOTIFY and PROXY, whose addresses contain tokens and passwords."""

    hidden_settings = re.compile(
        SafeExceptionReporterFilter.hidden_settings.pattern + "|PROXY|NOTIFY", re.IGNORECASE
    )


@register(Tags.security)
def check_reports(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report if mails and pages about errors would show addresses with tokens and passwords."""
    try:
        reported = get_default_exception_reporter_filter().get_safe_settings()
    except ImportError:
        return []  # Django reports no errors at all then
    shown = reported.get("REGISTRIES")
    names = [
        name
        for name, sign in SIGNS.items()
        if isinstance(shown, dict) and sign in str(shown.get(name))
    ]
    return [
        Caution(
            f"Error reports, such as Django's mails to ADMINS, show REGISTRIES[{name!r}].",
            hint="Set DEFAULT_EXCEPTION_REPORTER_FILTER = 'registries.reporting.ReporterFilter'"
            f" (now {settings.DEFAULT_EXCEPTION_REPORTER_FILTER!r}).",
            id="registries.W007",
        )
        for name in names
    ]
