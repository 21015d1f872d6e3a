"""The API's OpenAPI 3.1 document, made by drf-spectacular from what the views declare.

Imported when the document is first asked for: loading the app does not load the generator.
"""

import threading
from functools import lru_cache
from typing import Any, cast

from drf_spectacular.generators import EndpointEnumerator, SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.settings import patched_settings
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from registries.api import shapes, urls
from registries.api.base import ReadView

# Whatever the site's own SPECTACULAR_SETTINGS say.
SETTINGS: dict[str, Any] = {
    "OAS_VERSION": "3.1.0",
    "TITLE": "Container registries",
    "DESCRIPTION": "Reads the site's container registries, and tags and digests from them.",
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
# Of the errors that every address knows, and of those that a registry causes.
ERRORS = {
    400: "A parameter is unknown, missing or wrong.",
    401: "Nobody is signed in.",
    403: "This account may not read registries.",
    404: "There is nothing here.",
    429: "Too many requests: wait as many seconds as Retry-After says.",
}
REGISTRYS_ERRORS = {
    404: "There is no such registry here, or no such repository or tag there.",
    502: "The registry refused, is broken, or asks for a pause (then with Retry-After).",
    504: "The registry did not answer in time.",
}

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
        return path + [
            OpenApiParameter(
                parameter.name,
                parameter.read.schema,
                required=parameter.required,
                description=parameter.help,
                default=parameter.default,
            )
            for parameter in self._declared.parameters
        ]

    def get_request_serializer(self) -> None:
        return None

    def get_response_serializers(self) -> Any:
        unchanged = {304: OpenApiResponse(description="The answer that is held is the same.")}
        errors = ERRORS | (REGISTRYS_ERRORS if self._declared.asks_a_registry else {})
        return {
            200: OpenApiResponse(shapes.ref(self._declared.shape), description="The answer."),
            **(unchanged if self._declared.has_tag else {}),
            **{
                status: OpenApiResponse(shapes.ref("Error"), description=description)
                for status, description in sorted(errors.items())
            },
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
