"""Two databases: the router keeps the registries in the second one."""

from config.settings.base import *

DATABASES["vault"] = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": DATA_DIR / "vault.sqlite3",
    "ATOMIC_REQUESTS": True,
}
DATABASE_ROUTERS = ["config.databases.Router"]
PREPARE = "config.databases.prepare"
