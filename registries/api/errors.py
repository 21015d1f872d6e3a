"""What the API answers when something is wrong: always `{"code", "detail"}`, never the input.

The codes here are this API's own. What a registry did wrong has a code of
`registries.verdicts.CODES`; the two never share one.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.signals import got_request_exception
from django.http import Http404, JsonResponse
from django.utils.log import log_response
from django.utils.translation import gettext
from rest_framework import exceptions
from rest_framework.response import Response

from registries.client.errors import ClientError, Throttled
from registries.text import Text
from registries.text import gettext_noop as _
from registries.verdicts import CODES

# Seconds to wait for a registry that asks for a pause without saying how long.
PAUSE = 60


class InvalidParameters(exceptions.APIException):
    """Parameters that the address does not take; `fields` tells what is wrong with which."""

    status_code = 400

    def __init__(self, code: str, detail: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(detail, code)
        self.code = code
        self.sentence = detail
        self.fields = fields


class NoRegistry(exceptions.APIException):
    """No registry of the site answers for an image."""

    status_code = 404


class PlatformNotFound(exceptions.APIException):
    """An index has no manifest for a platform."""

    status_code = 404


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to fail: the exceptions it stands for, its status, code and sentence."""

    of: tuple[type[Exception], ...]
    status: int
    code: str
    sentence: str


FAULTS = (
    Fault((exceptions.NotAuthenticated,), 401, "not_authenticated", _("Sign in first.")),
    Fault(
        (exceptions.AuthenticationFailed,),
        401,
        "authentication_failed",
        _("This sign-in is not accepted."),
    ),
    Fault(
        (exceptions.PermissionDenied, PermissionDenied),
        403,
        "permission_denied",
        _("This account may not read this."),
    ),
    Fault((NoRegistry,), 404, "no_registry", _("No registry of this site answers for this image.")),
    Fault(
        (PlatformNotFound,),
        404,
        "platform_not_found",
        _("This image is there, but not for this platform."),
    ),
    Fault((Http404, exceptions.NotFound), 404, "not_found", _("There is nothing here.")),
    Fault(
        (exceptions.MethodNotAllowed,),
        405,
        "method_not_allowed",
        _("This API only reads: use GET, HEAD or OPTIONS."),
    ),
    Fault(
        (exceptions.Throttled,),
        429,
        "throttled",
        _("Too many requests. Wait as many seconds as Retry-After says."),
    ),
    Fault(
        (SuspiciousOperation, exceptions.ParseError, exceptions.ValidationError),
        400,
        "bad_request",
        _("This request cannot be understood."),
    ),
    Fault((Exception,), 500, "internal_error", _("The site failed. Its log tells why.")),
)


def answer(error: Exception, context: Mapping[str, Any]) -> Response:
    """The answer to whatever was raised in a view. Raises nothing."""
    if isinstance(error, ClientError):
        response = _registrys_fault(error)
        # Not this site's failure: nobody is woken by a mail.
        _log(response, context, level="warning")
        return response
    if isinstance(error, InvalidParameters):
        return _invalid(error)
    fault = next(fault for fault in FAULTS if isinstance(error, fault.of))
    # What a site's own authentication raises may have a status of its own.
    status = error.status_code if isinstance(error, exceptions.APIException) else fault.status
    response = _response(status, fault.code, gettext(fault.sentence))
    if challenge := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = challenge
    if isinstance(error, exceptions.Throttled):
        response["Retry-After"] = str(math.ceil(getattr(error, "wait", None) or PAUSE))
    if fault is FAULTS[-1]:
        # As Django does where nobody catches an exception: log, mails and error trackers know.
        got_request_exception.send(sender=None, request=context["request"]._request)
        _log(response, context, exception=error)
    return response


def outside_views(code: str) -> JsonResponse:
    """One of FAULTS as JSON, for a site's error handlers: what fails before a view is reached."""
    fault = next(fault for fault in FAULTS if fault.code == code)
    return JsonResponse(
        {"code": fault.code, "detail": gettext(fault.sentence)}, status=fault.status
    )


def _response(status: int, code: str, detail: str, **more: Any) -> Response:
    return Response({"code": code, "detail": detail, **more}, status)


def _invalid(error: InvalidParameters) -> Response:
    more = {"fields": error.fields} if error.fields else {}
    return _response(error.status_code, error.code, error.sentence, **more)


def registrys_status(code: str) -> int:
    """404 for what a registry does not have, 504 for its silence, else 502."""
    absent = {"repository_not_found", "name_refused", "tag_not_found"}
    return 404 if code in absent else 504 if code == "timeout" else 502


def _registrys_fault(error: ClientError) -> Response:
    detail = Text(CODES[error.code].sentence, error.params).render(gettext)
    response = _response(registrys_status(error.code), error.code, detail)
    if isinstance(error, Throttled):
        response["Retry-After"] = str(_seconds_until(error.retry_at))
    return response


def _seconds_until(moment: datetime | None) -> int:
    if moment is None:
        return PAUSE
    return max(1, math.ceil((moment - datetime.now(UTC)).total_seconds()))


def _log(response: Response, context: Mapping[str, Any], **more: Any) -> None:
    request = context["request"]._request
    reason = response.reason_phrase
    log_response("%s: %s", reason, request.path, response=response, request=request, **more)
