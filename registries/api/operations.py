"""The OpenAPI operations: the responses, errors and headers of each view."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from registries.api.base import ReadOnlyViewSet
from registries.api.errors import FAULTS, status_of, status_of_refusal
from registries.api.handover import MOST_ID, TARGET_FIELDS
from registries.api.permissions import MayQuery
from registries.api.serializers import TIME, ErrorSerializer
from registries.handover import FORMS
from registries.handover.refusals import REFUSALS
from registries.handover.target import MAX_REGISTRIES
from registries.verdicts import CODES, Verdict, sentence

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
# Codes that only some views return, and list in `faults`, or only checks.
RARE = {"no_registry", "platform_not_found", "cross_site", "post_only", "credentials_ended"}
# The verdicts of checks that did not fail.
NOT_FAILED = {Verdict.VALID, Verdict.ANONYMOUS, Verdict.UNPROVEN}
# The registry's host in example sentences.
HOST = "registry.example"


def _said_of_registry(code: str) -> str:
    """Return the sentence of a code, with the example's host."""
    return sentence(code, host=HOST, realm=f"https://{HOST}")


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
        parameters = super()._get_filter_parameters()  # type: ignore[no-untyped-call]  # untyped
        return [
            {**parameter, "description": parameter["description"].strip()}
            for parameter in parameters
        ]

    def get_request_serializer(self) -> None:
        return None

    def get_response_serializers(self) -> Any:
        examples = self._error_examples()
        errors = {
            status: OpenApiResponse(ErrorSerializer, description, examples[status])
            for status, description in sorted(self.errors().items())
        }
        return self.answers() | errors

    def answers(self) -> dict[Any, OpenApiResponse]:
        """Return the responses that are not errors."""
        unchanged = OpenApiResponse(description="The response that the client has is unchanged.")
        return {
            200: OpenApiResponse(self.view.serializer_class, "The response."),
            **({304: unchanged} if self._has_etag else {}),
        }

    def errors(self) -> dict[int, str]:
        """Return the statuses of the errors, and what they mean."""
        return ERRORS | (REGISTRY_ERRORS if self._calls_a_registry else {})

    def codes(self) -> Iterator[tuple[int, str, str]]:
        """Yield the errors that the view can return: status, code and sentence."""
        for fault in FAULTS:
            if fault.code not in RARE or fault.code in self._rare_codes:
                yield fault.status, fault.code, fault.sentence.replace("%(names)s", "image")
        for code, meaning in CODES.items() if self._calls_a_registry else ():
            if meaning.verdict not in NOT_FAILED and (code not in RARE or code in self.view.faults):
                yield status_of(code), code, _said_of_registry(code)

    def _error_examples(self) -> dict[int, list[OpenApiExample]]:
        """Return an example of each error that the view can return, by status."""
        examples: dict[int, list[OpenApiExample]] = defaultdict(list)
        for status, code, detail in self.codes():
            value = {"code": code, "detail": detail, **EXTRA_FIELDS.get(code, {})}
            example = OpenApiExample(code, value, response_only=True, status_codes=[status])
            examples[status].append(example)
        return examples

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> dict[str, Any]:
        # Responses have no other properties than those of their serializer.
        schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]  # untyped
        return {**schema, "additionalProperties": False}


# Handing over

TEXT = {"type": "string"}
AUTHS = {
    "type": "object",
    "description": "docker, podman, gitlab: a file of docker's shape.",
    "properties": {"auths": {"type": "object", "additionalProperties": {"type": "object"}}},
    "required": ["auths"],
    "additionalProperties": False,
}
KUBELET = {
    "type": "object",
    "description": "kubelet: a CredentialProviderResponse.",
    "properties": {
        "apiVersion": TEXT,
        "kind": TEXT,
        "cacheKeyType": {"enum": ["Image", "Registry"]},
        "cacheDuration": TEXT,
        "auth": {"type": "object", "additionalProperties": {"type": "object"}},
    },
    "required": ["apiVersion", "kind", "cacheKeyType", "cacheDuration", "auth"],
    "additionalProperties": False,
}
MADE_UP = {
    "registry": "ghcr.io/acme",
    "username": "johndoe",
    "password": "fake-token",
    "auth": "am9obmRvZTpmYWtlLXRva2Vu",
    "dockerconfigjson": '{"auths": {}}',
    "expires_at": TIME,
}
HELPED = {"ServerURL": "ghcr.io", "Username": "johndoe", "Secret": "fake-token"}
MANIFEST = "apiVersion: v1\nkind: Secret\ntype: kubernetes.io/dockerconfigjson\n"
ID = {"type": "integer", "minimum": 0, "maximum": MOST_ID}
# What each status says of a hand-over. There is no 404: it would be read as "delete the secret".
HANDOVER_ERRORS = {
    **{status: ERRORS[status] for status in (400, 401, 429, 500)},
    **{status: REGISTRY_ERRORS[status] for status in (502, 504)},
    403: "The account, the access token or the registry does not allow it.",
    409: "There is nothing to hand over, as things stand.",
}


