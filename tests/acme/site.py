"""A site that brings kinds; it prints what it saw as JSON.

Run by tests/kinds/test_site_kinds.py: `site.py ORIGIN`, with the origin of Acme's registry.
"""

import json
import sys

import django
from cryptography.fernet import Fernet
from django.conf import settings
from django.urls import include, path

HOST = "registry.acme.example"
APPS = ("admin", "auth", "contenttypes", "sessions", "messages", "staticfiles")
NAMES = ("acme", "unmarked", "hub", "unnamed", "no_kind", "missing")
settings.configure(
    SECRET_KEY="acme",
    FIELD_ENCRYPTION_KEY=Fernet.generate_key().decode(),
    ALLOWED_HOSTS=["testserver"],
    ROOT_URLCONF=__name__,
    STATIC_URL="static/",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=[
        *(f"django.contrib.{app}" for app in APPS),
        "rest_framework",
        "registries",
        "tests.acme",
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
    REGISTRIES={
        "KINDS": [f"tests.acme.kinds.{name}" for name in NAMES],
        "ENDPOINTS": {f"https://{HOST}": sys.argv[1]},
    },
)
django.setup()

from django.contrib import admin  # noqa: E402 - after setup, as Django wants it
from django.contrib.auth.models import User  # noqa: E402
from django.core.checks import run_checks  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402

from registries import services  # noqa: E402
from registries.models import Registry  # noqa: E402

urlpatterns = [path("admin/", admin.site.urls), path("api/", include("registries.api.urls"))]

call_command("migrate", verbosity=0)
operator = Client()
operator.force_login(User.objects.create_superuser("ann"))
LIST = "/admin/registries/registry/"
ADD = f"{LIST}add/?kind=acme"
form = {"name": "Team", "verify_tls": "on"}
incomplete = operator.post(ADD, {**form, "username": "ann"})
added = operator.post(ADD, {**form, "username": "ann", "token": "fake-token"})
row = Registry.objects.get(name="Team")
why = operator.get(f"/api/resolve/?image={HOST}/team/app").json()
json.dump(
    {
        "errors": [message.msg for message in run_checks() if message.id == "registries.E004"],
        "chooser": "Acme Registry" in operator.get(f"{LIST}add/").content.decode(),
        "form": operator.get(ADD).status_code,
        "incomplete": incomplete.status_code,
        "added": added.status_code,
        "list": operator.get(LIST).content.decode().count("registries/marks/acme.svg"),
        "kinds": [kind["slug"] for kind in operator.get("/api/kinds/").json()][-1],
        "documented": "acme" in operator.get("/api/schema/").content.decode(),
        "filtered": operator.get("/api/registries/?kind=acme").json()["count"],
        "resolved": why["registry"]["kind"],
        "check": services.check(row).verdict,
        "digest": services.get_digest(row, "team/app", "1"),
    },
    sys.stdout,
)
