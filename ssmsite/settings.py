"""Settings of the site: everything that differs between sites comes from the environment.

docs/settings.md lists the variables. Without any of them this is a production site on a SQLite
file: DEBUG is off, cookies travel over HTTPS only.
"""

import warnings
from datetime import timedelta
from pathlib import Path

from ssmsite import env, keys

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.text("DATA_DIR") or BASE_DIR / "var").absolute()
SQLITE_FILE = DATA_DIR / "db.sqlite3"

DEBUG = env.flag("DJANGO_DEBUG")
# Before the keys, which are only asked for if a database is named.
DATABASES = {"default": env.database(SQLITE_FILE)}
SECRET_KEY, FIELD_ENCRYPTION_KEY = keys.read(DATA_DIR, SQLITE_FILE)

# The app
REGISTRIES = {"CLIENT_ADDRESS": "ssmsite.signin.address", **env.registries()}

# Django
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular_sidecar",
    "encrypted_model_fields",
    "axes",
    "knox",
    "registries",
    "ssmsite",
]
MIDDLEWARE = [
    "ssmsite.views.healthz_first",
    "ssmsite.csp.content_security_policy",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    # Before everything that reads a body, and after the middleware that chooses the language.
    "ssmsite.uploads.limit",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "ssmsite.urls"
WSGI_APPLICATION = "ssmsite.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": env.cache()}

# Authentication and transport
ALLOWED_HOSTS = env.items("DJANGO_ALLOWED_HOSTS") or ["localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = env.items("DJANGO_CSRF_TRUSTED_ORIGINS")
LOGIN_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTHENTICATION_BACKENDS = [
    "ssmsite.signin.Throttle",
    "django.contrib.auth.backends.ModelBackend",
]
# Attempts are counted by name and address. By name alone, anybody could lock an account's owner
# out; by address alone, one visitor could lock out everybody behind the same proxy.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = AXES_VERBOSE = False
AXES_HANDLER = "ssmsite.signin.AttemptHandler"
AXES_CLIENT_IP_CALLABLE = "ssmsite.signin.address"
AXES_USERNAME_CALLABLE = "ssmsite.signin.username"
AXES_LOCKOUT_CALLABLE = "ssmsite.signin.lockout_response"
# The API accepts sessions of people and access tokens of programs, but no passwords.
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "ssmsite.tokens.AccessTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
}
REST_KNOX = {"AUTH_HEADER_PREFIX": "Bearer", "TOKEN_TTL": None}
X_FRAME_OPTIONS = "DENY"
if env.flag("DJANGO_BEHIND_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
# Thirty days, because browsers' preload lists require a year: so nobody else can add this site.
SECURE_HSTS_SECONDS = 0 if DEBUG else 30 * 24 * 60 * 60
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not DEBUG

# The largest request, in bytes. This is ten times the largest form with secrets of full length.
DATA_UPLOAD_MAX_MEMORY_SIZE = FILE_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
FILE_UPLOAD_HANDLERS = ["ssmsite.uploads.Files"]
# An import can have a thousand checkboxes.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1100

# Mail to the site's administrators, of which only notifications make use
ADMINS = env.admins()
SERVER_EMAIL = env.text("DJANGO_SERVER_EMAIL") or "root@localhost"
globals().update(env.mail())

# Language and time
LANGUAGE_CODE = "en"
# The languages with complete translations. Others would mix Django's own translations with English.
LANGUAGES = [
    ("de", "Deutsch"),
    ("en", "English"),
    ("es", "español"),
    ("fr", "français"),
    ("ja", "日本語"),
    ("pt-br", "português (Brasil)"),
    ("zh-hans", "简体中文"),
]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

# WhiteNoise serves static files from where they are installed, so it must not warn that STATIC_ROOT
# does not exist; or those that were collected, if the environment names their directory.
STATIC_URL = "static/"
STATIC_ROOT = Path(env.text("STATIC_ROOT") or BASE_DIR / "staticfiles").absolute()
WHITENOISE_USE_FINDERS = not env.text("STATIC_ROOT")
warnings.filterwarnings("ignore", "No directory at", UserWarning)

# All logs go to stderr. Below WARNING, the libraries log requests, some of them with credentials.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"},
    },
    "filters": {
        "short": {
            "()": "django.utils.log.CallbackFilter",
            "callback": "ext://ssmsite.reporting.short",
        },
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["short"],
        },
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO"},
        "axes": {"level": "WARNING"},
        # It would warn about every HEAD request, which Django answers like a GET.
        "gunicorn.http.wsgi": {"level": "ERROR"},
        **{
            name: {"level": "WARNING"}
            for name in ("boto3", "botocore", "google.auth", "msal", "s3transfer", "urllib3")
        },
    },
}
DEFAULT_EXCEPTION_REPORTER_FILTER = "ssmsite.reporting.ReporterFilter"
