"""`POST handover/` hands over credentials."""

from typing import Any

from django.http import HttpResponse, QueryDict
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_variables
from rest_framework import serializers
from rest_framework.exceptions import ParseError, PermissionDenied, ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser, FormParser, JSONParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from registries import services
from registries.api.base import JSONByDefault, View
from registries.api.errors import PostOnly, UnknownParameter
from registries.api.params import GrammarField, later
from registries.api.permissions import (
    CrossSite,
    IsActive,
    NotCrossSite,
    limits_of,
    token_key_of,
    token_of,
)
from registries.handover import FORMS
from registries.handover.kubernetes_names import (
    NAMESPACE,
    SECRET_NAME,
    check_namespace,
    check_secret_name,
)
from registries.handover.recipient import Recipient, address_of
from registries.handover.target import MAX_REGISTRIES, Target, check_host
from registries.models.handover import Way
from registries.reference import IMAGE_PATTERN, Reference
from registries.secrets.reports import hide_on_debug_pages
from registries.text import gettext_noop as _
from registries.throttles import HandoverThrottle, ReadThrottle

MOST_ID = 2**63 - 1


class IdField(serializers.Field):  # type: ignore[type-arg]  # takes four, and none at run time
    """A registry's id: a number, or its digits in a form."""

    default_error_messages = {"invalid": later(_("Enter a registry's id."))}

    def to_internal_value(self, data: Any) -> int:
        if (number := _id(data, is_form=self.context["is_form"])) is None:
            self.fail("invalid")
        return number


class IdsField(serializers.Field):  # type: ignore[type-arg]  # takes four, and none at run time
    """The ids of several registries."""

    default_error_messages = {
        "invalid": later(_("Enter a list of 1 to %(most)d ids of registries."), most=MAX_REGISTRIES)
    }

    def to_internal_value(self, data: Any) -> tuple[int, ...]:
        is_list = isinstance(data, list) and 1 <= len(data) <= MAX_REGISTRIES
        ids = [_id(item, is_form=self.context["is_form"]) for item in data] if is_list else []
        numbers = tuple(number for number in ids if number is not None)
        if not is_list or len(numbers) < len(ids):
            self.fail("invalid")
        return numbers


def _id(data: Any, *, is_form: bool) -> int | None:
    """The id as an integer; None if it is not one."""
    if is_form and isinstance(data, str) and data.isascii() and data.isdigit() and len(data) < 20:
        data = int(data)
    if isinstance(data, float) and data.is_integer():
        data = int(data)  # to JSON Schema 1.0 is a whole number
    return data if type(data) is int and 0 <= data <= MOST_ID else None


TARGET_FIELDS = ("image", "host", "registry", "registries")


