"""The API's OpenAPI 3.1 document, made by drf-spectacular from what the views declare.

Imported when the document is first asked for: loading the app does not load the generator.
"""

import threading
from collections import defaultdict
from functools import lru_cache
from typing import Any, cast

from drf_spectacular.generators import EndpointEnumerator, SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.settings import patched_settings
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from registries.api import shapes, urls
from registries.api.base import ReadView
from registries.api.errors import FAULTS, registrys_status
from registries.api.examples import EXAMPLES, HOST, WRONG_PARAMETERS
from registries.verdicts import CODES, Verdict, sentence

# Whatever the site's own SPECTACULAR_SETTINGS say.
SETTINGS: dict[str, Any] = {
    "OAS_VERSION": "3.1.0",
    "TITLE": "Container registries",
    "DESCRIPTION": "Reads the site's container registries, and tags and digests from them."
    " HEAD and OPTIONS are answered as well, anything else is 405. Sentences are in the language"
    " that Accept-Language asks for, if the site has it; codes are never translated.",
    "VERSION": "1",
    "APPEND_COMPONENTS": {"schemas": shapes.COMPONENTS},
    "APPEND_PATHS": {},
    "SERVERS": [],
    "SECURITY": [],
    "PREPROCESSING_HOOKS": [],
    "POSTPROCESSING_HOOKS": [],
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

# Headers of answers: their statuses, and what they say.
HEADERS = {
    "WWW-Authenticate": ([401], "How to sign in."),
    "Retry-After": ([429], "Seconds to wait."),
}
REGISTRYS_HEADERS = {"Retry-After": ([429, 502], "Seconds to wait; with 502, `rate_limited` only.")}
TAG_HEADERS = {"ETag": ([200, 304], "What to send as If-None-Match the next time.")}
# Codes that only some addresses answer: those that name them.
RARE = {"no_registry", "platform_not_found"}
# What a check may find and no reading fails with.
HARMLESS = {Verdict.VALID, Verdict.ANONYMOUS, Verdict.UNPROVEN}

_generating = threading.Lock()


class Operation(AutoSchema):
    """A GET, as its view declares it."""

    @property
    def _declared(self) -> ReadView:
        return cast("ReadView", self.view)

    def get_operation_id(self) -> str:
        return type(self.view).__name__

    def get_tags(self) -> list[str]:
        return [self.path.split("/")[1]]

    def get_summary(self) -> str:
        return type(self.view).__doc__ or ""

    def get_description(self, *args: Any) -> str:
        return ""

    def get_override_parameters(self) -> list[Any]:
        path = [
            OpenApiParameter(name, shapes.NUMBER if name == "id" else shapes.TEXT, "path")
            for name in ("id", "slug")
            if f"{{{name}}}" in self.path
        ]
        if self._declared.has_tag:
            path.append(
                OpenApiParameter(
                    "If-None-Match",
                    shapes.TEXT,
                    "header",
                    description="The ETag of the answer that is held: 304 where it is the same.",
                )
            )
        told = HEADERS | (REGISTRYS_HEADERS if self._declared.asks_a_registry else {})
        told |= TAG_HEADERS if self._declared.has_tag else {}
        headers = [
            OpenApiParameter(name, str, "header", response=statuses, description=description)
            for name, (statuses, description) in told.items()
        ]
        return (
            path
            + headers
            + [
                OpenApiParameter(
                    parameter.name,
                    parameter.read.schema,
                    required=parameter.required,
                    description=parameter.help,
                    default=parameter.default,
                )
                for parameter in self._declared.parameters
            ]
        )

    def get_request_serializer(self) -> None:
        return None

    def get_response_serializers(self) -> Any:
        unchanged = {304: OpenApiResponse(description="The answer that is held is the same.")}
        errors = ERRORS | (REGISTRYS_ERRORS if self._declared.asks_a_registry else {})
        shape, examples = self._declared.shape, _faults(self._declared)
        answer = OpenApiExample(shape, EXAMPLES[shape], response_only=True, status_codes=[200])
        return {
            200: OpenApiResponse(shapes.ref(shape), "The answer.", [answer]),
            **(unchanged if self._declared.has_tag else {}),
            **{
                status: OpenApiResponse(shapes.ref("Error"), description, examples[status])
                for status, description in sorted(errors.items())
            },
        }


def _faults(view: ReadView) -> dict[int, list[OpenApiExample]]:
    """The errors that an address may answer, each code once, by their statuses."""
    told: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for fault in FAULTS:
        if fault.code not in RARE or fault.code in view.faults:
            told[fault.status].append({"code": fault.code, "detail": fault.sentence})
    told[400] += WRONG_PARAMETERS
    if view.asks_a_registry:
        for code, meaning in CODES.items():
            if meaning.verdict not in HARMLESS:
                detail = sentence(code, host=HOST)
                told[registrys_status(code)].append({"code": code, "detail": detail})
    return {
        status: [
            OpenApiExample(error["code"], error, response_only=True, status_codes=[status])
            for error in errors
        ]
        for status, errors in told.items()
    }


class _Addresses(EndpointEnumerator):
    def should_include_endpoint(self, path: str, callback: Any) -> bool:
        return bool(callback.cls.shape)


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
    # The generator's settings are global to the process.
    with _generating, patched_settings(SETTINGS):
        generator: Any = _Generator  # untyped, as the whole library
        made: dict[str, Any] = generator(patterns=urls.urlpatterns).get_schema(public=True)
    return made
