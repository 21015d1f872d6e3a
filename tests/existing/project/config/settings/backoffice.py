"""Admin sites of its own: a subclass in place of Django's, at another address, and a second one.

The registries are in both, because the second one registers them itself.
"""

from config.settings.base import *

INSTALLED_APPS = [
    "config.backoffice.BackofficeConfig" if app == "django.contrib.admin" else app
    for app in INSTALLED_APPS
]
ROOT_URLCONF = "config.backoffice_urls"
ADMIN_SITE = "fleet"
PREPARE = "config.backoffice.prepare"
