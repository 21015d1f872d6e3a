"""The site without what takes time: no limits on the API, and passwords are hashed at once."""

from ssmsite.settings import *  # noqa: F403 - the site as it is
from ssmsite.settings import REST_FRAMEWORK as SITES

REST_FRAMEWORK = {
    **SITES,
    "DEFAULT_THROTTLE_RATES": {
        "registries": None,
        "registries_outgoing": None,
        "registries_handover": None,
        "registries_metrics": None,
    },
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
