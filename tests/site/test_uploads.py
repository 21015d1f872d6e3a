"""What requests may bring: what strangers send is not kept on the disk, nor at length in memory."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.site.conftest import Site, Visitor

MEGABYTE = 1_000_000
LIMIT = 2_500_000
START = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n' + b"x" * 200_000
# What a browser has from any page; without it no body is read.
COOKIE = "csrftoken=" + "x" * 32
FORM = "multipart/form-data; boundary=x"
# The site without one of its two defences.
WITHOUT = """
from ssmsite.settings import *
if %r == "limit":
    MIDDLEWARE.remove("ssmsite.uploads.limit")
else:
    del FILE_UPLOAD_HANDLERS
"""
ASGI = """
import asyncio
import sys
import tempfile
from asgiref.testing import ApplicationCommunicator
from ssmsite.asgi import application

spooled = []
class Spooled(tempfile.SpooledTemporaryFile):
    def write(self, data):
        spooled.append(len(data))
        return super().write(data)
tempfile.SpooledTemporaryFile = Spooled

async def ask():
    scope = {"type": "http", "method": "POST", "path": "/admin/login/", "query_string": b""}
    scope |= {"headers": [(b"host", b"localhost"), (b"x-forwarded-proto", b"https")]}
    scope["headers"] += eval(sys.argv[1])
    asked = ApplicationCommunicator(application, scope)
    part = {"type": "http.request", "body": b"x" * 1_000_000, "more_body": True}
    for number in range(int(sys.argv[2])):
        await asked.send_input(part)
    await asked.send_input({"type": "http.request"})
    print((await asked.receive_output(60))["status"], sum(spooled))

asyncio.run(ask())
"""


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


@contextmanager
def unfinished(
    visitor: Visitor, content_type: str, length: int, start: bytes
) -> Iterator[socket.socket]:
    """A POST that announces a length, and sends only the start."""
    host, port = visitor.origin.removeprefix("http://").split(":")
    head = f"POST /admin/login/ HTTP/1.1\r\nHost: {host}\r\nContent-Type: {content_type}\r\n"
    head += f"Cookie: {COOKIE}\r\nContent-Length: {length}\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(head.encode() + start)
        yield connection


def files(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.suffix == ".upload"]


@pytest.mark.parametrize("missing", ["", "limit"])
def test_no_file_of_a_stranger_is_kept(
    missing: str, migrated: Site, temporary: Path, tmp_path: Path
) -> None:
    """#91: refused by its length, and as a file: each alone is enough."""
    (tmp_path / "without.py").write_text(WITHOUT % missing)
    variables = {"DJANGO_DEBUG": "1", "TMPDIR": str(temporary)}
    if missing:
        variables |= {"PYTHONPATH": str(tmp_path), "DJANGO_SETTINGS_MODULE": "without"}
    with (
        migrated.served(**variables) as visitor,
        unfinished(visitor, FORM, 290 * MEGABYTE, START) as connection,
    ):
        assert connection.recv(100).startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert files(temporary) == []


def test_djangos_own_handlers_would_keep_it(
    migrated: Site, temporary: Path, tmp_path: Path
) -> None:
    """The twin: without either defence a file lies on the disk while its rest is waited for."""
    code = (WITHOUT % "limit") + "del FILE_UPLOAD_HANDLERS\n"
    (tmp_path / "without.py").write_text(code)
    variables = {"DJANGO_DEBUG": "1", "TMPDIR": str(temporary), "PYTHONPATH": str(tmp_path)}
    with (
        migrated.served(**variables, DJANGO_SETTINGS_MODULE="without") as visitor,
        unfinished(visitor, FORM, 290 * MEGABYTE, START),
    ):
        end = time.monotonic() + 60
        while not files(temporary) and time.monotonic() < end:
            time.sleep(0.05)
        assert len(files(temporary)) == 1


