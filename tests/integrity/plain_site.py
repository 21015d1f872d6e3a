"""A foreign site of the shortest sort on a database server; it prints what it saw as JSON.

Run by test_plain_site.py: `plain_site.py DRIVER URL ORIGIN`, with the database's URL and the origin
of a registry that knows johndoe.
"""

import json
import sys
from importlib import import_module

import dj_database_url
from django.urls import include, path

from tests.small_site import set_up

driver, url, origin = sys.argv[1:]
if driver == "pymysql":
    import_module(driver).install_as_MySQLdb()

set_up(__name__, {**dj_database_url.parse(url)})

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.core.management import call_command
from django.test import Client

from registries import services
from registries.models import Registry

urlpatterns = [path("admin/", admin.site.urls), path("api/", include("registries.api.urls"))]

checked = [str(message) for message in run_checks(databases=["default"])]
call_command("migrate", verbosity=0)
call_command("migrate", verbosity=0)
checked += [str(message) for message in run_checks(databases=["default"])]

operator = Client()
operator.force_login(User.objects.create_superuser("ann"))
ADD = "/admin/registries/registry/add/?kind=custom"
form = {"url": origin, "login": "johndoe", "password": "fake-password", "verify_tls": "on"}
# The first three names are three to everybody; the last is the second once more.
added = [
    operator.post(ADD, {**form, "name": name}).status_code
    for name in ("Elan", "Élan", "Élan \N{WHALE}", "ÉLAN")
]
host = origin.removeprefix("http://")
resolved = operator.get(f"/api/resolve/?image={host}/team/app").json()["registry"]["name"]
page = operator.get("/api/registries/?kind=custom&state=authenticated&ordering=-name").json()
results = services.check_many(Registry.objects.filter(kind="custom"))
history = operator.get("/api/registries/?verdict=valid&ordering=checked_at").json()
json.dump(
    {
        "checked": checked,
        "default rows": Registry.objects.filter(is_default=True).count(),
        "added": added,
        "resolved": resolved,
        "listed": [row["name"] for row in page["results"]],
        "verdicts": [result.verdict.value for result in results],
        "found by verdict": history["count"],
        "revealed": Registry.objects.get(name="Élan \N{WHALE}").password.reveal(),
    },
    sys.stdout,
)
