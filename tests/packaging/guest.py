"""A foreign site of the shortest sort, run by test_wheel.py: it prints what it saw as JSON."""

import json
import re
import sys

import django
from django.conf import settings
from django.urls import include, path

settings.configure(
    SECRET_KEY="guest",
    FIELD_ENCRYPTION_KEY="Z3Vlc3Qta2V5LXRoYXQtZ3VhcmRzLW5vdGhpbmchISE=",
    ALLOWED_HOSTS=["testserver"],
    ROOT_URLCONF=__name__,
    STATIC_URL="static/",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
        "rest_framework",
        "registries",
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
)
django.setup()

from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import Client

import registries
from registries.models import Registry

urlpatterns = [path("admin/", admin.site.urls), path("api/", include("registries.api.urls"))]

call_command("check", stdout=sys.stderr)
call_command("migrate", verbosity=0)
row = Registry.objects.get(kind="hub")
pages = [
    "/admin/registries/registry/",
    "/admin/registries/registry/add/",
    "/admin/registries/registry/add/?kind=custom",
    f"/admin/registries/registry/{row.pk}/change/",
    "/api/registries/",
    f"/api/registries/{row.pk}/",
    "/api/kinds/",
    "/api/kinds/ecr/",
    "/api/resolve/?image=nginx",
    "/api/schema/",
    "/api/docs/",
]
stranger, operator = Client(), Client()
operator.force_login(User.objects.create_superuser("guest"))
answers = {page: operator.get(page) for page in pages}
static_files = {
    file
    for answer in answers.values()
    for file in re.findall(r'(?:href|src)="/static/(registries/[^"]+)"', answer.content.decode())
}
json.dump(
    {
        "imported from": registries.__file__,
        "kinds": sorted(Registry.objects.values_list("kind", flat=True)),
        "pages": {page: answer.status_code for page, answer in answers.items()},
        "pages to strangers": {page: stranger.get(page).status_code for page in pages},
        "static files": sorted(static_files),
        "static files not found": sorted(file for file in static_files if not finders.find(file)),
    },
    sys.stdout,
)
