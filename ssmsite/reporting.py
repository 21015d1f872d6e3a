"""Removes sensitive and useless parts from error reports and logs."""

import logging
import re

from django.http import HttpRequest

from registries import reporting


class ReporterFilter(reporting.ReporterFilter):
    """Also hides the URLs of database and cache, which may contain passwords.

    Sensitive POST parameters are hidden on debug pages too, not only in mails.
    """

    hidden_settings = re.compile(
        reporting.ReporterFilter.hidden_settings.pattern + "|_URL|LOCATION", re.IGNORECASE
    )

    def is_active(self, request: HttpRequest | None) -> bool:
        return True


def short(record: logging.LogRecord) -> bool:
    """Drop the traceback of a log record if the error is the client's. Always returns True."""
    if getattr(record, "status_code", 500) < 500:
        record.exc_info = None
    return True
