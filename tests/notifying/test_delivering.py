"""Notifications: one for many changes, delivered once, again while a receiver is down."""

import base64
import json
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from datetime import timedelta
from importlib import import_module
from time import sleep
from typing import Any

import pytest
from django.core import mail
from django.core.checks import run_checks
from django.core.mail.backends.base import BaseEmailBackend
from django.core.management import call_command
from django.db import connections
from django.db.models import F
from django.utils import timezone
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from registries import outbox, receivers
from registries.models import Delivery, GoneReceiver, Notification, Registry, StateChange
from registries.models.notification import Level, Status, prune, prune_untold
from registries.notifying import chat, collecting, delivering, notifier
from registries.notifying import mail as smtp
from registries.notifying.failures import SENTENCES
from registries.notifying.notifier import Notifier, send_pending
from tests.factories import create
from tests.fakes.server import FakeServer, Reply, Request
from tests.threads import together

pytestmark = pytest.mark.django_db
with_threads = pytest.mark.django_db(transaction=True)

KEY = b"fake-secret-of-a-webhook"
SECRET = receivers.SECRET_PREFIX + base64.b64encode(KEY).decode()
USING = "default"


class Hook:
    """A receiver that answers what it is told, and keeps what it got."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.got: list[Request] = []
        self.before: Callable[[], None] = lambda: None

    def __call__(self, request: Request) -> Reply:
        self.before()
        self.got.append(request)
        return self.replies.pop(0) if self.replies else Reply(204)

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(request.body) for request in self.got]

    @property
    def headers(self) -> list[dict[str, str]]:
        return [{k.lower(): v for k, v in request.headers.items()} for request in self.got]

    def hold(self) -> tuple[threading.Event, threading.Event]:
        """Let requests wait: the event that one has come, and the event that lets them go."""
        held, let_go = threading.Event(), threading.Event()

        def wait() -> None:
            held.set()
            assert let_go.wait(30)

        self.before = wait
        return held, let_go


@pytest.fixture
def hook() -> Hook:
    return Hook()


@pytest.fixture
def server(hook: Hook) -> Iterator[FakeServer]:
    with FakeServer(hook) as running:
        yield running


@pytest.fixture
def url(server: FakeServer, settings: Any) -> str:
    """The address of the only receiver, a webhook with a token in its path."""
    address = f"{server.origin}/canary-path?token=canary-query"
    settings.REGISTRIES = {"NOTIFY": [f"{address}#{SECRET}"]}
    return address


def change(count: int = 1, state: str = "attention", **columns: Any) -> None:
    """Changes of state of so many new rows, three hours ago."""
    values = {
        "kind": "custom",
        "host": "registry.example",
        "state": state,
        "previous": "",
        "verdict": "unreachable",
        "code": "timeout",
        "params": {"host": "registry.example"},
        "changed_at": timezone.now() - timedelta(hours=3),
    }
    rows = [create("custom") for _ in range(count)]
    StateChange.objects.bulk_create(
        StateChange(**{"registry": row, "registry_name": row.name, **values, **columns})
        for row in rows
    )


def send() -> None:
    """What run_checks does now and then, as if all pauses were over."""
    Delivery.objects.filter(status=Status.PENDING).update(
        due_at=timezone.now() - timedelta(seconds=1)
    )
    send_pending()


def states() -> list[tuple[str, int, str]]:
    return list(Delivery.objects.values_list("status", "attempts", "code"))


def told(count: int = 1, **columns: Any) -> list[tuple[str, int, str]]:
    """How the messages of changes were delivered."""
    change(count, **columns)
    send_pending()
    return states()


# Signed webhooks


def test_the_specifications_own_library_accepts_the_signature(hook: Hook, url: str) -> None:
    assert told() == [("sent", 1, "")]
    (request,), (headers,) = hook.got, hook.headers
    content = Webhook(SECRET).verify(request.body, headers)
    assert content["type"] == "registries.state_changed"
    assert content["data"]["registries"][0]["state"] == "attention"
    assert headers["content-type"] == "application/json"
    assert headers["webhook-id"] == f"msg_{Notification.objects.get().uid.hex}"
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(request.body + b" ", headers)


def test_two_secrets_sign_while_one_replaces_the_other(
    hook: Hook, server: FakeServer, settings: Any
) -> None:
    other = receivers.SECRET_PREFIX + base64.b64encode(b"another-secret-of-a-webhook").decode()
    settings.REGISTRIES = {"NOTIFY": [f"{server.origin}/#{other},{SECRET}"]}
    assert told() == [("sent", 1, "")]
    for secret in (SECRET, other):
        Webhook(secret).verify(hook.got[0].body, hook.headers[0])


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(500), "status"),
        (Reply(400), "status"),
        (Reply(429, b"", {"Retry-After": "3600"}), "status"),
        (Reply(302, b"", {"Location": "https://elsewhere.example/"}), "redirected"),
    ],
    ids=str,
)
def test_any_other_answer_is_a_failure_and_tried_again(
    hook: Hook, url: str, reply: Reply, code: str
) -> None:
    hook.replies = [reply]
    assert told() == [("pending", 1, code)]
    wait = Delivery.objects.get().due_at - timezone.now()
    assert wait > timedelta(minutes=50 if reply.status == 429 else 0)
    send_pending()  # not due yet
    assert len(hook.got) == 1
    send()
    assert states() == [("sent", 2, "")]
    first, second = hook.got
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


@pytest.mark.parametrize("body", [b"x" * 2**20, [b"x" * 2**16] * 16], ids=["length", "chunks"])
def test_the_status_counts_whatever_the_body(hook: Hook, url: str, body: Any) -> None:
    hook.replies = [Reply(200, body)]
    assert told() == [("sent", 1, "")]


def test_after_the_last_attempt_it_has_failed_and_can_be_sent_again(hook: Hook, url: str) -> None:
    hook.replies = [Reply(503)] * (len(delivering.PAUSES) + 1)
    change()
    for _ in range(len(delivering.PAUSES) + 3):
        send()
    assert states() == [("failed", len(delivering.PAUSES) + 1, "status")]
    assert len(hook.got) == len(delivering.PAUSES) + 1
    assert delivering.send_again(Notification.objects.get()) == 1
    send()
    assert states() == [("sent", 1, "")]


def test_gone_turns_a_webhook_off_until_it_is_enabled_or_another(
    hook: Hook, url: str, settings: Any
) -> None:
    hook.replies = [Reply(410)]
    assert told() == [("failed", 1, "gone")]
    assert told()[1:] == [("failed", 0, "gone")]
    assert len(hook.got) == 1
    assert delivering.send_again(Notification.objects.latest("pk")) == 0
    settings.REGISTRIES = {"NOTIFY": [f"{url}&new=1#{SECRET}"]}
    told()
    assert len(hook.got) == 2
    GoneReceiver.objects.all().delete()
    settings.REGISTRIES = {"NOTIFY": [f"{url}#{SECRET}"]}
    assert delivering.send_again(Notification.objects.earliest("pk")) == 1


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        (f"{{origin}}/#{SECRET}", "blocked_address"),
        ("admins", "no_admins"),
        ("json://127.0.0.1:1/", "unreachable"),
    ],
)
def test_what_cannot_be_asked_says_why(
    entry: str, code: str, hook: Hook, server: FakeServer, settings: Any
) -> None:
    """Addresses that the site may not call, mail without admins, a service that is away."""
    settings.REGISTRIES = {
        "NOTIFY": [entry.format(origin=server.origin)],
        "ALLOW_PRIVATE_ADDRESSES": False,
    }
    assert told() == [("pending", 1, code)]
    assert not hook.got


# Once, and never lost


def test_many_changes_are_one_message(hook: Hook, url: str, settings: Any) -> None:
    settings.REGISTRIES = {**settings.REGISTRIES, "SITE_URL": "https://site.example/"}
    change(30)
    told(2, state="fine", code="signed_in", verdict="valid")
    (body,) = hook.bodies
    data = body["data"]
    assert (data["attention"], data["fine"], data["total"]) == (30, 2, 32)
    assert len(data["registries"]) == 20
    notification = Notification.objects.get()
    assert notification.subject == "30 registries need attention, 2 registries are fine again"
    assert notification.lines[-1] == "… and 12 more."
    assert len(notification.lines) == 21
    link = "https://site.example/backstage/registries/registry/?verdict=attention"
    assert notification.link == link
    assert notification.changes.count() == 32


def test_a_single_change_leads_to_its_row_and_says_why(hook: Hook, url: str, settings: Any) -> None:
    settings.REGISTRIES = {**settings.REGISTRIES, "SITE_URL": "https://site.example"}
    told(registry_name="Acme")
    notification = Notification.objects.get()
    assert notification.subject == "“Acme” needs attention"
    assert "registry.example" in notification.lines[0]
    row = StateChange.objects.get().registry
    assert row
    page = f"https://site.example/backstage/registries/registry/{row.pk}/change/"
    assert notification.link == page
    assert hook.bodies[0]["data"]["registries"][0]["url"] == page


def test_changes_wait_for_others_and_longer_after_each_message_about_their_host(url: str) -> None:
    """Rows of a host that fails are found one after the other, for hours."""
    now = timezone.now()
    for told, wait in enumerate(collecting.WAITS):
        change(changed_at=now - timedelta(seconds=wait - 5))
        assert collecting.collect(USING) is None, told
        StateChange.objects.filter(notification=None).update(
            changed_at=now - timedelta(seconds=wait + 5)
        )
        assert collecting.collect(USING) is not None, told
    change(changed_at=now - timedelta(minutes=1))
    assert collecting.collect(USING) is None
    # That of another host does not wait, and takes along what waits.
    change(host="other.example", changed_at=now - timedelta(minutes=1))
    assert collecting.collect(USING) is not None
    assert not StateChange.objects.filter(notification=None).exists()


def test_if_all_hosts_seem_to_fail_one_after_the_other_few_messages_are_sent(url: str) -> None:
    """The site's own network is away, and each of 40 hosts is found a minute after the other."""
    now = timezone.now()
    sent = []
    for number in range(40):
        # As if a minute had gone by.
        waiting = StateChange.objects.filter(notification=None)
        waiting.update(changed_at=F("changed_at") - timedelta(minutes=1))
        change(host=f"{number}.example", changed_at=now - timedelta(seconds=15))
        if collecting.collect(USING):
            sent.append(number)
    assert sent == [0, 1, 2, 8, 39]
    # Those that are fine again are counted by themselves.
    change(host="0.example", state="fine", changed_at=now - timedelta(seconds=15))
    assert collecting.collect(USING)


