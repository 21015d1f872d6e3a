"""The errors of the API, which are always `{"code", "detail"}` and never repeat the input.

The codes here are the API's own. Errors of registries have the codes of
`registries.verdicts.CODES`. No code is in both.
"""

import math
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.core import exceptions as django
from django.core.signals import got_request_exception
from django.http import Http404, JsonResponse
from django.utils.log import log_response
from django.utils.translation import gettext
from rest_framework.exceptions import (
    APIException,
    AuthenticationFailed,
    MethodNotAllowed,
    NotAuthenticated,
    NotFound,
    ParseError,
    PermissionDenied,
    Throttled,
    ValidationError,
)
from rest_framework.response import Response

from registries.api.permissions import CrossSite, TokenLimited
from registries.client import errors as client
from registries.handover.refusals import REFUSALS, HandoverRefused
from registries.models.results import detail_for
from registries.text import gettext_noop as _

# The Retry-After in seconds if a registry asks for a pause without saying how long.
PAUSE = 60


class InvalidQuery(APIException):
    """The query string is not UTF-8, or it has too many parameters."""

    status_code = 400


class UnknownParameter(APIException):
    """The view does not accept a parameter. `names` are those that it accepts."""

    status_code = 400

    def __init__(self, names: Collection[str]) -> None:
        super().__init__()
        self.names = names


class PostOnly(MethodNotAllowed):
    """The view supports only POST."""

    def __init__(self, method: str) -> None:
        super().__init__(method)


class NoRegistry(APIException):
    """No registry of the site answers for an image."""

    status_code = 404


class Fault(NamedTuple):
    """An error of the API: its status, code and sentence, and the exceptions it is used for."""

    status: int
    code: str
    sentence: str
    of: Any


# The first one that matches an exception counts.
FAULTS = (
    Fault(401, "not_authenticated", _("Sign in first."), NotAuthenticated),
    Fault(
        401,
        "authentication_failed",
        _("The credentials of this request are not valid."),
        AuthenticationFailed,
    ),
    Fault(
        *(
            403,
            "cross_site",
            _("This request came from another website. Open the address yourself."),
        ),
        CrossSite,
    ),
    Fault(403, "token_limited", REFUSALS["token_limited"], TokenLimited),
    Fault(
        *(403, "permission_denied", _("This account does not have permission to read this.")),
        django.PermissionDenied | PermissionDenied,
    ),
    Fault(404, "no_registry", _("No registry of this site is for this image."), NoRegistry),
    Fault(404, "not_found", _("Nothing was found at this address."), Http404 | NotFound),
    Fault(405, "post_only", _("Ask for credentials by POST."), PostOnly),
    Fault(
        *(405, "method_not_allowed", _("This API is read-only. Use GET, HEAD or OPTIONS.")),
        MethodNotAllowed,
    ),
    Fault(
        *(429, "throttled", _("Too many requests. Wait the number of seconds in Retry-After.")),
        Throttled,
    ),
    Fault(
        400,
        "invalid_query",
        _("The query is invalid. Encode it as percent-encoded UTF-8."),
        InvalidQuery,
    ),
    Fault(
        400,
        "unknown_parameter",
        _("There is an unknown parameter. Supported parameters: %(names)s."),
        UnknownParameter,
    ),
    Fault(
        *(
            400,
            "invalid_parameter",
            _("A parameter is missing or invalid. See “fields” for details."),
        ),
        ValidationError,
    ),
    Fault(
        *(400, "bad_request", _("The request is malformed.")),
        django.SuspiciousOperation | ParseError,
    ),
    Fault(
        500,
        "internal_error",
        _("The site had an internal error. See its log for details."),
        Exception,
    ),
)


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response:
    """Return the response for any exception in a view."""
    request = context["request"]._request
    if isinstance(error, client.ClientError):
        response = _from_client_error(error)
        # This is not a failure of the site, so it must not send a mail to the admins.
        _log(response, request, level="warning")
        return response
    if isinstance(error, HandoverRefused):
        body = {"code": error.code, "detail": error.detail}
        response = Response(body, status_of_refusal(error.code))
        _log(response, request, level="warning")
        return response
    fault = next(fault for fault in FAULTS if isinstance(error, fault.of))
    # Exceptions of the site's own authentication classes may have other statuses.
    status = error.status_code if isinstance(error, APIException) else fault.status
    data: dict[str, Any] = {"code": fault.code, "detail": _detail(fault, error)}
    if isinstance(error, ValidationError) and isinstance(error.detail, dict):
        fields: Any = error.detail.items()
        data["fields"] = {name: e if isinstance(e, str) else e[0] for name, e in fields}
    response = Response(data, status)
    if challenge := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = challenge
    if isinstance(error, Throttled):
        response["Retry-After"] = str(math.ceil(getattr(error, "wait", None) or PAUSE))
    if fault is FAULTS[-1]:
        # As Django does for uncaught exceptions, so that logs, mails and error trackers get it.
        got_request_exception.send(sender=None, request=request)
        _log(response, request, exception=error)
    return response


def error_response(code: str) -> JsonResponse:
    """Return one of FAULTS as JSON, for the site's handlers of errors outside of views."""
    fault = next(fault for fault in FAULTS if fault.code == code)
    return JsonResponse(
        {"code": fault.code, "detail": gettext(fault.sentence)}, status=fault.status
    )


def _detail(fault: Fault, error: Exception) -> str:
    if not isinstance(error, UnknownParameter):
        return gettext(fault.sentence)
    if not error.names:
        return gettext(_("There is an unknown parameter. None are supported here."))
    return gettext(fault.sentence) % {"names": ", ".join(error.names)}


def status_of(code: str) -> int:
    """Return the status for a registry's error: 404 if something is missing, 504 or 502."""
    absent = {"repository_not_found", "name_refused", "tag_not_found", "platform_not_found"}
    late = {"timeout", "list_timeout"}
    return 404 if code in absent else 504 if code in late else 502


def status_of_refusal(code: str) -> int:
    """Return 403 if the account, the token or the row does not allow a hand-over, otherwise 409.

    Never 404: operators in clusters take that for "delete the secret".
    """
    about_rights = {"not_permitted", "token_limited", "not_allowed"}
    return 403 if code in about_rights else 409


def _from_client_error(error: client.ClientError) -> Response:
    detail = detail_for(error.code, error.params, error.kind)
    response = Response({"code": error.code, "detail": detail}, status_of(error.code))
    if isinstance(error, client.Throttled):
        response["Retry-After"] = str(_seconds_until(error.retry_at))
    return response


def _seconds_until(retry_at: datetime | None) -> int:
    if retry_at is None:
        return PAUSE
    return max(1, math.ceil((retry_at - datetime.now(UTC)).total_seconds()))


def _log(response: Response, request: Any, **options: Any) -> None:
    reason = response.reason_phrase
    log_response("%s: %s", reason, request.path, response=response, request=request, **options)
