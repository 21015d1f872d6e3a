"""Drives the site of several_settings.py in an empty folder, and prints what it saw as JSON."""

import json
import sqlite3
import sys
from typing import Any

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import DatabaseError, connections
from django.test import Client, override_settings

from registries import services
from registries.models import Registry
from tests.fakes.server import FakeServer, Reply, Request


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
    stored_row = Registry.objects.create(kind="custom", name="Asked", url=server.origin)
    operator.post(f"/backstage/registries/registry/{stored_row.pk}/check/")
    report["checked in the admin"] = Registry.objects.get(pk=stored_row.pk).check_verdict

# Whoever chooses a database himself, where no router does.
with override_settings(DATABASE_ROUTERS=[]):
    chosen = Registry(kind="custom", name="Chosen", url="http://127.0.0.1:1")
    chosen.save(using="main")
    services.check(chosen)
    report["checked by choice"] = [chosen.check_verdict, chosen.checks.count()]
    chosen.delete()

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
Registry.objects.filter(pk__in=[stored_row.pk, other.pk]).delete()
report["left"] = Registry.objects.filter(is_default=False).count()
json.dump(report, sys.stdout)
