"""What the site does with a registry: the one place where rows meet the client.

Admin, API and commands call these functions. The client is imported when it is first needed, so
that loading the app loads neither requests nor a cloud's SDK. Nothing here calls a registry
inside a database transaction of its own; callers keep to that.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from registries import conf, names
from registries.client.errors import ClientError, Misconfigured
from registries.fields import SecretUnreadable
from registries.kinds import KINDS
from registries.models import CHECK_FIELDS, Check, Registry
from registries.reference import InvalidReference, Reference
from registries.results import CheckResult
from registries.turns import Turn
from registries.verdicts import Verdict

if TYPE_CHECKING:
    from registries.client.client import Client, Manifest, Pulls
    from registries.client.tokens import TokenStore
    from registries.client.transport import Transport

# Names that a default row takes when somebody's own row has its name already.
NAME_TRIES = 20
# Seconds between two looks at a row that somebody else is checking.
LOOK_AGAIN = 0.05


# Checking


@dataclass(frozen=True, slots=True)
class _Checked:
    """A check that ran, and how long it took."""

    result: CheckResult
    pulls: Pulls | None
    seconds: float


def check(registry: Registry, image: str | None = None) -> CheckResult:
    """Sign in to the registry and say how it went, within `TIMEOUT` seconds.

    With an `image` (as in docker pull, or a repository of the row's own host) it is tried as
    well. The result is kept on the row, unless the row was changed or saved meanwhile, and in
    its history. While somebody else checks the row this waits, up to `TIMEOUT` seconds more;
    where no image is named, his result is returned then. Raises InvalidReference for an image
    that is none, or not this registry's.
    """
    reference = None if image is None else reference_for(registry, image)
    ((_number, result),) = _checks([(registry, reference)])
    return result


def check_each(registries: Iterable[Registry]) -> Iterator[tuple[Registry, CheckResult]]:
    """Check registries side by side, `CHECK_WORKERS` at a time; each as its check ends."""
    rows = list(registries)
    return ((rows[number], result) for number, result in _checks([(row, None) for row in rows]))


def check_many(
    registries: Iterable[Registry],
    progress: Callable[[Registry, CheckResult], None] | None = None,
) -> list[CheckResult]:
    """Check registries as `check_each` does; results in the given order.

    `progress` is called in this thread after each one, in the order they end.
    """
    rows = list(registries)
    results: dict[int, CheckResult] = {}
    for number, result in _checks([(row, None) for row in rows]):
        results[number] = result
        if progress:
            progress(rows[number], result)
    return [results[number] for number in range(len(rows))]


def _checks(
    wanted: Sequence[tuple[Registry, Reference | None]],
) -> Iterator[tuple[int, CheckResult]]:
    """Check each in its turn; the place in `wanted` and the result, as each ends."""
    settings = conf.get()
    waiting = deque(
        (number, Turn(row, settings.timeout, shares=reference is None))
        for number, (row, reference) in enumerate(wanted)
    )
    running: dict[Future[_Checked], tuple[int, Turn]] = {}
    # Threads only talk to registries; the database is read and written here.
    with ThreadPoolExecutor(min(settings.check_workers, len(wanted) or 1)) as pool:
        while waiting or running:
            for _each in range(len(waiting)):
                if len(running) == settings.check_workers:
                    break
                number, turn = waiting.popleft()
                if turn.has_come():
                    running[pool.submit(_run_check, *wanted[number])] = (number, turn)
                elif turn.result:
                    yield number, turn.result
                else:
                    waiting.append((number, turn))
            if waiting and not running:
                time.sleep(LOOK_AGAIN)
            for future in wait(running, LOOK_AGAIN, FIRST_COMPLETED).done:
                number, turn = running.pop(future)
                try:
                    _store(wanted[number][0], future.result())
                finally:
                    turn.end()
                yield number, future.result().result


def _run_check(registry: Registry, reference: Reference | None) -> _Checked:
    started = time.monotonic()
    pulls = None
    try:
        with _client(registry, reference.match_host if reference else None) as client:
            image = (reference.repository, _wanted(reference)) if reference else ()
            outcome = client.check(*image)
        pulls = outcome.pulls
        result = CheckResult(
            outcome.verdict,
            outcome.code,
            datetime.now(UTC),
            outcome.params,
            outcome.retry_at,
            outcome.steps,
        )
    except ClientError as error:
        verdict = error.verdict or Verdict.MISCONFIGURED
        result = CheckResult(verdict, error.code, datetime.now(UTC), error.params)
    return _Checked(result, pulls, time.monotonic() - started)


def _store(registry: Registry, checked: _Checked) -> None:
    """Keep a result on the row it was made for, never on one that changed meanwhile."""
    if registry.pk is None or registry.changed():
        return
    result, pulls = checked.result, checked.pulls
    columns = {
        "check_verdict": result.verdict.value,
        "check_code": result.code,
        "check_params": dict(result.params),
        "checked_at": result.checked_at,
        "retry_at": result.retry_at,
        "pulls_remaining": pulls.remaining if pulls else None,
        "pulls_limit": pulls.limit if pulls else None,
    }
    rows = Registry.objects.filter(pk=registry.pk, version=registry.version)
    # Together: whoever deletes the row meanwhile comes before its history grows, or after.
    with transaction.atomic():
        if not rows.update(**columns):
            return
        Check.objects.create(
            registry=registry,
            verdict=result.verdict.value,
            code=result.code,
            params=dict(result.params),
            checked_at=result.checked_at,
            seconds=checked.seconds,
        )
        past = Check.objects.filter(registry=registry).values_list("pk", flat=True)[Check.KEPT :]
        Check.objects.filter(pk__in=list(past)).delete()
    for name, value in columns.items():
        setattr(registry, name, value)


# Reading


def list_tags(registry: Registry, repository: str) -> list[str]:
    """The tags of a repository, in the registry's own order. Raises ClientError."""
    with _client(registry) as client:
        return client.tags(repository)


def get_digest(registry: Registry, repository: str, reference: str) -> str:
    """The digest a tag stands for, an index's own for an index. Raises ClientError.

    Nothing is counted as a pull.
    """
    with _client(registry) as client:
        return client.digest(repository, reference)


def get_manifest(registry: Registry, repository: str, reference: str) -> Manifest:
    """The digest, media type and, for an index, platforms of a tag. Raises ClientError."""
    with _client(registry) as client:
        return client.manifest(repository, reference)


def get_digests(registry: Registry, images: Sequence[tuple[str, str]]) -> list[str | ClientError]:
    """The digests of many (repository, reference) pairs of one registry, in their order.

    A pair that fails has its ClientError in its place. Raises ClientError where the registry
    cannot be asked at all.
    """
    with _client(registry) as client:
        return client.digests(images)


def reference_for(registry: Registry, image: str) -> Reference:
    """The reference that a person means by `image` on this registry.

    `team/app` is an image of the row's own host where it has one. Raises InvalidReference.
    """
    reference = Reference.parse(image)
    if registry.may_answer_for(reference.match_host):
        return reference
    if home := _home(registry):
        first = image.partition("/")[0]
        if not ("/" in image and ("." in first or ":" in first or first == "localhost")):
            return Reference.parse(f"{home}/{image}")
    raise InvalidReference(
        "This image is on another registry. Write one that this row answers for."
    )


def _wanted(reference: Reference) -> str:
    return reference.digest or reference.tag or "latest"


def _home(registry: Registry) -> str | None:
    """The host to ask when no image names one: of the address, the prefix, or the kind."""
    values = registry.plain_values()
    own = registry.declaration.own_host(values)
    return own or registry.prefix.partition("/")[0] or registry.declaration.home(values)


# Building a client


@contextmanager
@sensitive_variables("values")
def _client(registry: Registry, host: str | None = None) -> Iterator[Client]:
    """A client for the row, good for `TIMEOUT` seconds. Raises ClientError."""
    from registries.client.client import Client  # noqa: PLC0415 - loads requests
    from registries.client.deadline import Deadline  # noqa: PLC0415

    values, identity = _credentials(registry)
    kind = registry.declaration
    host = host or _home(registry)
    settings = conf.get()
    with Deadline(settings.timeout) as deadline:
        yield Client(
            kind.endpoint(values, host),
            kind.credential(values, host, registry.prefix),
            transport=_transport(settings, registry.verify_tls, registry.ca_certificate),
            tokens=_tokens(settings.token_cache),
            deadline=deadline,
            identity=identity,
        )


@sensitive_variables("values", "told")
def _credentials(registry: Registry) -> tuple[dict[str, str], str]:
    """The row's values in clear, and an identity that changes with them."""
    unreadable = False
    values: dict[str, str] = {}
    try:
        values = registry.values()
    except SecretUnreadable:
        unreadable = True
    if unreadable:
        raise Misconfigured("secret_unreadable")
    # A row may have been saved without its rules being asked.
    kind = registry.declaration
    values, problems = kind.clean(values)
    if problems or kind.problems(values, is_default=registry.is_default):
        raise Misconfigured("incomplete")
    # Keyed, so that nobody who reads the token cache can try passwords against it.
    told = json.dumps([registry.uid.hex, sorted(values.items())])
    return values, salted_hmac("registries.identity", told, algorithm="sha256").hexdigest()


@lru_cache(maxsize=256)
def _transport(settings: conf.Conf, verify_tls: bool, ca_certificate: str) -> Transport:
    """One transport, with its kept-alive connections, for all rows that connect alike."""
    from registries.client.transport import Options, Transport  # noqa: PLC0415

    return Transport(
        Options(
            timeout=settings.timeout,
            user_agent=settings.user_agent,
            ca_bundle=settings.ca_bundle,
            proxy=settings.proxy,
            no_proxy=settings.no_proxy,
            allow_private_addresses=settings.allow_private_addresses,
            endpoints=dict(settings.endpoints),
            verify_tls=verify_tls,
            ca_certificate=ca_certificate,
        )
    )


@lru_cache(maxsize=8)
def _tokens(cache_name: str | None) -> TokenStore:
    from registries.client.tokens import MemoryTokens  # noqa: PLC0415

    if cache_name is None:
        return MemoryTokens()
    from registries.tokencache import CacheTokens  # noqa: PLC0415

    return CacheTokens(cache_name)


# Rows


def reset(registry: Registry) -> None:
    """Make a default row as it was on the first day: anonymous. Its name and history stay.

    Raises ValidationError for a row that is no default: those are deleted.
    """
    if not registry.is_default:
        raise ValidationError(
            _("“%(name)s” is not a default registry: delete it instead."),
            code="not_default",
            params={"name": registry.name},
        )
    for name in registry.given():
        setattr(registry, name, None)
    registry.prefix = ""
    registry.ca_certificate = ""
    registry.verify_tls = True
    with transaction.atomic(using=registry._state.db):
        registry.save()
        # Saving forgets the check only where something changed.
        registry.clear_check()
        check = {name: getattr(registry, name) for name in CHECK_FIELDS}
        Registry.objects.using(registry._state.db).filter(pk=registry.pk).update(**check)


def ensure_defaults(model: type[Registry] = Registry, using: str = DEFAULT_DB_ALIAS) -> None:
    """Make the default rows that are missing; safe when several processes do it at once.

    Existing rows are left alone. A name that is taken gets a number.
    """
    for kind in KINDS.values():
        if kind.default_name is not None:
            _ensure_default(model, using, kind.slug, kind.default_name)


def _ensure_default(model: type[Registry], using: str, slug: str, name: str) -> None:
    rows = model._base_manager.using(using)
    for number in range(1, NAME_TRIES):
        if rows.filter(kind=slug, is_default=True).exists():
            return
        numbered = name if number == 1 else f"{name} ({number})"
        row = model(kind=slug, name=numbered, name_key=names.key(numbered), is_default=True)
        # A row that another process made, or a name that is taken, makes no error: look again.
        rows.bulk_create([row], ignore_conflicts=True)
