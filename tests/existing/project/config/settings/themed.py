"""A site that registers every admin anew as one of its theme, as django-unfold advises."""

from config.settings.unfold import *

PREPARE = "config.themed.prepare"
