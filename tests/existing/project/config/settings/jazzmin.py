"""django-jazzmin."""

from config.settings.base import *

# The theme would fetch a font from elsewhere.
JAZZMIN_SETTINGS = {"use_google_fonts_cdn": False}
INSTALLED_APPS = ["jazzmin", *INSTALLED_APPS]
