"""Handing over: `POST handover/`, what it takes and what it answers."""

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
from registries.handover.naming import (
    NAMESPACE,
    SECRET_NAME,
    check_namespace,
    check_secret_name,
)
from registries.handover.recipient import Recipient, address_of
from registries.handover.wanted import MOST, Wanted, check_host
from registries.models.handover import Way
from registries.reference import IMAGE_PATTERN, Reference
from registries.secrets.reports import hide_on_debug_pages
from registries.text import gettext_noop as _
from registries.throttles import HandoverThrottle, ReadThrottle

MOST_ID = 2**63 - 1


class IdField(serializers.Field):  # type: ignore[type-arg]  # takes four, and none at run time
    """A registry's id: a number, or its digits in a form."""

    default_error_messages = {"invalid": later(_("Give a registry's id."))}

    def to_internal_value(self, data: Any) -> int:
        if (number := _id(data, is_form=self.context["is_form"])) is None:
            self.fail("invalid")
        return number


class IdsField(serializers.Field):  # type: ignore[type-arg]  # takes four, and none at run time
    """The ids of several registries."""

    default_error_messages = {
        "invalid": later(_("Give a list of 1 to %(most)d registries' ids."), most=MOST)
    }

    def to_internal_value(self, data: Any) -> tuple[int, ...]:
        is_list = isinstance(data, list) and 1 <= len(data) <= MOST
        found = [_id(each, is_form=self.context["is_form"]) for each in data] if is_list else []
        numbers = tuple(each for each in found if each is not None)
        if not is_list or len(numbers) < len(found):
            self.fail("invalid")
        return numbers


def _id(data: Any, *, is_form: bool) -> int | None:
    """The number that was given; None for anything else."""
    if is_form and isinstance(data, str) and data.isascii() and data.isdigit() and len(data) < 20:
        data = int(data)
    if isinstance(data, float) and data.is_integer():
        data = int(data)  # to JSON Schema 1.0 is a whole number
    return data if type(data) is int and 0 <= data <= MOST_ID else None


WANTED = ("image", "host", "registry", "registries")


class HandoverParams(serializers.Serializer[Any]):
    """What is to be handed over: one of the first four, and the form."""

    image = GrammarField(
        *(Reference.from_pasted, IMAGE_PATTERN, "ghcr.io/acme/app:1.0"),
        required=False,
        help_text="An image, as in docker pull: for what it is pulled with.",
    )
    host = GrammarField(
        *(check_host, r"^[^\x00]+$", "https://index.docker.io/v1/", "ghcr.io"),
        required=False,
        max_length=1024,
        help_text="A registry's host as docker's helpers are asked for it, such as"
        " https://index.docker.io/v1/; a path behind it makes it an image.",
    )
    registry = IdField(required=False, help_text="A registry by its id.")
    registries = IdsField(
        required=False, help_text="Several in one, in a form that holds several; all or nothing."
    )
    form = serializers.ChoiceField(
        choices=list(FORMS),
        error_messages={
            "required": later(_("This is required.")),
            "invalid_choice": later(_("Choose one of: %(values)s."), values=", ".join(FORMS)),
        },
        help_text="Who is to read it.",
    )
    name = GrammarField(
        *(check_secret_name, SECRET_NAME, "registries"),
        required=False,
        help_text="Of the Kubernetes Secret.",
    )
    namespace = GrammarField(
        *(check_namespace, NAMESPACE, "default"),
        required=False,
        help_text="Of the Kubernetes Secret.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = [name for name in WANTED if name in attrs]
        if len(given) != 1:
            text = later(_("Give one of: %(names)s."), names=", ".join(WANTED))
            raise ValidationError({given[1] if given else WANTED[0]: text})
        form = FORMS[attrs["form"]]
        if "registries" in attrs and not form.many:
            raise ValidationError(
                {"registries": later(_("This form holds one: give its id as registry."))}
            )
        for name in ("name", "namespace"):
            if name in attrs and form.slug != "kubernetes":
                raise ValidationError({name: later(_("Only a Kubernetes Secret has this."))})
        return attrs

    def wanted(self) -> Wanted:
        """What is asked for."""
        data = self.validated_data
        one = (data["registry"],) if "registry" in data else ()
        return Wanted(data.get("image", ""), data.get("host", ""), data.get("registries", one))


class Negotiation(JSONByDefault):
    """What comes is read by its type; errors are JSON."""

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
    """Credentials are asked for by POST, so that nothing on the way keeps them."""

    http_method_names = ["post", "options"]
    # Whether the account may have them is asked behind these, where a refusal is written down.
    permission_classes = (IsActive, NotCrossSite)
    throttle_classes = (ReadThrottle, HandoverThrottle)
    parser_classes = (JSONParser, FormParser)
    content_negotiation_class = Negotiation
    serializer_class = HandoverParams

    def perform_authentication(self, request: Request) -> None:
        try:
            super().perform_authentication(request)
        except PermissionDenied:
            # A session without the token against forged forms.
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
        handed = services.hand_over(
            FORMS[data["form"]],
            params.wanted(),
            recipient=recipient,
            name=data.get("name", ""),
            namespace=data.get("namespace", ""),
        )
        return HttpResponse(handed.text, content_type=handed.form.content_type)

    def _params(self, request: Request) -> HandoverParams:
        """What is asked for, read strictly. Raises APIException."""
        if request._request.GET:
            raise UnknownParameter(())
        try:
            data: Any = request.data
        except RecursionError:  # JSON as deep as it takes
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
    """The values of a form, each given once but the registries."""
    lists = dict(form.lists())
    if twice := [name for name, values in lists.items() if values[1:] and name != "registries"]:
        raise ValidationError(dict.fromkeys(twice, later(_("Enter this parameter only once."))))
    return {name: values if name == "registries" else values[0] for name, values in lists.items()}
