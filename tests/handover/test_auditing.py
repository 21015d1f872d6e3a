"""The audit of hand-overs: what is stored of those that were refused, and how often."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from registries import services
from registries.handover import FORMS, HandoverRefused
from registries.handover.recipient import Recipient
from registries.handover.target import Target
from registries.models import Handover
from tests.factories import create

pytestmark = pytest.mark.django_db

SAM = Recipient("api", "7", "sam", "production", "192.0.2.1")
NOBODY = replace(SAM, is_permitted=False)


def refuse(recipient: Recipient, host: str = "r.example", form: str = "line") -> None:
    with pytest.raises(HandoverRefused):
        services.hand_over(FORMS[form], Target(host=host), recipient=recipient)


@pytest.mark.parametrize("recipient", [SAM, NOBODY])
def test_a_refusal_is_stored_once_a_minute(recipient: Recipient) -> None:
    for _ in range(3):
        refuse(recipient)
    assert Handover.objects.count() == 1
    # Whatever is new about one is stored.
    refuse(recipient, host="other.example")
    refuse(recipient, form="json")
    for change in ({"user_id": "8"}, {"token": "staging"}, {"address": "192.0.2.2"}):
        refuse(replace(recipient, **change))
    assert Handover.objects.count() == 6
    for handover in Handover.objects.all():
        Handover.objects.filter(pk=handover.pk).update(
            handed_at=handover.handed_at - timedelta(seconds=61)
        )
    refuse(recipient)
    assert Handover.objects.count() == 7


def test_who_may_nothing_cannot_fill_the_audit(caplog: pytest.LogCaptureFixture) -> None:
    """Neither over one way nor over both; what he is refused then is in the log alone."""
    caplog.set_level(logging.WARNING)
    for number in range(35):
        refuse(replace(NOBODY, way=("api", "admin")[number % 2]), host=f"r{number}.example")
    assert Handover.objects.count() == 30
    assert [record.name for record in caplog.records] == ["registries.handover.auditing"] * 5
    assert "user 7 at 192.0.2.1 was refused (not_permitted)" in caplog.text
    refuse(replace(NOBODY, user_id="8"))
    # Who may hand over is told of every host that is missing.
    for number in range(35):
        refuse(SAM, host=f"r{number}.example")
    assert Handover.objects.filter(code="no_registry").count() == 35


def test_what_is_handed_over_is_always_stored() -> None:
    row = create("custom", handover="any")
    for _ in range(3):
        services.pull_credential(row, recipient=SAM)
    assert Handover.objects.filter(code="handed_over").count() == 3