class HandoverParams(serializers.Serializer[Any]):
    """Credentials for one of the first four, in one form."""

    image = GrammarField(
        *(Reference.from_pasted, IMAGE_PATTERN, "ghcr.io/acme/app:1.0"),
        required=False,
        help_text="An image, as in docker pull. Its registry is used.",
    )
    host = GrammarField(
        *(check_host, r"^[^\x00]+$", "https://index.docker.io/v1/", "ghcr.io"),
        required=False,
        max_length=1024,
        help_text="A registry's host as docker's credential helpers get it, such as"
        " https://index.docker.io/v1/. With a path behind it, it is an image.",
    )
    registry = IdField(required=False, help_text="A registry's id.")
    registries = IdsField(
        required=False,
        help_text="Ids of several registries, for forms that can hold several. If one is refused,"
        " nothing is handed over.",
    )
    form = serializers.ChoiceField(
        choices=list(FORMS),
        error_messages={
            "required": later(_("This is required.")),
            "invalid_choice": later(_("Choose one of: %(values)s."), values=", ".join(FORMS)),
        },
        help_text="The format.",
    )
    name = GrammarField(
        *(check_secret_name, SECRET_NAME, "registries"),
        required=False,
        help_text="The name of the Kubernetes Secret.",
    )
    namespace = GrammarField(
        *(check_namespace, NAMESPACE, "default"),
        required=False,
        help_text="The namespace of the Kubernetes Secret.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        names = [name for name in TARGET_FIELDS if name in attrs]
        if len(names) != 1:
            text = later(_("Enter exactly one of: %(names)s."), names=", ".join(TARGET_FIELDS))
            raise ValidationError({names[1] if names else TARGET_FIELDS[0]: text})
        form = FORMS[attrs["form"]]
        if "registries" in attrs and not form.many:
            raise ValidationError(
                {
                    "registries": later(
                        _("This form can hold only one registry. Enter its id as registry.")
                    )
                }
            )
        for name in ("name", "namespace"):
            if name in attrs and form.slug != "kubernetes":
                raise ValidationError({name: later(_("This is only for a Kubernetes Secret."))})
        return attrs

    def target(self) -> Target:
        """The target of the request."""
        data = self.validated_data
        one = (data["registry"],) if "registry" in data else ()
        return Target(data.get("image", ""), data.get("host", ""), data.get("registries", one))


class Negotiation(JSONByDefault):
    """The request is parsed by its content type; errors are JSON."""

    def select_parser(self, request: Request, parsers: Any) -> BaseParser:  # type: ignore[override]  # or raises
        parser = DefaultContentNegotiation().select_parser(request, parsers)
        if parser is None:
            raise ParseError
        return parser

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


class HandoverView(View, GenericAPIView[Any]):
    """Credentials are requested by POST, so that no proxy or browser caches them."""

    http_method_names = ["post", "options"]
    # Whether the account may hand over is checked later, where refusals are recorded in the audit.
    permission_classes = (IsActive, NotCrossSite)
    throttle_classes = (ReadThrottle, HandoverThrottle)
    parser_classes = (JSONParser, FormParser)
    content_negotiation_class = Negotiation
    serializer_class = HandoverParams

    def perform_authentication(self, request: Request) -> None:
        try:
            super().perform_authentication(request)
        except PermissionDenied:
            # A session without a CSRF token.
            raise CrossSite from None

    @method_decorator(sensitive_variables())
    def post(self, request: Request) -> HttpResponse:
        """Hand over credentials, in the form that another program reads."""
        hide_on_debug_pages(request._request)
        params = self._params(request)
        data = params.validated_data
        recipient = Recipient.of(
            request.user,
            Way.API,
            token=token_of(request),
            token_key=token_key_of(request),
            address=address_of(request._request),
            limits=limits_of(request),
        )
        response = services.hand_over(
            FORMS[data["form"]],
            params.target(),
            recipient=recipient,
            name=data.get("name", ""),
            namespace=data.get("namespace", ""),
        )
        return HttpResponse(response.text, content_type=response.form.content_type)

    def _params(self, request: Request) -> HandoverParams:
        """The validated parameters. Raises APIException, also for unknown ones."""
        if request._request.GET:
            raise UnknownParameter(())
        try:
            data: Any = request.data
        except RecursionError:  # deeply nested JSON
            raise ParseError from None
        if not isinstance(data, dict):
            raise ParseError
        is_form = isinstance(request.data, QueryDict)
        names = [*HandoverParams().fields]
        if not data.keys() <= set(names):
            raise UnknownParameter(names)
        if isinstance(request.data, QueryDict):
            data = _single(request.data)
        params = HandoverParams(data=data, context={"is_form": is_form})
        params.is_valid(raise_exception=True)
        return params

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        raise PostOnly(str(request.method))

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response


def _single(form: QueryDict) -> dict[str, Any]:
    """The values of a form. Only `registries` may appear more than once."""
    lists = dict(form.lists())
    if twice := [name for name, values in lists.items() if values[1:] and name != "registries"]:
        raise ValidationError(dict.fromkeys(twice, later(_("Enter this parameter only once."))))
    return {name: values if name == "registries" else values[0] for name, values in lists.items()}
