"""A small foreign site: the tests run the app as a guest, never inside ssmsite."""

import os
import tempfile
from base64 import urlsafe_b64encode
from hashlib import sha256
from pathlib import Path

import dj_database_url

BASE_DIR = Path(__file__).parent

SECRET_KEY = "tests-only-not-a-secret"
# Fixed so that parallel test processes agree; it guards nothing.
FIELD_ENCRYPTION_KEY = urlsafe_b64encode(sha256(b"tests only").digest()).decode()
DEBUG = False
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
ROOT_URLCONF = "tests.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "assets/"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "encrypted_model_fields",
    "registries",
    "tests.neighbour",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
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
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": ":memory:",
        # A file, as in life: threads on a database in memory lock each other out at once.
        "TEST": {"NAME": Path(tempfile.gettempdir()) / f"registries-tests-{os.getpid()}.sqlite3"},
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;",
        },
    }
}
# tests/with-postgres sets it: the same tests on PostgreSQL.
if url := os.environ.get("TEST_DATABASE_URL"):
    DATABASES = {"default": dict(dj_database_url.parse(url))}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Where Django asks for it, from 6.1 on; the tests collect what is sent.
MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
