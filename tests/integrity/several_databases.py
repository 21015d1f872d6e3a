"""A site whose registries have a database of their own, read through a copy that refuses writes.

Every request is wrapped in transactions.

Run by test_several_databases.py in an empty folder; prints what it saw as JSON.
"""

import json
import sqlite3
import sys
from typing import Any

import django
from django.conf import settings
from django.urls import path

SQLITE = {"ENGINE": "django.db.backends.sqlite3", "ATOMIC_REQUESTS": True}


class Router:
    """Registries are written to `main` and read from `copy`; everything else is in `default`."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return "copy" if model._meta.app_label == "registries" else None

    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        return "main" if model._meta.app_label == "registries" else None

    def allow_relation(self, *objects: Any, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == ("main" if app_label == "registries" else "default")


settings.configure(
    FIELD_ENCRYPTION_KEY="c2V2ZXJhbC1kYXRhYmFzZXMtZ3VhcmQtbm90aGluZyE=",
    SECRET_KEY="several",
    USE_TZ=True,
    DATABASE_ROUTERS=["__main__.Router"],
    DATABASES={
        "default": {**SQLITE, "NAME": "default.sqlite3"},
        "main": {**SQLITE, "NAME": "main.sqlite3"},
        "copy": {**SQLITE, "NAME": "file:main.sqlite3?mode=ro", "OPTIONS": {"uri": True}},
    },
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["testserver"],
    STATIC_URL="static/",
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "registries",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
)
django.setup()

from django.contrib import admin  # noqa: E402 - after setup, as Django wants it
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import DatabaseError, connections  # noqa: E402
from django.test import Client  # noqa: E402

from registries import services  # noqa: E402
from registries.models import Registry  # noqa: E402
from tests.fakes.server import FakeServer, Reply, Request  # noqa: E402

urlpatterns = [path("admin/", admin.site.urls)]


def save_meanwhile(request: Request) -> Reply:
    """A registry that is asked while somebody else saves."""
    for file in ("default.sqlite3", "main.sqlite3"):
        with sqlite3.connect(file, timeout=0) as other:
            other.execute("CREATE TABLE IF NOT EXISTS other (id)")
    return Reply(200, b"{}")


for name in ("default", "main"):
    call_command("migrate", database=name, verbosity=0)
report: dict[str, Any] = {"default rows": Registry.objects.filter(is_default=True).count()}

hub = Registry.objects.get(kind="hub")
hub.login, hub.password = "johndoe", "fake-password"
hub.save()
report["saved"] = Registry.objects.get(kind="hub").values()
services.reset(Registry.objects.get(kind="hub"))
report["reset"] = Registry.objects.get(kind="hub").values()

# Nobody answers there: a check ends at once.
own = Registry.objects.create(kind="custom", name="Own", url="http://127.0.0.1:1")
services.check(Registry.objects.get(pk=own.pk))
own = Registry.objects.get(pk=own.pk)
report["checked"] = [own.check_verdict, own.checks.count()]

operator = Client()
operator.force_login(User.objects.create_superuser("operator"))
with FakeServer(save_meanwhile) as server:
    asked = Registry.objects.create(kind="custom", name="Asked", url=server.origin)
    operator.post(f"/admin/registries/registry/{asked.pk}/check/")
    report["checked in the admin"] = Registry.objects.get(pk=asked.pk).check_verdict

other = Registry.objects.create(kind="custom", name="Other", url="http://127.0.0.1:1")
with connections["main"].cursor() as cursor:
    cursor.execute(
        "CREATE TRIGGER full BEFORE INSERT ON registries_check"
        " BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
    )
try:
    services.check(Registry.objects.get(pk=other.pk))
except DatabaseError as error:
    report["failed"] = str(error)
other = Registry.objects.get(pk=other.pk)
report["checked in part"] = [other.check_verdict, other.checks.count()]

Registry.objects.get(pk=own.pk).delete()
Registry.objects.filter(pk__in=[asked.pk, other.pk]).delete()
report["left"] = Registry.objects.filter(is_default=False).count()
json.dump(report, sys.stdout)
