"""Django's own admin."""

from config.settings.base import *
