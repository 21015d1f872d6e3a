"""The setting NOTIFY: its entries, what is shown of them, and what is wrong with them."""

import base64
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from registries import conf
from registries.outbox import key_of
from registries.receivers import SECRET_PREFIX, Channel, parse, split


def secret(size: int) -> str:
    """A secret of so many bytes."""
    return SECRET_PREFIX + base64.b64encode(b"x" * size).decode()


OLD, NEW = secret(24), secret(64)


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("", []),
        ("admins", ["admins"]),
        ("admins,json://a b", ["admins", "json://a", "b"]),
        ("json://a/?to=x,y,admins\n  xml://b,", ["json://a/?to=x,y", "admins", "xml://b"]),
        (f"https://a/#{OLD},{NEW}, slack://b", [f"https://a/#{OLD},{NEW}", "slack://b"]),
    ],
)
def test_a_text_has_several(text: str, entries: list[str]) -> None:
    assert split(text) == entries


@pytest.mark.parametrize(
    ("entry", "channel", "label"),
    [
        ("admins", Channel.ADMINS, "admins"),
        ("Admins", Channel.ADMINS, "admins"),
        (f"https://user.example/canary?canary#{OLD}", Channel.WEBHOOK, "https://user.example"),
        (f"HTTP://Host.example:8080#{OLD},{NEW}", Channel.WEBHOOK, "http://host.example:8080"),
        # What looks like a host is the token of a bot, or a topic that nobody else may know.
        ("tgram://canary/canary", Channel.APPRISE, "tgram://…"),
        ("ntfy://canary", Channel.APPRISE, "ntfy://…"),
        ("json://user:canary@host.example/", Channel.APPRISE, "json://…"),
        ("https://hooks.slack.com/services/canary", Channel.APPRISE, "https://hooks.slack.com"),
        ("https://canary:canary@hooks.example", Channel.APPRISE, "https://hooks.example"),
        (f"https://[2001:DB8::1]:8443/canary#{OLD}", Channel.WEBHOOK, "https://[2001:db8::1]:8443"),
        # A password that is not escaped.
        *(
            (f"https://{password}@hooks.example/x", Channel.APPRISE, "https://…")
            for password in (
                "bot:canary/x",
                "bot:canary?x",
                "bot:canary#x",
                "canary#x",
                "1:2/canary",
            )
        ),
        (f"https://canary:1/canary@hooks.example/#{OLD}", Channel.WEBHOOK, "https://…"),
    ],
)
def test_nothing_secret_of_an_entry_is_shown(entry: str, channel: str, label: str) -> None:
    (receiver,) = parse([entry])
    assert (receiver.channel, receiver.label) == (channel, label)
    assert "canary" not in repr(receiver)
    assert "canary" not in key_of(receiver)


def test_receivers_that_look_alike_are_numbered_and_the_same_one_is_told_once() -> None:
    found = parse(["slack://a", "slack://b", "slack://a"])
    assert [receiver.label for receiver in found] == ["slack://…", "slack://… (2)"]
    assert len({key_of(receiver) for receiver in found}) == 2


@pytest.mark.parametrize(
    "entry",
    [
        *("canary", "canary@site.example", "mailto:canary@site.example", "://canary"),
        *(f"https://a/canary#{secret(23)}", f"https://a/canary#{secret(65)}"),
        *(f"https://a/canary#{SECRET_PREFIX}canary!", f"https://a/canary#{OLD},canary"),
        *(f"https://user:canary@a/#{OLD}", f"https://127.1.canary:99999/#{OLD}"),
    ],
)
def test_what_is_wrong_is_told_without_the_entry(entry: str, settings: Any) -> None:
    settings.REGISTRIES = {"NOTIFY": ["admins", entry]}
    with pytest.raises(ImproperlyConfigured, match="NOTIFY") as caught:
        conf.get()
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("value", [5, {"a": "b"}, [5], [None]])
def test_it_is_a_text_or_a_list(value: Any, settings: Any) -> None:
    settings.REGISTRIES = {"NOTIFY": value}
    with pytest.raises(ImproperlyConfigured, match="NOTIFY"):
        conf.get()
