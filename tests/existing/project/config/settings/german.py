"""Addresses with the language in front, below a folder, in local times, with points in numbers."""

from config.settings.base import *

LANGUAGE_CODE = "de"
LANGUAGES = [("de", "Deutsch"), ("en", "English")]
USE_TZ = False
USE_THOUSAND_SEPARATOR = True
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
ROOT_URLCONF = "config.german_urls"
FORCE_SCRIPT_NAME = SCRIPT_NAME = "/shipyard"
STATIC_URL = "/shipyard/files/"
PREPARE = "config.german.prepare"
