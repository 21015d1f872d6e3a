"""A site whose own API is otherwise in everything that REST framework can be told."""

from config.settings.base import *

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": (
        "rest_framework_simplejwt.authentication.JWTAuthentication",
    ),
    "DEFAULT_PERMISSION_CLASSES": ("config.rest.DenyAll",),
    "DEFAULT_RENDERER_CLASSES": ("djangorestframework_camel_case.render.CamelCaseJSONRenderer",),
    "DEFAULT_PARSER_CLASSES": ("djangorestframework_camel_case.parser.CamelCaseJSONParser",),
    "JSON_UNDERSCOREIZE": {"no_underscore_before_number": True},
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
    "PAGE_SIZE": 1,
    "DEFAULT_THROTTLE_CLASSES": ("rest_framework.throttling.AnonRateThrottle",),
    "DEFAULT_THROTTLE_RATES": {"anon": "1/day"},
    "DEFAULT_VERSIONING_CLASS": "rest_framework.versioning.AcceptHeaderVersioning",
    "ALLOWED_VERSIONS": ("7.0",),
    "DEFAULT_FILTER_BACKENDS": ("rest_framework.filters.OrderingFilter",),
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "rest_framework.negotiation.DefaultContentNegotiation",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "config.rest.handle",
    "UNAUTHENTICATED_USER": None,
    "NON_FIELD_ERRORS_KEY": "errors",
    "COERCE_DECIMAL_TO_STRING": False,
    "DATETIME_FORMAT": "%d.%m.%Y",
    "FORMAT_SUFFIX_KWARG": "as",
    "URL_FORMAT_OVERRIDE": None,
    "NUM_PROXIES": 1,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
API_LOGIN = "jwt"
