"""A strict policy for scripts and styles, a urlconf for each host, and hashed static files."""

from csp.constants import NONE, SELF

from config.settings.base import *

DEBUG = False
INSTALLED_APPS += ["csp", "django_hosts", "debug_toolbar"]
MIDDLEWARE = [
    "django_hosts.middleware.HostsRequestMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "debug_toolbar.middleware.DebugToolbarMiddleware",
    *MIDDLEWARE,
    "django_hosts.middleware.HostsResponseMiddleware",
]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
INTERNAL_IPS = ["127.0.0.1"]
DEBUG_TOOLBAR_CONFIG = {"SHOW_TOOLBAR_CALLBACK": lambda request: True}
ROOT_URLCONF = "config.urls"
ROOT_HOSTCONF = "config.strict"
DEFAULT_HOST = "www"
HOST = "ships.sites.example"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
CSRF_USE_SESSIONS = True
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
FORMS_URLFIELD_ASSUME_HTTPS = True
PREPARE = "config.strict.prepare"
