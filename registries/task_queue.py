"""The site's queue of Django's Tasks, if it has one: Django 6's own, or those of `django-tasks`.

Both are the same framework: https://docs.djangoproject.com/en/6.0/topics/tasks/. The app needs
neither, and imports one only where the setting `TASK_QUEUE` names a queue.
"""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from registries import conf

SETTING = "REGISTRIES['TASK_QUEUE']"


def as_task(function: Callable[..., Any]) -> Any:
    """Return a function of a module as a task of the site's queue. Raises ImproperlyConfigured."""
    queue = conf.get().task_queue
    if queue is None:
        raise ImproperlyConfigured(
            f"{SETTING} names no queue. Set it (docs/operate.md), or run run_checks instead."
        )
    name, alias = queue
    return framework_for(name, alias).task(queue_name=name, backend=alias)(function)


def framework_for(queue_name: str, alias: str) -> Any:
    """Return the module of the framework, after a look whether the backend has the queue.

    Raises ImproperlyConfigured.
    """
    name = next(filter(find_spec, ("django.tasks", "django_tasks")), None)
    if name is None:
        raise ImproperlyConfigured(
            f"{SETTING} needs Django's Tasks: Django 6, or the package django-tasks."
        )
    framework = import_module(name)
    backends = framework.task_backends
    if alias not in backends:
        raise ImproperlyConfigured(f"{SETTING}: the site's TASKS have no backend {alias!r}.")
    try:
        backend = backends[alias]
    except backends.exception_class as error:
        raise ImproperlyConfigured(f"{SETTING}: the backend {alias!r} fails: {error}") from None
    # Without a list of queues, it takes tasks for any queue.
    if backend.queues and queue_name not in backend.queues:
        raise ImproperlyConfigured(
            f"{SETTING}: the backend {alias!r} has no queue {queue_name!r} among its QUEUES."
        )
    return framework
