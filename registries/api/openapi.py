"""The OpenAPI 3.1 document of the API, which drf-spectacular generates from the views.

This module is imported when the document is first requested, because the generator is slow to load.
"""

import threading
from collections import defaultdict
from functools import lru_cache
from typing import Any

from django.utils.translation import override
from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from drf_spectacular.generators import EndpointEnumerator, SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.settings import patched_settings
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework.generics import GenericAPIView

from registries.api import urls
from registries.api.base import ReadOnlyViewSet
from registries.api.errors import FAULTS, status_of
from registries.api.permissions import MayQuery
from registries.api.serializers import ErrorSerializer
from registries.verdicts import CODES, Verdict, sentence

# These replace the site's own SPECTACULAR_SETTINGS.
SETTINGS: dict[str, Any] = {
    "OAS_VERSION": "3.1.0",
    "TITLE": "Container registries",
    "DESCRIPTION": "Reads the site's container registries, and their tags and digests. HEAD and"
    " OPTIONS are supported as well; all other methods get 405. Sentences are in the language of"
    " Accept-Language if the site has it. Codes are never translated.",
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
# The meanings of the statuses of errors, for all views and for those that call a registry.
ERRORS = {
    400: "A parameter is unknown, missing or invalid.",
    401: "The request has no credentials, or they are not accepted.",
    403: "This account may not read registries.",
    404: "Nothing was found.",
    429: "There were too many requests. Retry-After says how many seconds to wait.",
    500: "The site failed with an internal error.",
}
REGISTRY_ERRORS = {
    404: "The site has no such registry, or the registry has no such repository or tag.",
    502: "The registry refused the request, failed, or asks for a pause (see Retry-After).",
    504: "The registry did not answer in time.",
}
# The fields of an error besides its code and sentence.
EXTRA_FIELDS = {"invalid_parameter": {"fields": {"repository": "This is required."}}}
# Codes that only some views return. They list them in `faults`.
RARE = {"no_registry", "platform_not_found", "cross_site"}
# The verdicts of checks that did not fail.
NOT_FAILED = {Verdict.VALID, Verdict.ANONYMOUS, Verdict.UNPROVEN}
# The registry's host in example sentences.
HOST = "registry.example"

# A site may use a subclass of Knox's authentication, as ours does.
KnoxTokenScheme.match_subclasses = True

_generating = threading.Lock()


def _header(name: str, description: str, statuses: list[int] | None = None) -> OpenApiParameter:
    """Return a request header, or a header of the responses with these statuses."""
    return OpenApiParameter(
        name, str, "header", response=statuses or False, description=description
    )


class Operation(AutoSchema):
    """A GET operation with its possible errors and its headers."""

    view: Any

    @property
    def _calls_a_registry(self) -> bool:
        return MayQuery in self.view.permission_classes

    @property
    def _rare_codes(self) -> tuple[str, ...]:
        return (*self.view.faults, *(("cross_site",) if self._calls_a_registry else ()))

    @property
    def _has_etag(self) -> bool:
        return getattr(self.view, "action", "") in ReadOnlyViewSet.ACTIONS_WITH_ETAG

    def get_summary(self) -> str:
        return super().get_description()

    def get_description(self, *args: Any) -> str:
        return ""

    def get_override_parameters(self) -> list[Any]:
        pauses = "Seconds to wait; with 502, `rate_limited` only."
        headers = [
            _header("WWW-Authenticate", "How to sign in.", [401]),
            _header("Retry-After", pauses, [429, 502])
            if self._calls_a_registry
            else _header("Retry-After", "Seconds to wait.", [429]),
        ]
        if self._has_etag:
            headers += [
                _header("ETag", "Send this as If-None-Match with the next request.", [200, 304]),
                _header(
                    "If-None-Match",
                    "The ETag of an earlier response. If it is still the same, the answer is 304.",
                ),
            ]
        params = self.view.get_params_class()()
        return [*headers, params] if params.fields else headers

    def _get_filter_parameters(self) -> list[dict[str, Any]]:
        # The library appends an empty list of the choices' labels.
        parameters = super()._get_filter_parameters()  # type: ignore[no-untyped-call]
        return [
            {**parameter, "description": parameter["description"].strip()}
            for parameter in parameters
        ]

    def get_request_serializer(self) -> None:
        return None

    def get_response_serializers(self) -> Any:
        errors = ERRORS | (REGISTRY_ERRORS if self._calls_a_registry else {})
        examples = self._error_examples()
        unchanged = OpenApiResponse(description="The response that the client has is unchanged.")
        return {
            200: OpenApiResponse(self.view.serializer_class, "The response."),
            **({304: unchanged} if self._has_etag else {}),
            **{
                status: OpenApiResponse(ErrorSerializer, description, examples[status])
                for status, description in sorted(errors.items())
            },
        }

    def _error_examples(self) -> dict[int, list[OpenApiExample]]:
        """Return an example of each error that the view can return, by status."""
        examples: dict[int, list[OpenApiExample]] = defaultdict(list)

        def add(status: int, code: str, detail: str, **fields: Any) -> None:
            value = {"code": code, "detail": detail, **fields}
            example = OpenApiExample(code, value, response_only=True, status_codes=[status])
            examples[status].append(example)

        for fault in FAULTS:
            if fault.code not in RARE or fault.code in self._rare_codes:
                detail = fault.sentence.replace("%(names)s", "image")
                add(fault.status, fault.code, detail, **EXTRA_FIELDS.get(fault.code, {}))
        for code, meaning in CODES.items() if self._calls_a_registry else ():
            if meaning.verdict not in NOT_FAILED and (code not in RARE or code in self.view.faults):
                detail = sentence(code, host=HOST, realm=f"https://{HOST}")
                add(status_of(code), code, detail)
        return examples

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> dict[str, Any]:
        # Responses have no other properties than those of their serializer.
        schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        return {**schema, "additionalProperties": False}


class _Endpoints(EndpointEnumerator):
    def should_include_endpoint(self, path: str, callback: Any) -> bool:
        return issubclass(callback.cls, GenericAPIView)


class _Generator(SchemaGenerator):
    endpoint_inspector_cls = _Endpoints

    def create_view(self, *args: Any, **kwargs: Any) -> Any:
        view = super().create_view(*args, **kwargs)  # type: ignore[no-untyped-call]  # untyped
        operation = Operation()
        operation.view = view
        self._set_schema_to_view(view, operation)  # type: ignore[no-untyped-call]  # untyped
        return view


def document(prefix: str) -> dict[str, Any]:
    """Return the OpenAPI document of the API under a path such as `/api`."""
    return {**_generated(), "servers": [{"url": prefix or "/"}]}


@lru_cache(maxsize=1)
def _generated() -> dict[str, Any]:
    # The generator's settings are global to the process. Its own texts must not be translated.
    with _generating, patched_settings(SETTINGS), override(None):
        generator: Any = _Generator  # the library has no types
        schema: dict[str, Any] = generator(patterns=urls.urlpatterns).get_schema(public=True)
    return schema
