"""A site as it looks after some weeks: rows of several kinds, with the checks of their past."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from registries.models import Check, Registry
from registries.verdicts import CODES, Verdict
from tests.factories import SAMPLES

MINUTE = timedelta(minutes=1)


def fill() -> None:
    """Rows to look at: some fine, some not, with a past."""
    hub, gcr, ghcr, quay = (
        Registry.objects.get(kind=kind, is_default=True) for kind in ("hub", "gcr", "ghcr", "quay")
    )
    past(hub, [*["public"] * 14, "rate_limited", *["public"] * 5], pulls=(61, 100))
    past(ghcr, ["public"] * 20)
    past(gcr, ["public"] * 12, age=60 * 24 * MINUTE)
    past(quay, [*["public"] * 15, "timeout", *["public"] * 4])
    team = add("hub", "Docker Hub · platform team", prefix="docker.io/acme", login="acmebot")
    past(team, ["signed_in"] * 20, pulls=(184, 200))
    lab = add("custom", "Lab registry", url="https://registry.lab.example:5000")
    past(lab, [*["signed_in"] * 15, *["tls"] * 5], age=12 * MINUTE)
    gitlab = add("gitlab", "GitLab · release bots", url="https://registry.gitlab.com")
    past(gitlab, [*["signed_in"] * 18, *["no_registry_scope"] * 2], age=180 * MINUTE)
    aws = add("ecr", "AWS · production", prefix="123456789012.dkr.ecr.eu-west-1.amazonaws.com")
    past(aws, [*["signed_in"] * 9, "timeout", *["signed_in"] * 7, *["rate_limited"] * 3])


def add(kind: str, name: str, **values: Any) -> Registry:
    row = Registry(kind=kind, name=name, **{**SAMPLES[kind], **values})
    row.full_clean()
    row.save()
    return row


def past(
    row: Registry,
    codes: Sequence[str],
    *,
    age: timedelta = 4 * MINUTE,
    pulls: tuple[int, int] | None = None,
) -> None:
    """Give the row these checks, the newest last and so long ago."""
    host = row.host or row.declaration.home(row.plain_values()) or ""
    now = datetime.now(UTC) - age
    checks = [
        Check(
            registry=row,
            verdict=CODES[code].verdict or Verdict.VALID,
            code=code,
            params={"host": host},
            checked_at=now - 30 * MINUTE * number,
            seconds=0.2,
        )
        for number, code in enumerate(reversed(codes))
    ]
    Check.objects.bulk_create(checks)
    newest = checks[0]
    left, limit = pulls or (None, None)
    Registry.objects.filter(pk=row.pk).update(
        check_verdict=newest.verdict,
        check_code=newest.code,
        check_params=newest.params,
        checked_at=newest.checked_at,
        pulls_remaining=left,
        pulls_limit=limit,
    )
