"""The page of notifications: what was sent and what failed, a test message, another attempt."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from registries import outbox
from registries.admin.times import stamp
from registries.checking import clock
from registries.models import Delivery, GoneReceiver, Notification, StateChange
from registries.notifying.failures import SENTENCES
from registries.receivers import SECRET_PREFIX
from tests.factories import create
from tests.fakes.server import FakeServer, Reply, Request

pytestmark = pytest.mark.django_db

PAGES = "/backstage/registries/notification/"
SECRET = SECRET_PREFIX + base64.b64encode(b"fake-secret-of-a-webhook").decode()


def client_with(*permissions: str) -> Client:
    user = User.objects.create_user("robin", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def sender() -> Client:
    return client_with("view_notification", "send_notification")


@pytest.fixture
def statuses() -> dict[str, int]:
    """What the fake answers, by path."""
    return {}


@pytest.fixture
def server(statuses: dict[str, int]) -> Iterator[FakeServer]:
    def answer(request: Request) -> Reply:
        return Reply(statuses.get(request.path.partition("?")[0], 204))

    with FakeServer(answer) as running:
        yield running


@pytest.fixture
def notify(server: FakeServer, settings: Any) -> list[str]:
    entries = [f"{server.origin}/{name}?canary#{SECRET}" for name in ("good", "bad")]
    settings.REGISTRIES = {"NOTIFY": entries}
    return entries


def age_tests() -> None:
    """Let the test messages be of a while ago."""
    Notification.objects.update(created_at=timezone.now() - timedelta(seconds=11))


def text(response: Any) -> str:
    assert response.status_code == 200
    page: str = response.content.decode()
    assert "canary" not in page
    assert SECRET not in page
    return page


def test_a_test_message_goes_to_all_and_its_page_says_how_that_went(
    sender: Client, notify: list[str], statuses: dict[str, int]
) -> None:
    statuses["/bad"] = 503
    page = text(sender.post(f"{PAGES}test/", follow=True))
    assert "1 receiver did not get the test message." in page
    assert "The receiver answered with the HTTP status 503." in page
    assert "robin" in page
    assert list(Delivery.objects.values_list("status", "attempts")) == [("sent", 1), ("failed", 1)]
    statuses.clear()
    age_tests()
    assert "All receivers took the test message" in text(sender.post(f"{PAGES}test/", follow=True))
    assert "Receivers" in text(sender.get(PAGES))


def test_one_test_message_at_a_time(sender: Client, notify: list[str], server: FakeServer) -> None:
    """Nobody can hold all threads of the web server, or flood the receivers, by many clicks."""
    url, refused = f"{PAGES}test/", "A test message was sent just now."
    sender.post(url)
    count = len(server.requests)
    assert refused in text(sender.post(url, follow=True))
    age_tests()
    still_sending = {"status": "pending", "leased_until": timezone.now() + timedelta(minutes=1)}
    Delivery.objects.update(**still_sending)
    assert refused in text(sender.post(url, follow=True))
    assert len(server.requests) == count
    Delivery.objects.update(leased_until=timezone.now())
    assert "All receivers took" in text(sender.post(url, follow=True))


def test_without_receivers_the_page_says_so(sender: Client) -> None:
    page = text(sender.get(PAGES))
    assert "the setting NOTIFY is empty. Set REGISTRIES_NOTIFY (in a site of your own, " in page
    text(sender.post(f"{PAGES}test/", follow=True))
    assert not Notification.objects.exists()


def test_what_failed_can_be_sent_again(sender: Client, notify: list[str]) -> None:
    notification = outbox.enqueue("note", "Something", ["A sentence."])
    Delivery.objects.update(status="failed", code="timeout", attempts=10)
    url = f"{PAGES}{notification.pk}/"
    page = text(sender.get(f"{url}change/"))
    assert SENTENCES["timeout"] in page
    assert "A sentence." in page
    assert "is sent again" in text(sender.post(f"{url}again/", follow=True))
    assert list(Delivery.objects.values_list("status", "attempts")) == 2 * [("pending", 0)]
    assert sender.get(f"{url}again/").status_code == 405
    assert sender.post(f"{PAGES}999/again/").status_code == 404


def test_what_nobody_was_told_can_be_sent_to_new_receivers(
    sender: Client, server: FakeServer, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    notification = outbox.enqueue("note", "Something", ["A sentence."])
    assert caplog.messages == ["Nobody was told: NOTIFY is empty in this process. Something"]
    url = f"{PAGES}{notification.pk}/"
    assert "Send again" not in text(sender.get(f"{url}change/"))
    settings.REGISTRIES = {"NOTIFY": [f"{server.origin}/#{SECRET}"]}
    assert "Send again" in text(sender.get(f"{url}change/"))
    for _ in range(2):
        sender.post(f"{url}again/")
    assert list(Delivery.objects.values_list("status", "attempts")) == [("pending", 0)]


def test_a_webhook_that_is_gone_can_be_enabled(
    sender: Client, notify: list[str], statuses: dict[str, int]
) -> None:
    statuses["/bad"] = 410
    sender.post(f"{PAGES}test/")
    GoneReceiver.objects.update(gone_at=datetime(2030, 1, 2, 13, 31, tzinfo=UTC))
    told = "Turned off since Jan. 2, 2030, 1:31 p.m. UTC: it answered 410 (Gone)<"
    assert told in text(sender.get(PAGES))
    gone = GoneReceiver.objects.get()
    assert "is enabled" in text(sender.post(f"{PAGES}enable/{gone.pk}/", follow=True))
    assert not GoneReceiver.objects.exists()


@pytest.mark.parametrize("path", ["test/", "1/again/", "enable/1/"])
def test_who_may_only_look_sends_nothing(path: str, notify: list[str]) -> None:
    client = client_with("view_notification")
    assert "Send a test message" not in text(client.get(PAGES))
    assert client.post(f"{PAGES}{path}").status_code == 403
    assert not Notification.objects.exists()


def test_changes_lead_to_their_rows_for_whoever_may_see_them(notify: list[str]) -> None:
    row = create("custom", name="<b>Acme</b>")
    notification = outbox.enqueue(Notification.STATE, "“Acme” needs attention", [], [row])
    for registry in (row, None):
        StateChange.objects.create(
            registry=registry,
            registry_name=row.name,
            kind=row.kind,
            state="attention",
            verdict="unreachable",
            code="timeout",
            params={"host": "registry.example"},
            changed_at=timezone.now(),
            notification=notification,
        )
    link = f"/backstage/registries/registry/{row.pk}/change/"
    url = f"{PAGES}{notification.pk}/change/"
    page = text(client_with("view_notification", "view_registry").get(url))
    assert link in page
    assert "<b>Acme" not in page
    assert "registry.example did not respond in time" in page
    User.objects.all().delete()
    assert link not in text(client_with("view_notification").get(url))


def test_filters_and_search(sender: Client, notify: list[str]) -> None:
    for kind, status in (("state_changed", "sent"), ("test", "failed"), ("other", "pending")):
        notification = outbox.enqueue(kind, f"About {kind}", [])
        notification.deliveries.update(status=status)
        change = {"state": "fine", "verdict": "valid", "code": "x", "changed_at": timezone.now()}
        for _ in range(2):
            StateChange.objects.create(notification=notification, registry_name=kind, **change)
    found = {
        query: [
            subject for subject in ("state_changed", "test", "other") if f"About {subject}" in page
        ]
        for query in ("", "status=failed", "status=sent", "kind=test", "q=other", "status=x")
        if (page := text(sender.get(f"{PAGES}?{query}")))
    }
    assert found == {
        "": ["state_changed", "test", "other"],
        "status=failed": ["test"],
        "status=sent": ["state_changed"],
        "kind=test": ["test"],
        "q=other": ["other"],
        "status=x": [],
    }


def test_when_changes_are_told(sender: Client, notify: list[str], monkeypatch: Any) -> None:
    assert "to be sent" not in text(sender.get(PAGES))
    row, now = create("custom"), timezone.now()
    values = {"registry_name": row.name, "host": "a.example", "state": "attention", "code": "x"}
    StateChange.objects.create(**values, changed_at=now)
    monkeypatch.setattr(clock, "now", lambda using: now)
    page = text(sender.get(PAGES))
    assert f"1 change of state waits to be sent, at {stamp(now + timedelta(seconds=10))}<" in page
    monkeypatch.setattr(clock, "now", lambda using: now + timedelta(seconds=10))
    assert "1 change of state waits to be sent.<" in text(sender.get(PAGES))


def test_that_nobody_sends_is_seen(sender: Client, notify: list[str]) -> None:
    outbox.enqueue("note", "Something", [])
    assert "seems to run" not in text(sender.get(PAGES))
    Delivery.objects.update(due_at=timezone.now() - timedelta(hours=1))
    assert "neither run_checks nor send_notifications seems to run" in text(sender.get(PAGES))
