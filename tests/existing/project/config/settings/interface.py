"""django-admin-interface."""

from config.settings.base import *

INSTALLED_APPS = ["admin_interface", "colorfield", *INSTALLED_APPS]
X_FRAME_OPTIONS = "SAMEORIGIN"
