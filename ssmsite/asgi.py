"""The site for ASGI servers."""

import os

from django.core.asgi import get_asgi_application

from ssmsite.uploads import limited

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ssmsite.settings")
application = limited(get_asgi_application())
