"""The operations on registries. Admin, API and commands use these functions.

They must not be called within a database transaction, because they wait for registries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connections, transaction

from registries.checking.background import check_in_background
from registries.checking.callers import Caller, TooManyChecks, admitted
from registries.checking.other_scheme import other_scheme
from registries.checking.running import run_checks
from registries.client.errors import ClientError
from registries.handover import operations
from registries.handover.credential import PullCredential
from registries.handover.form import Form
from registries.handover.operations import HandedOver
from registries.handover.recipient import Recipient
from registries.handover.target import Target
from registries.kinds import KINDS
from registries.models import Registry, defaults, resetting
from registries.models.results import CheckResult
from registries.provisioning import applying, document, exporting, planning, schema
from registries.reference import Reference
from registries.resolving.naming import reference_for
from registries.row_client import client_for, home_of

if TYPE_CHECKING:
    from registries.client.client import Manifest

__all__ = ["TooManyChecks", "check_in_background", "home_of", "other_scheme", "reference_for"]

# The caller of checks that do not name one: code of the site.
NOBODY = Caller()
CODE = Recipient()
DEFAULT = planning.Options()


def outside_transactions(view: Callable[..., Any]) -> Callable[..., Any]:
    """Exempt a view from ATOMIC_REQUESTS of all databases."""
    for name in connections:
        view = transaction.non_atomic_requests(name)(view)
    return view


# Checking


def check(registry: Registry, image: str | None = None, *, caller: Caller = NOBODY) -> CheckResult:
    """Sign in to the registry within `TIMEOUT` seconds, and return the result.

    image: an image to read as well: a name as for docker pull, or a repository of the row's host.

    The result is stored on the row, unless the row was changed meanwhile, and in the audit. If the
    row is being checked already, this waits up to `TIMEOUT` seconds more and, without an image,
    returns the result of that check. Raises InvalidReference for an invalid image or one of another
    registry, and TooManyChecks if a person has started more than `CHECKS_PER_MINUTE` single checks.
    """
    reference = None if image is None else reference_for(registry, image)
    with admitted(caller, registry.db_for_write):
        ((_number, result),) = run_checks([(registry, reference)], caller)
    return result


def check_each(
    registries: Iterable[Registry], *, caller: Caller = NOBODY
) -> Iterator[tuple[Registry, CheckResult]]:
    """Check registries, `CHECK_WORKERS` at a time, and yield each as its check ends."""
    rows = list(registries)
    checks = run_checks([(row, None) for row in rows], caller)
    return ((rows[number], result) for number, result in checks)


def check_many(
    registries: Iterable[Registry],
    progress: Callable[[Registry, CheckResult], None] | None = None,
    *,
    caller: Caller = NOBODY,
) -> list[CheckResult]:
    """Check registries, `CHECK_WORKERS` at a time, and return the results in the same order.

    `progress` is called in this thread after each check.
    """
    rows = list(registries)
    results: dict[int, CheckResult] = {}
    for number, result in run_checks([(row, None) for row in rows], caller):
        results[number] = result
        if progress:
            progress(rows[number], result)
    return [results[number] for number in range(len(rows))]


# Reading


def list_tags(
    registry: Registry,
    repository: str,
    host: str | None = None,
    *,
    last: str | None = None,
    n: int | None = None,
    prefix: str | None = None,
) -> list[str]:
    """Return the tags of a repository in the registry's own order. Raises ClientError.

    host: the host of the image, if the row is for several.
    prefix: only tags that start with it. last: only tags after this one. n: at most this many.
    With `last` or `n` the tags are sorted, and only the pages that are needed are requested. Each
    page may take `TIMEOUT` seconds, all together `LIST_TIMEOUT`.
    """
    with client_for(registry, host) as client:
        return client.tags(repository, last=last, n=n, prefix=prefix)


def get_digest(registry: Registry, repository: str, reference: str) -> str:
    """Return the digest of a tag; for an index, the index's own. Raises ClientError.

    This does not count as a pull.
    """
    with client_for(registry) as client:
        return client.digest(repository, reference)


def get_manifest(
    registry: Registry,
    repository: str,
    reference: str,
    host: str | None = None,
    *,
    platform: str | None = None,
) -> Manifest:
    """Return digest, media type and, for an index, platforms of a tag. Raises ClientError.

    host: the host of the image, if the row is for several.
    platform: such as `linux/arm64`. Returns the manifest of this platform in an index, or raises
        the error `platform_not_found`.
    """
    with client_for(registry, host) as client:
        return client.manifest(repository, reference, platform)


class Seen(NamedTuple):
    """What a registry says of an image; where it could not, its ClientError."""

    manifest: Manifest | ClientError
    tags: list[str] | ClientError


def look_up(registry: Registry, reference: Reference, n: int) -> Seen:
    """The manifest of an image and the first `n` tags of its repository, for somebody who waits.

    Both together take no longer than `TIMEOUT` seconds. The tags are asked for where the image is
    not there, too, and not where the registry itself could not be used.
    """
    manifest: Manifest | ClientError
    tags: list[str] | ClientError
    try:
        with client_for(registry, reference.match_host, is_quick=True) as client:
            try:
                manifest = client.manifest(reference.repository, reference.version)
            except ClientError as error:
                if error.verdict:
                    raise
                manifest = error
            try:
                tags = client.tags(reference.repository, n=n)
            except ClientError as error:
                tags = error
            return Seen(manifest, tags)
    except ClientError as error:
        return Seen(error, error)


def get_digests(registry: Registry, images: Sequence[tuple[str, str]]) -> list[str | ClientError]:
    """Return the digests of many (repository, reference) pairs of one registry, in order.

    A pair that fails has its ClientError in the list. Raises ClientError if the registry cannot be
    called at all.
    """
    with client_for(registry) as client:
        return client.digests(images)


# Handing over


def pull_credential(
    registry: Registry, image: str | None = None, *, recipient: Recipient = CODE
) -> PullCredential:
    """Return a credential with which another program can sign in to the registry.

    It is short-lived if the kind supports that, and at least half of its lifetime is left. It is
    for the registry's own host, or for the host of `image`. It is recorded in the audit, as are
    refusals. Raises HandoverRefused, InvalidReference for an invalid image, and ClientError if an
    exchange fails.
    """
    return operations.pull_credential(registry, image, recipient)


def hand_over(
    form: Form, target: Target, *, recipient: Recipient, name: str = "", namespace: str = ""
) -> HandedOver:
    """Return the credentials of all rows of the target in one form of FORMS.

    name, namespace: of a Kubernetes Secret. It is recorded in the audit, as are refusals. If one
    row is refused, nothing is handed over. Raises HandoverRefused, and ClientError if an exchange
    fails.
    """
    return operations.hand_over(form, target, recipient, name=name, namespace=namespace)


def preview_hand_over(form: Form, registries: Sequence[Registry]) -> list[PullCredential]:
    """Return what `hand_over` would hand over, without user names and passwords.

    No server is called and nothing is recorded. Raises what `hand_over` raises, as far as that is
    known without an exchange.
    """
    return operations.preview(form, registries)


# Rows


def reset(registry: Registry) -> None:
    """Make a default row anonymous, as it was at first. Its name and history stay.

    Raises ValidationError for any other row, which has to be deleted instead.
    """
    resetting.reset(registry)


def ensure_defaults(model: type[Registry] = Registry, using: str = DEFAULT_DB_ALIAS) -> None:
    """Add the missing default rows. Several processes may do this at the same time.

    Existing rows are not changed. If a name is taken, a number is appended.
    """
    for kind in KINDS.values():
        if kind.default_name is not None:
            defaults.ensure(model, using, kind.slug, kind.default_name)


# Registries as code


def plan_files(paths: Sequence[str], options: planning.Options = DEFAULT) -> planning.Plan:
    """Return what applying these files of one source would change. Raises NotApplied.

    `options` say whether rows are pruned and adopted.
    """
    return planning.plan(document.load(paths), options)


def apply_files(paths: Sequence[str], options: planning.Options = DEFAULT) -> planning.Plan:
    """Make rows what these files of one source declare, and return what was done.

    All of it is one transaction. Raises NotApplied if something is wrong, and Busy if others write
    the same rows all the time; then nothing was written.
    """
    return applying.apply(document.load(paths), options)


def export(source: str = "") -> exporting.File:
    """Return the rows that a source owns, or those that nobody owns, as a file declares them.

    Secrets are references to environment variables, which whoever applies the file sets.
    """
    return exporting.export(source)


def file_schema() -> dict[str, Any]:
    """Return the JSON Schema of such files, with which editors complete and check them."""
    return schema.file_schema()


def release(registry: Registry) -> None:
    """Let people change a row that a file owns; the file no longer owns it.

    Raises ChangedMeanwhile.
    """
    applying.release(registry)
