"""django-grappelli."""

from config.settings.base import *

INSTALLED_APPS = ["grappelli", *INSTALLED_APPS]