@pytest.fixture(scope="module")
def proxied(migrated: Site) -> Iterator[Visitor]:
    with migrated.served(DJANGO_BEHIND_PROXY="1") as visitor:
        visitor.headers.update({"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.1"})
        yield visitor


def post(visitor: Visitor, path: str, **sent: object) -> requests.Response:
    return visitor.post(visitor.origin + path, timeout=30, allow_redirects=False, **sent)  # type: ignore[arg-type]


@pytest.mark.parametrize("content_type", [FORM, "application/json", "text/plain", ""])
def test_more_than_the_limit_is_refused_unread(content_type: str, proxied: Visitor) -> None:
    """#91: whatever it is called; in words for people, as JSON for programs."""
    body, headers = b"x" * (LIMIT + 1), {"Content-Type": content_type}
    answer = post(proxied, "/admin/login/", data=body, headers=headers)
    assert answer.status_code == 413
    assert "larger than this site accepts" in answer.text
    german = headers | {"Accept-Language": "de"}
    answer = post(proxied, "/admin/login/", data=body, headers=german)
    assert "größer, als diese Website annimmt" in answer.text
    answer = post(proxied, "/api/registries/", data=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_a_small_file_is_refused_where_none_is_asked_for(proxied: Visitor) -> None:
    headers = {"Cookie": COOKIE, "Referer": f"https{proxied.origin[4:]}/"}
    answer = post(proxied, "/admin/login/", files={"f": b"small"}, headers=headers)
    assert answer.status_code == 400
    # The twin: the same form without a file gets as far as the token that it lacks.
    answer = post(proxied, "/admin/login/", files={"f": (None, b"small")}, headers=headers)
    assert answer.status_code == 403


TAKING = """
from django.http import HttpResponse
from django.urls import path
from ssmsite.urls import *

def take(request):
    file = request.FILES["f"]
    return HttpResponse(f"{type(file).__name__} {file.size}")
take.takes_files = True

urlpatterns += [path("take/", admin.site.admin_view(take)), path("other/", lambda request: None)]
"""


def test_a_page_that_asks_for_a_file_gets_it_in_memory(migrated: Site, tmp_path: Path) -> None:
    (tmp_path / "taking.py").write_text(TAKING)
    (tmp_path / "own.py").write_text("from ssmsite.settings import *\nROOT_URLCONF = 'taking'\n")
    migrated.shell(
        "from django.contrib.auth.models import User\n"
        "User.objects.create_superuser('chief', password='right')"
    )
    variables = {"PYTHONPATH": str(tmp_path), "DJANGO_SETTINGS_MODULE": "own", "DJANGO_DEBUG": "1"}
    with migrated.served(**variables) as visitor:
        visitor.see("/admin/login/")
        form = {"username": "chief", "password": "right"}
        form["csrfmiddlewaretoken"] = visitor.cookies["csrftoken"]
        assert post(visitor, "/admin/login/", data=form).status_code == 302
        token = {"csrfmiddlewaretoken": visitor.cookies["csrftoken"]}
        answer = post(visitor, "/take/", data=token, files={"f": b"x" * 2 * MEGABYTE})
        assert answer.text == f"InMemoryUploadedFile {2 * MEGABYTE}"
        assert post(visitor, "/other/", data=token, files={"f": b"x"}).status_code == 400


@pytest.mark.parametrize(
    ("headers", "megabytes", "status", "size"),
    [
        ([(b"content-length", b"290000000")], 1, 413, 0),
        ([], 8, 413, 2 * MEGABYTE),
        ([], 2, 301, 2 * MEGABYTE),
        ([(b"content-length", b"none")], 2, 301, 2 * MEGABYTE),
    ],
)
def test_asgi_servers_hand_no_more_on(
    headers: list[tuple[bytes, bytes]], megabytes: int, status: int, size: int, migrated: Site
) -> None:
    """#91: Django spools what they send before anything else looks at the request."""
    with migrated.start("-c", ASGI, repr(headers), str(megabytes)) as process:
        assert process.communicate(timeout=60)[0].splitlines()[-1] == f"{status} {size}"