@with_threads
def test_of_many_workers_one_collects_and_one_sends(hook: Hook, url: str) -> None:
    """#80"""
    change(5)
    together(*[send_pending] * 4)
    send_pending()
    assert Notification.objects.count() == 1
    assert len(hook.got) == 1


def test_what_a_killed_process_did_not_note_is_sent_again_with_the_same_id(
    hook: Hook, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    change()
    with monkeypatch.context() as patch:
        patch.setattr(delivering, "_record", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            send_pending()
    send()  # it is leased
    assert len(hook.got) == 1
    Delivery.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    send()
    first, second = hook.headers
    assert first["webhook-id"] == second["webhook-id"]
    assert states() == [("sent", 2, "")]


@with_threads
def test_a_process_that_lost_its_lease_changes_nothing(hook: Hook, url: str) -> None:
    def take() -> None:
        Delivery.objects.update(leased_until=timezone.now() + timedelta(seconds=70), attempts=2)
        connections.close_all()

    hook.before = take
    assert told() == [("pending", 2, "")]


def test_a_message_that_kills_its_process_ends_in_the_end(hook: Hook, url: str) -> None:
    change()
    collecting.collect(USING)
    Delivery.objects.update(attempts=len(delivering.PAUSES) + 1)
    send()
    assert states() == [("failed", len(delivering.PAUSES) + 2, "interrupted")]
    assert not hook.got


def test_a_receiver_that_is_down_holds_up_no_other_and_is_not_asked_for_each_message(
    hook: Hook, server: FakeServer, settings: Any
) -> None:
    down = f"http://127.0.0.1:1/#{SECRET}"
    settings.REGISTRIES = {"NOTIFY": [down, f"{server.origin}/#{SECRET}"]}
    for number in range(3):
        outbox.enqueue("note", f"Number {number}", [])
    send()
    assert [body["data"]["subject"] for body in hook.bodies] == [f"Number {n}" for n in range(3)]
    failed = Delivery.objects.filter(label__contains=":1").values_list("attempts", flat=True)
    assert sorted(failed) == [0, 0, 1]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `Notifier` look into the outbox all the time."""
    monkeypatch.setattr(notifier, "BEAT", 0.01)


@with_threads
@pytest.mark.usefixtures("quick")
def test_it_goes_on_beside_the_checks_and_ends_with_them(hook: Hook, url: str) -> None:
    held, let_go = hook.hold()
    change()
    collecting.collect(USING)
    with Notifier() as running:
        assert held.wait(30)
        # The receiver hangs; whoever checks does not notice.
        Registry.objects.update(check_every=0, next_check=None)
        call_command("run_checks", "--once")
        let_go.set()
    running._thread.join(30)
    assert not running._thread.is_alive()
    assert states() == [("sent", 1, "")]


@with_threads
@pytest.mark.usefixtures("quick")
def test_once_it_is_told_to_stop_it_begins_no_other_message(
    hook: Hook, url: str, settings: Any
) -> None:
    """`run_checks` ends within TIMEOUT after SIGTERM, however many messages wait."""
    held, let_go = hook.hold()
    settings.REGISTRIES = {**settings.REGISTRIES, "TIMEOUT": 20}
    for number in range(2):
        outbox.enqueue("note", f"Message {number}", [])
    with Notifier() as running:
        assert held.wait(30)
        running.stop()
        let_go.set()
    assert not running._thread.is_alive()
    assert sorted(states()) == [("pending", 0, ""), ("sent", 1, "")]


def test_the_command_for_cron(hook: Hook, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    change()
    call_command("send_notifications")
    assert capsys.readouterr().out == "Messages that were tried: 1; changes that wait: 0\n"
    assert len(hook.got) == 1


def test_what_was_sent_is_pruned_and_what_waits_is_not(url: str) -> None:
    old = timezone.now() - timedelta(days=91)
    for status in (Status.SENT, Status.FAILED, Status.PENDING):
        notification = outbox.enqueue("note", status, [])
        Delivery.objects.filter(notification=notification).update(status=status)
        Notification.objects.filter(pk=notification.pk).update(created_at=old)
    prune(USING)
    assert [each.subject for each in Notification.objects.all()] == ["pending"]
    # Without anything that sends messages, changes are not kept forever.
    change(2, changed_at=old)
    change()
    prune_untold(USING)
    assert StateChange.objects.count() == 1


# Mail and Apprise


def test_mail_goes_to_the_admins(settings: Any) -> None:
    settings.REGISTRIES = {"NOTIFY": ["admins"], "SITE_URL": "https://site.example"}
    settings.ADMINS = [("Root", "root@site.example")]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    told(registry_name="Two\nBcc: victim@elsewhere.example\nlines\u202e")
    (sent,) = mail.outbox
    assert sent.subject == "[Django] “Two Bcc: victim@elsewhere.example lines” needs attention"
    assert sent.to == ["root@site.example"]
    assert "https://site.example/backstage/" in str(sent.body)


class Hanging(BaseEmailBackend):
    """A mail server that goes on for hours, each answer within the time limit."""

    ended = threading.Event()

    def send_messages(self, messages: Any) -> int:
        self.ended.wait(60)
        return len(messages)


def test_a_mail_server_that_hangs_holds_up_no_other_messages(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REGISTRIES = {"NOTIFY": ["admins"]}
    settings.ADMINS = [("Root", "root@site.example")]
    settings.EMAIL_BACKEND = f"{__name__}.Hanging"
    settings.MAILERS = {"default": {"BACKEND": settings.EMAIL_BACKEND}}
    assert timedelta(seconds=smtp.limit()) < delivering._lease()
    monkeypatch.setattr(smtp, "limit", lambda: 0.1)
    try:
        assert told() == [("pending", 1, "mail")]
        assert Delivery.objects.get().params == {"error": "TimeoutError"}
    finally:
        Hanging.ended.set()


@pytest.fixture
def json_url(server: FakeServer, settings: Any) -> str:
    """An Apprise URL with secrets, that sends JSON to the fake."""
    address = f"json://user:canary-password@{server.origin[7:]}/canary-path?+X-Token=canary-header"
    settings.REGISTRIES = {"NOTIFY": [address]}
    return address


def test_apprise_sends(hook: Hook, json_url: str) -> None:
    name = "@everyone <!channel> [a](https://evil.example)"
    assert told(registry_name=name) == [("sent", 1, "")]
    (body,) = hook.bodies
    assert (body["type"], body["title"]) == ("warning", f"“{chat.harmless(name)}” needs attention")
    # Webhooks get the name as it is.
    assert Notification.objects.get().data["registries"][0]["name"] == name


@pytest.mark.parametrize("reply", [Reply(500), Reply(302, b"", {"Location": "/x"})], ids=str)
def test_apprise_fails_and_nothing_of_its_address_is_told(
    hook: Hook, json_url: str, reply: Reply, caplog: pytest.LogCaptureFixture
) -> None:
    hook.replies = [reply]
    caplog.set_level(logging.INFO, "registries")
    for name in chat.LOGGERS:
        caplog.set_level(1, name)
    assert told() == [("pending", 1, "status")]
    assert len(hook.got) == 1
    assert "canary" not in caplog.text
    assert "could not be sent to json://…" in caplog.text
    # Others may use Apprise as well.
    logging.getLogger("apprise").warning("other use")
    assert "other use" in caplog.text


def test_a_service_that_is_slower_than_the_time_limit_gets_a_message_once(
    hook: Hook, json_url: str, settings: Any
) -> None:
    settings.REGISTRIES = {**settings.REGISTRIES, "TIMEOUT": 0.1}
    hook.before = lambda: sleep(0.4)
    assert told() == [("sent", 1, "")]


def test_what_apprise_logs_after_the_time_limit_is_not_logged_either(
    hook: Hook, json_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _held, let_go = hook.hold()
    hook.replies = [Reply(500, b"canary-answer")]
    monkeypatch.setattr(chat, "_limit", lambda caller: 0.1)
    for name in chat.LOGGERS:
        caplog.set_level(1, name)
    assert told() == [("pending", 1, "timeout")]
    (thread,) = [future for future, *_ in import_module("apprise.apprise")._abandoned_futures]
    let_go.set()
    assert futures.wait([thread], 30).done
    assert hook.got
    assert "canary" not in caplog.text
    assert "error=500" not in caplog.text


def test_the_logs_of_libraries_below_apprise_are_dropped(
    hook: Hook, json_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """OAuth's log contains what it signs, and with what."""
    log = logging.getLogger("oauthlib.oauth1.rfc5849")
    caplog.set_level(1, "oauthlib")
    hook.before = lambda: log.debug("canary")
    assert told() == [("sent", 1, "")]
    assert "canary" not in caplog.text


def test_apprise_is_an_extra(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "apprise", None)
    settings.REGISTRIES = {"NOTIFY": ["json://receiver.example/"]}
    assert told() == [("pending", 1, "apprise_missing")]
    (problem,) = [each for each in run_checks() if each.id == "registries.E006"]
    assert SENTENCES["apprise_missing"] in str(problem.msg)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("unheard-of://canary/", "Apprise does not know"),
        ("https://canary@hooks.example/canary", "needs its secret"),
        ("admins", "ADMINS contains no address"),
        (f"https://hooks.example/canary#{SECRET}", ""),
        ("json://canary.example/", ""),
    ],
)
def test_the_start_reports_receivers_to_which_nothing_can_be_sent(
    entry: str, words: str, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(1, "apprise")
    settings.REGISTRIES = {"NOTIFY": [entry]}
    found = [str(each.msg) for each in run_checks() if each.id == "registries.E006"]
    assert len(found) == bool(words)
    assert all(words in text and "canary" not in text for text in found)
    assert "canary" not in caplog.text


def test_what_is_harmless_looks_the_same() -> None:
    for text in ("@everyone", "a@b", "<@U1>", "<!here>", "<!channel>", "[x](y)"):
        assert text not in chat.harmless(text)
        assert chat.harmless(text).replace("\u200b", "") == text


# Secrets


def test_nothing_shows_an_address(hook: Hook, url: str, caplog: pytest.LogCaptureFixture) -> None:
    """#79: neither that of the receiver, nor what it answers."""
    hook.replies = [Reply(500, b"canary-answer"), Reply(302, b"", {"Location": "//canary/"})]
    change()
    with caplog.at_level(logging.DEBUG):
        send()
        send()
    stored = [*Delivery.objects.values(), *Notification.objects.values(), *states()]
    from registries import conf

    seen = f"{stored} {caplog.text} {conf.get()!r} {delivering._receivers()!r}"
    assert "canary" not in seen
    assert SECRET not in seen
    assert repr(KEY) not in seen
    assert Delivery.objects.get().label == url.partition("/canary")[0]


# The outbox


def test_other_parts_of_the_site_put_messages_into_it(hook: Hook, url: str) -> None:
    rows = [create("custom", name=f"Row {n}") for n in range(25)]
    lines = [f"{row.name}\nends soon" for row in rows]
    outbox.enqueue("expiry", "Two\nlines", lines, rows, level=Level.INFO, query="expires=soon")
    send()
    (body,) = hook.bodies
    assert body["type"] == "registries.expiry"
    assert body["data"]["subject"] == "Two lines"
    assert body["data"]["lines"][0] == "Row 0 ends soon"
    assert body["data"]["total"] == 25
    assert len(body["data"]["registries"]) == 20
