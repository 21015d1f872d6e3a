"""A site that brings kinds; it prints what it saw as JSON.

Run by tests/kinds/test_site_kinds.py: `site.py ORIGIN`, with the origin of Acme's registry.
"""

import json
import sys

from django.urls import include, path

from tests.small_site import set_up

HOST = "registry.acme.example"
NAMES = ("acme", "unmarked", "hub", "unnamed", "no_kind", "missing")
set_up(
    __name__,
    {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"},
    "tests.acme",
    REGISTRIES={
        "KINDS": [f"tests.acme.kinds.{name}" for name in NAMES],
        "ENDPOINTS": {f"https://{HOST}": sys.argv[1]},
    },
)

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.core.management import call_command
from django.test import Client

from registries import services
from registries.models import Registry

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
