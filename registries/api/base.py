"""What every address of the API has in common."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.utils.cache import get_conditional_response, set_response_etag
from django.utils.decorators import method_decorator
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer, BrowsableAPIRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.settings import api_settings
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from registries import services
from registries.api.errors import exception_handler
from registries.api.params import read_query
from registries.api.permissions import MayRead, ReadThrottle


class PageRenderer(BrowsableAPIRenderer):
    """The browsable API of REST framework without forms: those would show what was typed."""

    template = "registries/api.html"

    def get_rendered_html_form(self, *args: Any) -> None:
        return None

    def get_raw_data_form(self, *args: Any) -> None:
        return None

    def get_filter_form(self, *args: Any) -> None:
        return None


class JSONOrPage(BaseContentNegotiation):
    """A page where one is asked for and allowed, else JSON: errors too, and nothing gets 406."""

    def select_parser(self, request: Request, parsers: Any) -> None:
        return None

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        accepted = request.headers.get("Accept", "")
        wants_page = "text/html" in accepted and "application/json" not in accepted
        renderer = renderers[-1 if wants_page else 0]
        return renderer, renderer.media_type


# In no transaction: a registry is waited for, and nothing is written.
@method_decorator(services.outside_transactions, name="dispatch")
class ReadOnlyView(APIView):
    """An address that can be read, and nothing else.

    Every policy stands here, so that the site's REST_FRAMEWORK changes none of them. Only who
    somebody is, the site's own authentication classes say, and whether people get pages: where
    the browsable API is among the site's renderers.
    """

    permission_classes: Any = (MayRead,)
    throttle_classes: Any = (ReadThrottle,)
    renderer_classes = (JSONRenderer,)
    parser_classes = ()
    content_negotiation_class = JSONOrPage
    versioning_class = None
    metadata_class = None
    # Left out of the site's own documents: this API has one of its own.
    schema = None

    # What reads the query's parameters; the values are in `self.params`.
    params_class: type[Serializer[Any]] = Serializer
    # The codes of `errors.FAULTS` that it may answer and others may not.
    faults: tuple[str, ...] = ()

    def get_renderers(self) -> list[BaseRenderer]:
        pages = [PageRenderer()] if self._are_pages_allowed else []
        return [*super().get_renderers(), *pages]

    @property
    def _are_pages_allowed(self) -> bool:
        renderers: Any = api_settings.DEFAULT_RENDERER_CLASSES
        return any(issubclass(each, BrowsableAPIRenderer) for each in renderers)

    def perform_authentication(self, request: Request) -> None:
        try:
            super().perform_authentication(request)
        except UnicodeError:
            # Not every authentication class expects a header that is no text.
            raise AuthenticationFailed from None

    def get_authenticate_header(self, request: Request) -> str:
        # REST framework asks the first class alone, and turns 401 into 403 where that has none,
        # as sessions do.
        headers = (each.authenticate_header(request) for each in self.get_authenticators())
        return next(filter(None, headers), "Session")

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        # Nothing is written, so there is nothing to forge: a POST gets its 405 without a token.
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]  # no stub
        return super().initialize_request(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method in {"GET", "HEAD"}:
            self.params = self.read_params(request)

    def read_params(self, request: Request) -> dict[str, Any]:
        """The values of the query's parameters. Raises ValidationError and what read_query does."""
        query = read_query(request.META.get("QUERY_STRING", ""), self.get_param_names())
        request._request.GET = query  # type: ignore[assignment]  # as filters and pages read it
        serializer = self.get_params_class()(data=query.dict())
        serializer.is_valid(raise_exception=True)
        params: dict[str, Any] = serializer.validated_data
        return params

    def get_params_class(self) -> type[Serializer[Any]]:
        return self.params_class

    def get_param_names(self) -> list[str]:
        """The parameters that the address takes."""
        return [*self.get_params_class()().fields]

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        return Response(status=204)

    @property
    def default_response_headers(self) -> dict[str, str]:
        # Answers belong to one account: shared caches keep nothing.
        headers = {**super().default_response_headers, "Cache-Control": "private, no-cache"}
        return headers | ({"Vary": "Accept"} if self._are_pages_allowed else {})

    def get_exception_handler(self) -> Callable[..., Response]:
        return exception_handler


class ReadOnlyViewSet(ReadOnlyView, GenericViewSet[Any]):
    """Addresses of one thing. Those that list or retrieve it can be asked on condition."""

    TAGGED = ("list", "retrieve")

    filter_backends: Any = ()
    pagination_class: Any = None

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Any:
        """With an ETag over the body; 304 where the caller has it already (RFC 9110)."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if response.status_code != 200 or self.action not in self.TAGGED:
            return response
        set_response_etag(response.render())
        if "HTTP_IF_NONE_MATCH" not in request.META:
            return response
        return get_conditional_response(request, response["ETag"], response=response)
