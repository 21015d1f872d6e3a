"""The pictures of docs/images: `make screenshots` starts a site of its own and takes them anew."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import django
import requests
import trustme
from playwright.sync_api import Page, expect

from tests.browser.chromium import chromium, missing
from tests.real import servers
from tests.real.account import Account
from tests.real.push import push_image

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
LIST = "/admin/registries/registry/"
# The address of the registry that is really checked.
REGISTRY = "https://registry.example.com"
WIDTH = 1440
# Fonts as on a desktop, where a server without any falls back to wide ones.
FONTS = """
:root, html[data-theme] {
    --font-family-primary: "Liberation Sans", sans-serif;
    --font-family-monospace: "Liberation Mono", monospace;
}
* { transition: none !important; caret-color: transparent !important }
::-webkit-scrollbar { display: none }
"""
PATIENCE = 20


def main() -> None:
    if lack := missing() or servers.missing():
        sys.exit(f"No pictures: {lack}.")
    IMAGES.mkdir(exist_ok=True)
    authority, account = trustme.CA(), Account("acmebot", "fake-password")
    with tempfile.TemporaryDirectory() as folder:
        data, registry_folder = Path(folder, "data"), Path(folder, "registry")
        registry_folder.mkdir()
        auth = servers.Htpasswd(account)
        # Filled while it speaks plainly, shown while it speaks TLS.
        with servers.RealRegistry(registry_folder, auth) as registry:
            push_image(registry, "team/app", "1.0")
        with (
            servers.RealRegistry(registry_folder, auth, authority) as registry,
            site(data, registry.origin) as (address, session),
        ):
            take(address, session, authority.cert_pem.bytes().decode(), account)


@contextmanager
def site(data: Path, registry: str) -> Iterator[tuple[str, str]]:
    """A running site with samples, its address, and a session in it."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "ssmsite.settings",
        "DJANGO_DEBUG": "1",
        "DATA_DIR": str(data),
        "REGISTRIES_ENDPOINTS": json.dumps({REGISTRY: registry}),
    }
    manage = [sys.executable, str(ROOT / "manage.py")]
    subprocess.run([*manage, "migrate", "--verbosity", "0"], check=True)
    session = prepare()
    command = [*manage, "runserver", "--noreload", f"127.0.0.1:{port}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(f"http://127.0.0.1:{port}/healthz")
            yield f"http://127.0.0.1:{port}", session
        finally:
            server.terminate()


def prepare() -> str:
    """Fill the site and sign in to it; the session's key."""
    django.setup()
    from django.contrib.auth.models import User
    from django.test import Client

    from tests.browser.samples import fill

    fill()
    client = Client()
    client.force_login(User.objects.create_superuser("robin", first_name="Robin"))
    return client.cookies["sessionid"].value


def wait_for(address: str) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            if requests.get(address, timeout=PATIENCE).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    sys.exit(f"{address} did not answer.")


def take(address: str, session: str, certificate: str, account: Account) -> None:
    with chromium() as browser:
        context = browser.new_context(viewport={"width": WIDTH, "height": 800}, bypass_csp=True)
        context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
        page = context.new_page()
        page.goto(address + LIST)
        shoot(page, "tiles")
        page.emulate_media(color_scheme="dark")
        shoot(page, "tiles-dark")
        page.emulate_media(color_scheme="light")
        page.goto(f"{address}{LIST}add/")
        shoot(page, "chooser")
        page.goto(address + LIST)
        page.get_by_role("link", name="Docker Hub · platform team", exact=True).click()
        shoot(page, "form")
        page.goto(f"{address}{LIST}add/?kind=custom")
        page.get_by_label("Name:").fill("Team registry")
        page.get_by_label("Address:").fill(REGISTRY)
        page.get_by_label("Login:").fill(account.username)
        page.get_by_label("Password or access token:").fill(account.password)
        page.get_by_label("CA certificate:").fill(certificate)
        page.get_by_label("Image to try:").fill("team/app:1.0")
        page.get_by_role("button", name="Check", exact=True).click()
        expect(page.locator("#check-result")).to_contain_text("Valid")
        page.locator("body").click(position={"x": 700, "y": 20})
        shoot(page, "check", height=900)


def shoot(page: Page, name: str, height: int | None = None) -> None:
    """Take the page, as high as it is or as told."""
    page.add_style_tag(content=FONTS)
    page.set_viewport_size({"width": WIDTH, "height": height or 800})
    if height is None:
        whole = page.evaluate("document.querySelector('#content').getBoundingClientRect().bottom")
        page.set_viewport_size({"width": WIDTH, "height": round(whole) + 24})
    page.screenshot(path=IMAGES / f"{name}.png")


if __name__ == "__main__":
    main()
