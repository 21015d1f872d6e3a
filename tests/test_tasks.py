"""Checks as tasks of Django's framework, on the backends that it has itself."""

import sys
from collections.abc import Callable
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from inspect import isfunction
from io import StringIO
from traceback import format_exception
from types import ModuleType
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from registries import task_queue, tasks
from registries.checking import runner
from registries.checking.claims import claim
from registries.models import Check, Registry
from registries.system_checks import check_task_queue
from registries.tasks import BatchFailed, Enqueued, NotEnqueued, check_batch, enqueue_checks
from tests.factories import create
from tests.fakes.gate import PASSWORD, let_in
from tests.fakes.server import FakeServer

pytestmark = pytest.mark.django_db(transaction=True)

FRAMEWORK = "django.tasks" if find_spec("django.tasks") else "django_tasks"
if FRAMEWORK == "django.tasks":
    from django.tasks.backends.dummy import DummyBackend
else:
    from django_tasks.backends.dummy import DummyBackend


class Away(DummyBackend):
    """A queue that takes one task, and is away then."""

    def enqueue(self, *arguments: Any, **named: Any) -> Any:
        if self.results:
            raise ConnectionError(PASSWORD)
        return super().enqueue(*arguments, **named)


def loaded_anew() -> ModuleType:
    """The module, as a process imports it that has the settings of now."""
    spec = spec_from_file_location(tasks.__name__, tasks.__file__)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


Use = Callable[[str], Any]