def _texts(description: str, example: dict[str, str]) -> dict[str, Any]:
    """An object of these texts and no other ones."""
    return {
        "type": "object",
        "description": description,
        "properties": dict.fromkeys(example, TEXT),
        "required": [*example],
        "additionalProperties": False,
    }


class HandoverOperation(Operation):
    """A POST whose answer has the type of the form that is asked for."""

    def get_override_parameters(self) -> list[Any]:
        return [
            _header("WWW-Authenticate", "How to sign in.", [401]),
            _header("Retry-After", "Seconds to wait; with 502, `rate_limited` only.", [429, 502]),
        ]

    def get_request_serializer(self) -> Any:
        fields = self.view.serializer_class().fields
        properties: dict[str, Any] = {
            "registry": ID,
            "registries": {"type": "array", "items": ID, "minItems": 1, "maxItems": MAX_REGISTRIES},
        }
        for name, field in fields.items():
            if name not in properties:
                untyped: Any = self
                properties[name] = untyped._map_serializer_field(field, "request")
                untyped._insert_field_validators(field, properties[name])
            properties[name] = {**properties[name], "description": field.help_text}
        schema = {
            "type": "object",
            "oneOf": [
                _asked(properties, name, forms) for name in TARGET_FIELDS for forms in _forms(name)
            ],
        }
        return dict.fromkeys(("application/json", "application/x-www-form-urlencoded"), schema)

    def _get_request_body(self, *args: Any, **kwargs: Any) -> Any:
        body = super()._get_request_body(*args, **kwargs)  # type: ignore[no-untyped-call]  # untyped
        return {**body, "required": True}

    def answers(self) -> dict[Any, OpenApiResponse]:
        objects = {
            "anyOf": [
                _texts("json: strings, for webhooks and scripts.", MADE_UP),
                _texts("helper: a credential helper's response.", HELPED),
                AUTHS,
                KUBELET,
            ]
        }
        examples = (
            ("application/json", objects, MADE_UP),
            ("application/yaml", TEXT, MANIFEST),
            ("text/plain", TEXT, "johndoe:fake-token"),
        )
        return {
            (200, kind): OpenApiResponse(
                schema, "The credentials in the requested form.", [_example(kind, value)]
            )
            for kind, schema, value in examples
        }

    def errors(self) -> dict[int, str]:
        return HANDOVER_ERRORS

    def codes(self) -> Iterator[tuple[int, str, str]]:
        taken = {"permission_denied", "token_limited", "invalid_query", *RARE} - {"cross_site"}
        for fault in FAULTS:
            if fault.status in HANDOVER_ERRORS and fault.code not in taken:
                yield fault.status, fault.code, fault.sentence.replace("%(names)s", "image")
        for code, text in REFUSALS.items():
            params = {"name": "Acme", "prefix": "ghcr.io/acme"}
            yield status_of_refusal(code), code, text % params
        for code, meaning in CODES.items():
            status = status_of(code)
            is_told = meaning.verdict and meaning.verdict not in NOT_FAILED
            if is_told and status in HANDOVER_ERRORS and code not in {*RARE, *REFUSALS}:
                yield status, code, _said_of_registry(code)


def _example(media_type: str, value: Any) -> OpenApiExample:
    return OpenApiExample(
        *("Example", value), response_only=True, status_codes=["200"], media_type=media_type
    )


def _forms(name: str) -> list[list[str]]:
    """Return the forms that a field of the target allows. Kubernetes' form takes more fields."""
    others = [
        form.slug
        for form in FORMS.values()
        if form.slug != "kubernetes" and (form.many or name != "registries")
    ]
    return [others, ["kubernetes"]]


def _asked(properties: dict[str, Any], name: str, forms: list[str]) -> dict[str, Any]:
    """Return the schema of a request for one of `TARGET_FIELDS` in one of these forms."""
    more = ("name", "namespace") if forms == ["kubernetes"] else ()
    return {
        "type": "object",
        "properties": {
            name: properties[name],
            "form": {**properties["form"], "enum": forms},
            **{name: properties[name] for name in more},
        },
        "required": [name, "form"],
        "additionalProperties": False,
    }
