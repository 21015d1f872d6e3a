"""The pictures of docs/images: `make screenshots` starts a site of its own and takes them anew.

Only what looks different is written. With `--check` nothing is, and a difference is a failure.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import django
import requests
import trustme
from playwright.sync_api import Browser, Page, expect

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
# A row of the samples that is shown in detail.
TEAM = "Docker Hub · platform team"
# When the secrets were set: the form shows the day.
SET = datetime(2025, 11, 3, 12, tzinfo=UTC)
# Fonts as on a desktop, where a server without any falls back to wide ones.
FONT = "Liberation Sans"
FONTS = """
:root, html[data-theme] {
    --font-family-primary: "Liberation Sans", sans-serif;
    --font-family-monospace: "Liberation Mono", monospace;
}
* { transition: none !important; caret-color: transparent !important }
::-webkit-scrollbar { display: none }
"""
# Instead of the machine's and the user's own settings: hinting moves letters and breaks lines.
FONTCONFIG = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>/usr/share/fonts</dir><cachedir>{cache}</cachedir>
<match target="font">
<edit name="antialias" mode="assign"><bool>true</bool></edit>
<edit name="hinting" mode="assign"><bool>false</bool></edit>
<edit name="rgba" mode="assign"><const>none</const></edit>
</match></fontconfig>
"""
# A check takes as long as it takes; the pictures show a made-up time of each step.
TIMES = """
() => {
    const times = [4, 21, 12, 6, 5];
    const all = times.reduce((sum, time) => sum + time);
    let start = 0;
    document.querySelectorAll('.reg-step').forEach((step, number) => {
        const taken = step.querySelector('.reg-step__taken');
        taken.setAttribute('x', 100 * start / all);
        taken.setAttribute('width', 100 * times[number] / all);
        step.querySelector('.reg-step__ms').textContent = `${times[number]} ms`;
        start += times[number];
    });
    const told = document.querySelector('.reg-result__verdict small');
    told.textContent = told.textContent.replace(/[0-9]+ ms/, `${all} ms`);
}
"""
# Waits until the page was drawn twice.
FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
# Compares two pictures square by square, by the mean colour of each: the places that differ,
# or null where the pictures are not of one size. The edges of letters, which another version of
# Chromium draws a little otherwise, hardly change the mean; another word or colour does.
COMPARE = """
async ([before, after, side, limit]) => {
    const read = async picture => {
        const bytes = Uint8Array.from(atob(picture), letter => letter.charCodeAt(0));
        const bitmap = await createImageBitmap(new Blob([bytes]));
        const canvas = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
        canvas.drawImage(bitmap, 0, 0);
        return canvas.getImageData(0, 0, bitmap.width, bitmap.height);
    };
    const [old, now] = [await read(before), await read(after)];
    if (old.width !== now.width || old.height !== now.height) return null;
    const sums = new Map();
    for (let at = 0; at < now.data.length; at++) {
        if (old.data[at] === now.data[at]) continue;
        const [x, y] = [(at >> 2) % now.width, Math.floor((at >> 2) / now.width)];
        const square = `${Math.floor(x / side) * side},${Math.floor(y / side) * side},${at % 4}`;
        sums.set(square, (sums.get(square) ?? 0) + now.data[at] - old.data[at]);
    }
    const differ = [...sums].filter(([_, sum]) => Math.abs(sum) > limit * side * side);
    return [...new Set(differ.map(([square]) => square.replace(/,[0-9]$/, '')))];
}
"""
SIDE, LIMIT = 8, 12
PATIENCE = 20


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.browser.screenshots")
    parser.add_argument("--check", action="store_true", help="write nothing, fail on a difference")
    check = parser.parse_args().check
    if lack := missing() or servers.missing() or no_font():
        sys.exit(f"No pictures: {lack}.")
    with tempfile.TemporaryDirectory() as folder:
        settings, pictures = Path(folder, "fonts.conf"), Path(folder, "pictures")
        settings.write_text(FONTCONFIG.format(cache=Path(folder, "fonts")))
        os.environ["FONTCONFIG_FILE"] = str(settings)
        pictures.mkdir()
        take_all(pictures)
        with chromium() as browser:
            changed = [path for path in sorted(pictures.iterdir()) if differs(browser, path)]
        if check and changed:
            sys.exit("docs/images does not show what the pages look like: make screenshots")
        for path in changed:
            (IMAGES / path.name).write_bytes(path.read_bytes())


