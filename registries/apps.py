"""The app config: it loads the site's kinds and adds the default rows after `migrate`."""

from typing import Any

from django.apps import AppConfig
from django.apps import apps as global_apps
from django.db import router
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class RegistriesConfig(AppConfig):
    """Container registries."""

    name = "registries"
    verbose_name = _("Container registries")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Importing these modules earlier would read the settings too soon.
        from registries import site_kinds, system_checks  # noqa: F401, PLC0415

        site_kinds.load()
        post_migrate.connect(_make_defaults, sender=self)


def _make_defaults(using: str, apps: Any = global_apps, **kwargs: Any) -> None:
    """Add the default rows with the historical model, as the database may be an older one."""
    from registries import services  # noqa: PLC0415 - models are not loaded earlier

    try:
        model = apps.get_model("registries", "Registry")
    except LookupError:  # after migrating back to zero
        return
    if router.allow_migrate_model(using, model):
        services.ensure_defaults(model, using)
