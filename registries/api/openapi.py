"""The API's OpenAPI 3.1 document, made by drf-spectacular from what the views declare.

Imported when the document is first asked for: loading the app does not load the generator.
"""

import threading
from collections import defaultdict
from functools import lru_cache
from typing import Any

from django.utils.translation import override
from drf_spectacular.generators import EndpointEnumerator, SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.settings import patched_settings
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework.generics import GenericAPIView

from registries.api import urls
from registries.api.base import ReadOnlyViewSet
from registries.api.errors import FAULTS, registrys_status
from registries.api.permissions import MayQuery
from registries.api.serializers import ErrorSerializer
from registries.verdicts import CODES, Verdict, sentence

# Whatever the site's own SPECTACULAR_SETTINGS say.
SETTINGS: dict[str, Any] = {
    "OAS_VERSION": "3.1.0",
    "TITLE": "Container registries",
    "DESCRIPTION": "Reads the site's container registries, and tags and digests from them."
    " HEAD and OPTIONS are answered as well, anything else is 405. Sentences are in the language"
    " that Accept-Language asks for, if the site has it; codes are never translated.",
    "VERSION": "1",
    "APPEND_COMPONENTS": {},
    "APPEND_PATHS": {},
    "SERVERS": [],
    "SECURITY": [],
    "PREPROCESSING_HOOKS": [],
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums"],
    "ENUM_NAME_OVERRIDES": {},
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SCHEMA_PATH_PREFIX": "/",
    "SCHEMA_PATH_PREFIX_INSERT": "",
    "SORT_OPERATIONS": False,
    "SORT_OPERATION_PARAMETERS": False,
    "CAMELIZE_NAMES": False,
}
# What the errors' statuses mean, where a registry is called and where not.
ERRORS = {
    400: "A parameter is unknown, missing or wrong.",
    401: "Nobody is signed in, or the sign-in is not accepted.",
    403: "This account may not read registries.",
    404: "There is nothing here.",
    429: "Too many requests: wait as many seconds as Retry-After says.",
    500: "This site failed.",
}
REGISTRYS_ERRORS = {
    404: "There is no such registry here, or no such repository or tag there.",
    502: "The registry refused, is broken, or asks for a pause (then with Retry-After).",
    504: "The registry did not answer in time.",
}
# What an error says besides its sentence.
MORE = {"invalid_parameter": {"fields": {"repository": "This is required."}}}
# Codes that only some addresses answer: those that name them.
RARE = {"no_registry", "platform_not_found", "cross_site"}
# What a check may find and no reading fails with.
HARMLESS = {Verdict.VALID, Verdict.ANONYMOUS, Verdict.UNPROVEN}
# The host that sentences about a registry name.
HOST = "registry.example"

_generating = threading.Lock()


def _header(name: str, description: str, statuses: list[int] | None = None) -> OpenApiParameter:
    """A header of requests, or of the responses with these statuses."""
    return OpenApiParameter(
        name, str, "header", response=statuses or False, description=description
    )


class Operation(AutoSchema):
    """A GET: with every error that it may answer, and the headers of its answers."""

    view: Any

    @property
    def _asks_a_registry(self) -> bool:
        return MayQuery in self.view.permission_classes

    @property
    def _rare(self) -> tuple[str, ...]:
        return (*self.view.faults, *(("cross_site",) if self._asks_a_registry else ()))

    @property
    def _has_etag(self) -> bool:
        return getattr(self.view, "action", "") in ReadOnlyViewSet.TAGGED

    def get_summary(self) -> str:
        return super().get_description()

    def get_description(self, *args: Any) -> str:
        return ""

    def get_override_parameters(self) -> list[Any]:
        pauses = "Seconds to wait; with 502, `rate_limited` only."
        headers = [
            _header("WWW-Authenticate", "How to sign in.", [401]),
            _header("Retry-After", pauses, [429, 502])
            if self._asks_a_registry
            else _header("Retry-After", "Seconds to wait.", [429]),
        ]
        if self._has_etag:
            headers += [
                _header("ETag", "What to send as If-None-Match the next time.", [200, 304]),
                _header(
                    "If-None-Match",
                    "The ETag of the answer that is held: 304 where it is the same.",
                ),
            ]
        params = self.view.get_params_class()()
        return [*headers, params] if params.fields else headers

    def _get_filter_parameters(self) -> list[dict[str, Any]]:
        # The library leaves room for a list of the choices' labels.
        parameters = super()._get_filter_parameters()  # type: ignore[no-untyped-call]
        return [{**each, "description": each["description"].strip()} for each in parameters]

    def get_request_serializer(self) -> None:
        return None

    def get_response_serializers(self) -> Any:
        errors = ERRORS | (REGISTRYS_ERRORS if self._asks_a_registry else {})
        examples = self._error_examples()
        unchanged = OpenApiResponse(description="The answer that is held is the same.")
        return {
            200: OpenApiResponse(self.view.serializer_class, "The answer."),
            **({304: unchanged} if self._has_etag else {}),
            **{
                status: OpenApiResponse(ErrorSerializer, description, examples[status])
                for status, description in sorted(errors.items())
            },
        }

    def _error_examples(self) -> dict[int, list[OpenApiExample]]:
        """The errors that the address may answer, each code once, by their statuses."""
        examples: dict[int, list[OpenApiExample]] = defaultdict(list)

        def add(status: int, code: str, detail: str, **fields: Any) -> None:
            value = {"code": code, "detail": detail, **fields}
            example = OpenApiExample(code, value, response_only=True, status_codes=[status])
            examples[status].append(example)

        for fault in FAULTS:
            if fault.code not in RARE or fault.code in self._rare:
                detail = fault.sentence.replace("%(names)s", "image")
                add(fault.status, fault.code, detail, **MORE.get(fault.code, {}))
        for code, meaning in CODES.items() if self._asks_a_registry else ():
            if meaning.verdict not in HARMLESS and (code not in RARE or code in self.view.faults):
                detail = sentence(code, host=HOST, realm=f"https://{HOST}")
                add(registrys_status(code), code, detail)
        return examples

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> dict[str, Any]:
        # No answer has properties that are not in its serializer.
        schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        return {**schema, "additionalProperties": False}


class _Addresses(EndpointEnumerator):
    def should_include_endpoint(self, path: str, callback: Any) -> bool:
        return issubclass(callback.cls, GenericAPIView)


class _Generator(SchemaGenerator):
    endpoint_inspector_cls = _Addresses

    def create_view(self, *args: Any, **kwargs: Any) -> Any:
        view = super().create_view(*args, **kwargs)  # type: ignore[no-untyped-call]  # untyped
        operation = Operation()
        operation.view = view
        self._set_schema_to_view(view, operation)  # type: ignore[no-untyped-call]  # untyped
        return view


def document(prefix: str) -> dict[str, Any]:
    """The OpenAPI document of the API under a path such as `/api`."""
    return {**_generated(), "servers": [{"url": prefix or "/"}]}


@lru_cache(maxsize=1)
def _generated() -> dict[str, Any]:
    # The generator's settings are global to the process, and it translates its own words.
    with _generating, patched_settings(SETTINGS), override(None):
        generator: Any = _Generator  # untyped, as the whole library
        made: dict[str, Any] = generator(patterns=urls.urlpatterns).get_schema(public=True)
    return made
