"""The app config: it loads the site's kinds, and after `migrate` adds rows that shall be there."""

from typing import Any

from django.apps import AppConfig
from django.apps import apps as global_apps
from django.core.management.base import CommandError
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
        from registries import reporting, site_kinds, system_checks  # noqa: F401, PLC0415

        site_kinds.load()
        post_migrate.connect(_make_defaults, sender=self)
        post_migrate.connect(_apply_file, sender=self)


def _make_defaults(using: str, apps: Any = global_apps, **kwargs: Any) -> None:
    """Add the default rows with the historical model, as the database may be an older one."""
    from registries import services  # noqa: PLC0415 - models are not loaded earlier

    try:
        model = apps.get_model("registries", "Registry")
    except LookupError:  # after migrating back to zero
        return
    if router.allow_migrate_model(using, model):
        services.ensure_defaults(model, using)


def _apply_file(using: str, apps: Any = global_apps, **kwargs: Any) -> None:
    """Apply the site's file of registries, if it has one. Raises CommandError."""
    from registries import conf, services  # noqa: PLC0415 - as above
    from registries.models import Registry  # noqa: PLC0415
    from registries.provisioning.faults import Busy, NotApplied  # noqa: PLC0415

    path = conf.get().file
    if path is None or router.db_for_write(Registry) != using:
        return
    try:
        migrated = apps.get_model("registries", "Registry")
    except LookupError:  # after migrating back to zero
        return
    if _columns(migrated) != _columns(Registry):
        return  # `migrate` stopped on the way
    try:
        services.apply_files([path])
    except (NotApplied, Busy) as error:
        text = f"REGISTRIES['FILE']: nothing was applied, and registries are as they were.\n{error}"
        raise CommandError(text) from None


def _columns(model: Any) -> set[str]:
    return {field.column for field in model._meta.concrete_fields}
