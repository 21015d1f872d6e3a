"""A foreign site that did the five steps of docs/install.md alone, in a process of its own."""

from typing import Any

import django
from cryptography.fernet import Fernet
from django.conf import settings

APPS = ("admin", "auth", "contenttypes", "sessions", "messages", "staticfiles")


def set_up(urlconf: str, database: dict[str, Any], *apps: str, **others: Any) -> None:
    """Configure the site with its database, apps and settings besides, and load its apps."""
    settings.configure(
        SECRET_KEY="small",
        FIELD_ENCRYPTION_KEY=Fernet.generate_key().decode(),
        ALLOWED_HOSTS=["testserver"],
        ROOT_URLCONF=urlconf,
        STATIC_URL="static/",
        DATABASES={"default": database},
        INSTALLED_APPS=[
            *(f"django.contrib.{app}" for app in APPS),
            "rest_framework",
            "registries",
            *apps,
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        **others,
    )
    django.setup()
