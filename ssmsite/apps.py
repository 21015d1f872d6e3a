"""The site's wiring: its system checks."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """The site."""

    name = "ssmsite"

    def ready(self) -> None:
        from ssmsite import checks  # noqa: F401, PLC0415 - registers the system checks
