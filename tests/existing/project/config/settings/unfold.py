"""django-unfold."""

from config.settings.base import *

INSTALLED_APPS = ["unfold", *INSTALLED_APPS]
