"""The app's wiring: default rows after migrate, system checks."""

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
        # Not earlier: the settings are read, and the system checks registered.
        from registries import site_kinds, system_checks  # noqa: F401, PLC0415

        site_kinds.load()
        post_migrate.connect(_make_defaults, sender=self)


def _make_defaults(using: str, apps: Any = global_apps, **kwargs: Any) -> None:
    """Make the default rows with the model as the database has it, which may be an older one."""
    from registries import services  # noqa: PLC0415 - models are not loaded earlier

    try:
        model = apps.get_model("registries", "Registry")
    except LookupError:  # migrated back to before the first migration
        return
    if router.allow_migrate_model(using, model):
        services.ensure_defaults(model, using)