def no_font() -> str | None:
    """What to install for the fonts, or None; without them Chromium would take others."""
    output = subprocess.run(["fc-match", FONT], capture_output=True, text=True, check=True).stdout
    return None if FONT in output else f"no {FONT} (apt-get install fonts-liberation)"


def differs(browser: Browser, path: Path) -> bool:
    """Whether a picture looks otherwise than the one of its name in docs/images; it is told."""
    known = IMAGES / path.name
    squares = None
    if known.exists():
        pair = [b64encode(item.read_bytes()).decode() for item in (known, path)]
        page = browser.new_page()
        squares = page.evaluate(COMPARE, [*pair, SIDE, LIMIT])
        page.close()
    if squares is None:
        print(f"{path.name} is new or of another size")
    elif squares:
        print(f"{path.name} differs in {len(squares)} places, at {'; '.join(squares[:5])}")
    return squares != []


def take_all(images: Path) -> None:
    """Take every picture into a folder."""
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
            certificate = authority.cert_pem.bytes().decode()
            with chromium() as browser:
                context = browser.new_context(bypass_csp=True)
                context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
                take(context.new_page(), images, address, certificate, account)


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
    command = [*manage, "runserver", "--noreload", f"127.0.0.1:{port}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(f"http://127.0.0.1:{port}/healthz")
            # Once it runs, so that "4 minutes ago" is not five when the pictures are taken.
            yield f"http://127.0.0.1:{port}", prepare()
        finally:
            server.terminate()


def prepare() -> str:
    """Fill the site and sign in to it; the session's key."""
    django.setup()
    from django.contrib.auth.models import User
    from django.test import Client

    from registries.models import Registry
    from tests.browser.samples import fill

    # A stored secret's own time tells when it was set.
    with mock.patch("time.time", return_value=SET.timestamp()):
        fill()
    Registry._base_manager.filter(name=TEAM).update(handover="any")
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


def take(page: Page, images: Path, address: str, certificate: str, account: Account) -> None:
    page.set_viewport_size({"width": WIDTH, "height": 800})
    page.goto(address + LIST)
    shoot(page, images / "tiles.png")
    page.emulate_media(color_scheme="dark")
    shoot(page, images / "tiles-dark.png")
    page.emulate_media(color_scheme="light")
    page.get_by_role("link", name=TEAM, exact=True).click()
    page.wait_for_url("**/change/**")
    shoot(page, images / "form.png")
    page.get_by_role("link", name="Hand over", exact=True).click()
    page.wait_for_url("**/hand-over/**")
    page.goto(f"{page.url}?for=kubernetes")
    shoot(page, images / "handover.png")
    page.goto(f"{address}{LIST}add/")
    shoot(page, images / "chooser.png")
    page.goto(f"{address}{LIST}add/?kind=custom")
    page.get_by_label("Name:").fill("Team registry")
    page.get_by_label("Address:").fill(REGISTRY)
    page.get_by_label("Login:").fill(account.username)
    page.get_by_label("Password or access token:").fill(account.password)
    page.get_by_label("CA certificate:").fill(certificate)
    page.get_by_label("Image to try:").fill("team/app:1.0")
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.locator("#check-result")).to_contain_text("Valid")
    page.evaluate(TIMES)
    page.locator("body").click(position={"x": 700, "y": 20})
    shoot(page, images / "check.png", height=900)


def shoot(page: Page, path: Path, height: int | None = None) -> None:
    """Take the page, as high as it is or as told."""
    page.add_style_tag(content=FONTS)
    page.set_viewport_size({"width": WIDTH, "height": height or 800})
    if height is None:
        whole = page.evaluate("document.querySelector('#content').getBoundingClientRect().bottom")
        page.set_viewport_size({"width": WIDTH, "height": round(whole) + 24})
    # Of a page that grew, Chromium may show some parts a moment later than others.
    before = None
    while (picture := page.screenshot()) != before:
        page.evaluate(FRAMES)
        before = picture
    path.write_bytes(picture)


if __name__ == "__main__":
    main()
