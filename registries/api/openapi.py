"""The OpenAPI 3.1 document of the API, which drf-spectacular generates from the views.

This module is imported when the document is first requested, because the generator is slow to load.
"""

import threading
from functools import lru_cache
from typing import Any

from django.utils.translation import override
from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from drf_spectacular.generators import EndpointEnumerator, SchemaGenerator
from drf_spectacular.settings import patched_settings
from rest_framework.generics import GenericAPIView

from registries.api import urls
from registries.api.handover import HandoverView
from registries.api.operations import HandoverOperation, Operation

# These replace the site's own SPECTACULAR_SETTINGS.
SETTINGS: dict[str, Any] = {
    "OAS_VERSION": "3.1.0",
    "TITLE": "Container registries",
    "DESCRIPTION": "Reads the site's container registries, and their tags and digests, and hands"
    " over what other programs sign in with. HEAD is supported where GET is; all"
    " other methods get 405. Sentences are in the language of"
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

# A site may use a subclass of Knox's authentication, as ours does.
KnoxTokenScheme.match_subclasses = True

_generating = threading.Lock()


class _Endpoints(EndpointEnumerator):
    def should_include_endpoint(self, path: str, callback: Any) -> bool:
        return issubclass(callback.cls, GenericAPIView)


class _Generator(SchemaGenerator):
    endpoint_inspector_cls = _Endpoints

    def create_view(self, *args: Any, **kwargs: Any) -> Any:
        view = super().create_view(*args, **kwargs)  # type: ignore[no-untyped-call]  # untyped
        operation = HandoverOperation() if isinstance(view, HandoverView) else Operation()
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
