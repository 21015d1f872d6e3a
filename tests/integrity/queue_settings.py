"""A site with queues of Django's Tasks: one in its database, one in Redis."""

import os

import dj_database_url

from tests.settings import *  # noqa: F403 - the foreign site as it is
from tests.settings import DATABASES, INSTALLED_APPS

DATABASE = dict(dj_database_url.parse(os.environ["DATABASE_URL"]))
if DATABASE["ENGINE"] == DATABASES["default"]["ENGINE"]:
    DATABASE = {**DATABASES["default"], "NAME": DATABASE["NAME"]}
DATABASES = {"default": DATABASE}
INSTALLED_APPS = [*INSTALLED_APPS, "django_tasks", "django_tasks_db", "django_rq"]
TASKS = {
    "database": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["checks"]},
    "rq": {"BACKEND": "django_tasks_rq.RQBackend", "QUEUES": ["checks"]},
}
REDIS = {"URL": os.environ.get("REDIS_URL", ""), "SERIALIZER": "rq.serializers.JSONSerializer"}
RQ_QUEUES = {"checks": REDIS}
if url := os.environ.get("CACHE_URL"):
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": url,
            "OPTIONS": {"serializer": "registries.token_cache.JSONSerializer"},
        }
    }
REGISTRIES = {
    "TASK_QUEUE": {"queue_name": "checks", "backend": os.environ.get("QUEUE", "database")},
    "TOKEN_CACHE": "default" if os.environ.get("CACHE_URL") else None,
    "TIMEOUT": 1,
    "HOST_CONCURRENCY": 2,
    "CHECK_WORKERS": 4,
}
LOGGING = {
    "version": 1,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