@pytest.fixture
def use(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Use:
    """Make a backend the site's, as at the start of a process, and return it."""

    def use(backend: str) -> Any:
        dotted = backend if backend.startswith("tests.") else f"{FRAMEWORK}.backends.{backend}"
        settings.TASKS = {"default": {"BACKEND": dotted, "QUEUES": ["checks"]}}
        settings.REGISTRIES = {"TASK_QUEUE": "checks"}
        monkeypatch.setattr(tasks, "check_batch", loaded_anew().check_batch)
        return sys.modules[FRAMEWORK].task_backends["default"]

    return use


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(runner, "BEAT", 0.01)
    monkeypatch.setattr(runner, "IDLE", 0.01)
    Registry.objects.update(check_every=0, next_check=None)
    with FakeServer(let_in) as server:
        given = {"url": server.origin, "login": "johndoe"}
        yield [create("custom", password=PASSWORD, **given) for _ in range(6)]


def pks(rows: list[Registry]) -> list[int]:
    return [row.pk for row in rows]


def noted() -> int:
    return Registry.objects.exclude(enqueued_until=None).count()


def test_a_backend_that_runs_tasks_at_once(rows: list[Registry], use: Use) -> None:
    use("immediate.ImmediateBackend")
    output = StringIO()
    call_command("enqueue_checks", stdout=output)
    call_command("enqueue_checks", stdout=output)
    assert output.getvalue() == "Enqueued: 6 registries, 1 tasks.\n"
    checks = Check.objects.values_list("registry", "verdict", "origin")
    assert sorted(checks) == [(row.pk, "valid", "schedule") for row in rows]
    assert noted() == 0


def test_tasks_are_the_primary_keys_alone_and_are_enqueued_once(
    rows: list[Registry], use: Use
) -> None:
    backend = use("dummy.DummyBackend")
    assert enqueue_checks() == Enqueued(6, 1)
    assert enqueue_checks() == Enqueued(0, 0)
    (task,) = backend.results
    assert (task.args, task.kwargs) == ([pks(rows)], {})
    assert task.task.queue_name == "checks"
    assert task.task.module_path == "registries.tasks.check_batch"
    # What runs then says how many were checked, and is done once whoever runs it again.
    assert task.task.call(*task.args) == {"checked": 6, "fine": 6}
    assert task.task.call(*task.args) == {"checked": 0, "fine": 0}
    assert Check.objects.count() == 6


def test_a_task_checks_what_is_due_when_it_runs(rows: list[Registry], use: Use) -> None:
    """Of its rows one was checked meanwhile, and one was deleted. Others are not its own."""
    use("dummy.DummyBackend")
    enqueue_checks()
    checked, deleted, *left, other = rows
    Registry.objects.filter(pk=checked.pk).update(next_check=2_000_000_000)
    deleted.delete()
    assert check_batch(pks([checked, deleted, *left])) == {"checked": 3, "fine": 3}
    assert not Check.objects.filter(registry__in=pks([checked, other])).exists()


@pytest.mark.parametrize("limit", ["time", "host"])
def test_what_a_task_leaves_is_enqueued_anew(
    limit: str, rows: list[Registry], use: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a minute, or when others already call its host as often as may be."""
    backend = use("dummy.DummyBackend")
    enqueue_checks()
    if limit == "time":
        monkeypatch.setattr(tasks, "LONGEST", 0)
    else:
        assert len(claim(9, "default")) == 4
    (task,) = backend.results
    assert task.task.call(*task.args) == {"checked": 0, "fine": 0}
    assert noted() == 0
    assert enqueue_checks() == Enqueued(6 if limit == "time" else 2, 1)


def test_a_result_does_not_hold_what_an_error_said(
    rows: list[Registry], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: Any, **_named: Any) -> None:
        raise RuntimeError(PASSWORD)

    monkeypatch.setattr(runner.Runner, "run", fail)
    with pytest.raises(BatchFailed) as raised:
        check_batch(pks(rows))
    stored = "".join(format_exception(raised.value))
    assert "RuntimeError" in stored
    assert PASSWORD not in stored


def test_what_the_queue_does_not_take_is_enqueued_later(
    rows: list[Registry], use: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registries.checking.enqueuing.BATCH_OF_A_HOST", 4)
    moved = rows[4:]
    Registry.objects.filter(pk__in=pks(moved)).update(url="https://other.example")
    monkeypatch.setattr("registries.checking.enqueuing.BATCH", 1)
    use(f"{__name__}.Away")
    with pytest.raises(NotEnqueued, match=r"The queue took 1 of 2 tasks: ConnectionError") as told:
        enqueue_checks()
    assert PASSWORD not in str(told.value)
    assert noted() == 4
    use("dummy.DummyBackend")
    assert enqueue_checks() == Enqueued(2, 1)


def errors() -> list[str]:
    issues = check_task_queue(None)
    assert {issue.id for issue in issues} <= {"registries.E005"}
    return [issue.msg for issue in issues]


@pytest.mark.parametrize(
    ("queue", "problem"),
    [
        ("mails", "the backend 'default' has no queue 'mails' among its QUEUES"),
        ({"queue_name": "checks", "backend": "other"}, "the site's TASKS have no backend 'other'"),
        ({"queue_name": "checks", "backend": "broken"}, "the backend 'broken' fails: "),
        ("checks", ""),
        ({"queue_name": "anything", "backend": "open"}, ""),
        (None, ""),
    ],
)
def test_the_queue_is_looked_for_at_the_start(queue: Any, problem: str, settings: Any) -> None:
    backend = f"{FRAMEWORK}.backends.dummy.DummyBackend"
    settings.TASKS = {
        "default": {"BACKEND": backend, "QUEUES": ["checks"]},
        "open": {"BACKEND": backend, "QUEUES": []},
        "broken": {"BACKEND": "there.is.no.such.Backend"},
    }
    settings.REGISTRIES = {"TASK_QUEUE": queue}
    assert len(errors()) == bool(problem)
    assert problem in "".join(errors())
    if problem:
        with pytest.raises(ImproperlyConfigured, match=problem):
            enqueue_checks()
        with pytest.raises(CommandError, match=problem):
            call_command("enqueue_checks")


def test_without_a_queue_there_is_nothing_to_enqueue_to(settings: Any) -> None:
    settings.REGISTRIES = {}
    with pytest.raises(CommandError, match=r"names no queue\. Set it .* or run run_checks instead"):
        call_command("enqueue_checks")


def test_the_app_needs_no_framework(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Celery imports the `tasks` of all apps, whatever a site has installed."""
    settings.REGISTRIES = {"TASK_QUEUE": "checks"}
    for name in ("django.tasks", "django_tasks"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImproperlyConfigured, match="needs Django's Tasks: Django 6"):
        task_queue.as_task(check_batch)
    assert "needs Django's Tasks" in errors()[0]
    assert isfunction(loaded_anew().check_batch)


def test_workers_find_the_task_by_its_name(use: Use) -> None:
    assert isfunction(tasks.check_batch), "the site of these tests has no queue"
    use("dummy.DummyBackend")
    task = loaded_anew().check_batch
    assert (task.queue_name, task.backend) == ("checks", "default")
