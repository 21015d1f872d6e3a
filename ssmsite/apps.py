"""The site's wiring: its system checks and its database's journal."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.utils.translation import gettext_lazy as _


class SiteConfig(AppConfig):
    """The site."""

    name = "ssmsite"
    verbose_name = _("Programs")

    def ready(self) -> None:
        from ssmsite import checks  # noqa: F401, PLC0415 - registers the system checks
        from ssmsite.sqlite import use_write_ahead_log  # noqa: PLC0415 - imports the backends

        connection_created.connect(use_write_ahead_log)
