"""What every address of the API does alike."""

import hashlib
from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.utils.decorators import method_decorator
from django.utils.http import parse_etags
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import BasePermission
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registries import services
from registries.api import errors
from registries.api.parameters import Parameter, read
from registries.api.permissions import MayRead, ReadThrottle


class AlwaysJSON(BaseContentNegotiation):
    """JSON, whatever the request would rather have: there is nothing else, errors included."""

    def select_parser(self, request: Request, parsers: Iterable[Any]) -> None:
        return None

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        only = next(iter(renderers))
        return only, only.media_type


def conditional(request: Request, response: Response) -> HttpResponse:
    """The answer with an ETag over its body; 304 where the caller has it already (RFC 9110)."""
    response.render()
    response["ETag"] = tag = f'"{hashlib.sha256(response.content).hexdigest()}"'
    held = parse_etags(request.META.get("HTTP_IF_NONE_MATCH", ""))
    if "*" not in held and tag not in [each.removeprefix("W/") for each in held]:
        return response
    kept = {name: response[name] for name in ("ETag", "Cache-Control", "Vary") if name in response}
    return HttpResponseNotModified(headers=kept)


# In no transaction: a registry is waited for, and nothing is written.
@method_decorator(services.outside_transactions, name="dispatch")
class ReadView(APIView):
    """An address that can be read, and nothing else.

    Every policy stands here, so that the site's REST_FRAMEWORK changes none of them. Only who
    somebody is, the site's own authentication classes say.
    """

    permission_classes: tuple[type[BasePermission], ...] = (MayRead,)
    throttle_classes: tuple[type[ReadThrottle], ...] = (ReadThrottle,)
    renderer_classes = (JSONRenderer,)
    parser_classes = ()
    content_negotiation_class = AlwaysJSON
    versioning_class = None
    metadata_class = None

    # Left out of the site's own documents: this API has one of its own.
    schema = None

    # The query parameters that the address takes.
    parameters: tuple[Parameter, ...] = ()
    # The component of `shapes` that it answers; empty for what is not part of the document.
    shape = ""
    asks_a_registry = False
    # The codes of `errors.FAULTS` that it may answer and others may not.
    faults: tuple[str, ...] = ()
    # Whether whoever has the answer already may ask for it on condition that it changed.
    has_tag = False

    def perform_authentication(self, request: Request) -> None:
        try:
            super().perform_authentication(request)
        except UnicodeError:
            # Not every authentication class expects a header that is no text.
            raise AuthenticationFailed from None

    def get_authenticate_header(self, request: Request) -> str:
        # REST framework asks the first class alone, and turns 401 into 403 where that has none,
        # as sessions do.
        told = (each.authenticate_header(request) for each in self.get_authenticators())
        return next(filter(None, told), "Session")

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        # Nothing is written, so there is nothing to forge: a POST gets its 405 without a token.
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]  # no stub
        return super().initialize_request(request, *args, **kwargs)

    def get(self, request: Request, **path: Any) -> HttpResponseBase:
        return Response(self.answer(self.wanted()))

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Any:
        final = super().finalize_response(request, response, *args, **kwargs)
        if self.has_tag and final.status_code == 200:
            return conditional(request, final)
        return final

    def options(self, request: HttpRequest, *args: Any, **path: Any) -> Response:
        return Response(status=204)

    def wanted(self) -> dict[str, Any]:
        """The values of the query's parameters. Raises InvalidParameters."""
        return read(self.request.META.get("QUERY_STRING", ""), self.parameters)

    def answer(self, wanted: dict[str, Any]) -> Any:
        """What a GET answers, from the values of the parameters."""
        raise NotImplementedError

    @property
    def default_response_headers(self) -> dict[str, str]:
        # Answers belong to one account: shared caches keep nothing.
        return {**super().default_response_headers, "Cache-Control": "private, no-cache"}

    def get_exception_handler(self) -> Callable[..., Response]:
        return errors.answer
