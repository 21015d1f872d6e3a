"""A browser at the running site, and a registry to check."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from registries.models import Registry
from tests.browser.chromium import chromium, missing
from tests.real import servers
from tests.real.account import Account
from tests.real.conftest import Filled, filled

ROOT = Path(__file__).parents[2]
# Longer than any page takes here, so that a fault fails soon.
PATIENCE = 15_000


def pytest_runtest_setup(item: pytest.Function) -> None:
    """Leave a test out where its programs are missing; with REQUIRE_REAL=1 fail it instead."""
    lacks = {"browser": missing, "registry": servers.missing}
    for fixture, look in lacks.items():
        if fixture in item.fixturenames and (lack := look()):
            reason = f"browser tests left out: {lack}"
            (pytest.fail if os.environ.get("REQUIRE_REAL") == "1" else pytest.skip)(reason)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One browser for these tests."""
    # Playwright keeps an event loop in this thread, in which Django refuses to touch the database.
    with pytest.MonkeyPatch.context() as patch, chromium() as running:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield running


@pytest.fixture(scope="package")
def account() -> Account:
    return Account.random()


@pytest.fixture(scope="package")
def registry(account: Account, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """A real registry that lets `account` in, with the image team/app:1.0."""
    with filled(tmp_path_factory.mktemp("browser"), servers.Htpasswd(account)) as running:
        yield running


@pytest.fixture
def site(settings: Any, transactional_db: None) -> Iterator[str]:
    """The address of the running site: ssmsite's own pages around the admin."""
    settings.ROOT_URLCONF = "ssmsite.urls"
    [templates] = django_settings.TEMPLATES
    settings.TEMPLATES = [{**templates, "DIRS": [ROOT / "templates"]}]
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "ssmsite.csp.content_security_policy"]
    settings.REGISTRIES = {"TIMEOUT": 5}
    # Not the fixture live_server, which lasts and knows no middleware that came after it.
    server = LiveServer("localhost")
    yield str(server.url)
    server.stop()


@pytest.fixture
def robin(site: str) -> User:
    return User.objects.create_superuser("robin", first_name="Robin")


type_of_open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, site: str, robin: User) -> Iterator[type_of_open]:
    """Open a page of the site as robin; keyword arguments are the browser context's."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def opened(path: str, user: User | None = robin, **options: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        if user is not None:
            client = Client()
            client.force_login(user)
            cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}
            context.add_cookies([cookie])  # type: ignore[list-item]  # a TypedDict of this shape
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda output: _refused(output.text, faults))
        page.goto(site + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []


def _refused(output: str, faults: list[str]) -> None:
    if "Content Security Policy" in output:
        faults.append(output)


@pytest.fixture
def row(registry: Filled, account: Account, site: str) -> Registry:
    """A row that may read everything of the registry."""
    made = Registry(
        kind="custom",
        name="Lab",
        url=registry.origin,
        login=account.username,
        password=account.password,
    )
    made.full_clean()
    made.save()
    return made
