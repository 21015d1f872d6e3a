"""The site's settings without limits on how often the API is asked: some tests ask a lot."""

from ssmsite.settings import *  # noqa: F403 - the site as it is
from ssmsite.settings import REST_FRAMEWORK as SITES

REST_FRAMEWORK = {
    **SITES,
    "DEFAULT_THROTTLE_RATES": {
        "registries": None,
        "registries_outgoing": None,
        "registries_handover": None,
    },
}
