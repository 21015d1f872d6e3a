"""The base classes of the API's views."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, Resolver404, get_script_prefix, resolve
from django.utils.cache import get_conditional_response, set_response_etag
from django.utils.decorators import method_decorator
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
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
from registries.api.permissions import MayRead
from registries.throttles import ReadThrottle


class ReadOnlyBrowsableRenderer(BrowsableAPIRenderer):
    """The browsable API of REST framework without its forms, which would show the input."""

    template = "registries/api.html"

    def get_rendered_html_form(self, *args: Any) -> None:
        return None

    def get_raw_data_form(self, *args: Any) -> None:
        return None

    def get_filter_form(self, *args: Any) -> None:
        return None


class JSONByDefault(BaseContentNegotiation):
    """Choose HTML if the request accepts it and not JSON, otherwise JSON; never answer 406."""

    def select_parser(self, request: Request, parsers: Any) -> None:
        return None

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        accepted = request.headers.get("Accept", "")
        wants_html = "text/html" in accepted and "application/json" not in accepted
        renderer = renderers[-1 if wants_html else 0]
        return renderer, renderer.media_type


# Requests are not wrapped in a transaction: they may wait for a registry.
@method_decorator(services.outside_transactions, name="dispatch")
class View(APIView):
    """A view of the API.

    It sets every policy itself, so that the site's REST_FRAMEWORK setting does not change them.
    Only two things are the site's: its authentication classes, and whether its renderers include
    the browsable API.
    """

    permission_classes: Any = (MayRead,)
    throttle_classes: Any = (ReadThrottle,)
    renderer_classes = (JSONRenderer,)
    parser_classes: Any = ()
    content_negotiation_class = JSONByDefault
    versioning_class = None
    metadata_class = None
    # The API has its own OpenAPI document and is not part of the site's.
    schema = None

    # The codes of rare errors that this view can return, for the OpenAPI document.
    faults: tuple[str, ...] = ()

    def get_renderers(self) -> list[BaseRenderer]:
        pages = [ReadOnlyBrowsableRenderer()] if self._is_browsable else []
        return [*super().get_renderers(), *pages]

    @property
    def _is_browsable(self) -> bool:
        renderers: Any = api_settings.DEFAULT_RENDERER_CLASSES
        return any(issubclass(renderer_class, BrowsableAPIRenderer) for renderer_class in renderers)

    def perform_authentication(self, request: Request) -> None:
        try:
            super().perform_authentication(request)
        except UnicodeError:
            # Some authentication classes do not expect a header that cannot be decoded.
            raise AuthenticationFailed from None

    def handle_exception(self, exc: Exception) -> Any:
        """The response to an error; who comes with a browser and has not signed in is led to it."""
        if isinstance(exc, NotAuthenticated) and self.is_in_browser and (login := _login_url()):
            return redirect_to_login(self.request.get_full_path(), login)
        return super().handle_exception(exc)

    @property
    def is_in_browser(self) -> bool:
        """Whether somebody reads the answer as a page."""
        renderer = getattr(self.request, "accepted_renderer", None)
        return isinstance(renderer, ReadOnlyBrowsableRenderer) and self.request.method == "GET"

    def get_authenticate_header(self, request: Request) -> str:
        # REST framework only asks the first class, and answers 403 instead of 401 if that one has
        # no header, such as SessionAuthentication.
        headers = (
            authenticator.authenticate_header(request)
            for authenticator in self.get_authenticators()
        )
        return next(filter(None, headers), "Session")

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        return Response(status=204)

    @property
    def default_response_headers(self) -> dict[str, str]:
        # Responses are for one account, so shared caches must not store them.
        headers = {**super().default_response_headers, "Cache-Control": "private, no-cache"}
        return headers | ({"Vary": "Accept"} if self._is_browsable else {})

    def get_exception_handler(self) -> Callable[..., Response]:
        return exception_handler


class ReadOnlyView(View):
    """A view that supports only GET, HEAD and OPTIONS."""

    # The serializer of the query parameters. Their values are in `self.params`.
    params_class: type[Serializer[Any]] = Serializer

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        # It writes nothing, so a POST without CSRF token gets its 405.
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]  # no stub
        return super().initialize_request(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method in {"GET", "HEAD"}:
            self.params = self.read_params(request)

    def read_params(self, request: Request) -> dict[str, Any]:
        """Return the validated query parameters. Raises ValidationError, and as `read_query`."""
        query = read_query(request.META.get("QUERY_STRING", ""), self.get_param_names())
        request._request.GET = query  # type: ignore[assignment]  # as filters and pages read it
        serializer = self.get_params_class()(data=query.dict())
        serializer.is_valid(raise_exception=True)
        params: dict[str, Any] = serializer.validated_data
        return params

    def get_params_class(self) -> type[Serializer[Any]]:
        return self.params_class

    def get_param_names(self) -> list[str]:
        """Return the names of the parameters that the view accepts."""
        return [*self.get_params_class()().fields]


class ReadOnlyViewSet(ReadOnlyView, GenericViewSet[Any]):
    """A read-only viewset. Its list and retrieve actions support conditional requests."""

    ACTIONS_WITH_ETAG = ("list", "retrieve")

    filter_backends: Any = ()
    pagination_class: Any = None

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Any:
        """Add an ETag of the body, and answer 304 if the client has it already (RFC 9110)."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if response.status_code != 200 or self.action not in self.ACTIONS_WITH_ETAG:
            return response
        set_response_etag(response.render())
        if "HTTP_IF_NONE_MATCH" not in request.META:
            return response
        return get_conditional_response(request, response["ETag"], response=response)


def _login_url() -> str | None:
    """The site's page to sign in; None where LOGIN_URL is Django's own, and leads nowhere."""
    try:
        address = resolve_url(settings.LOGIN_URL)
        path = urlsplit(address)
        if not path.netloc:
            resolve(f"/{path.path.removeprefix(get_script_prefix())}")
    except (NoReverseMatch, Resolver404):
        return None
    return address
