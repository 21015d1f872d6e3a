"""The site's wiring: its system checks."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SiteConfig(AppConfig):
    """The site."""

    name = "ssmsite"
    verbose_name = _("Programs")

    def ready(self) -> None:
        from ssmsite import checks  # noqa: F401, PLC0415 - registers the system checks
