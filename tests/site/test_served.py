"""The site as browsers, programs and load balancers meet it."""

import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from registries.programs import credentials
from tests.site.conftest import Site, Visitor, new_key

HTTPS = {"X_Forwarded_Proto": "https"}
SESSION = {"Cookie": "sessionid=of-somebody-unknown"}


@pytest.fixture(scope="module")
def visitor(migrated: Site) -> Iterator[Visitor]:
    """The site as it is without any variable: for HTTPS, on this machine's names."""
    with migrated.served() as visitor:
        yield visitor


@pytest.fixture(scope="module")
def proxied(migrated: Site) -> Iterator[Visitor]:
    """The site behind a proxy that speaks HTTPS."""
    with migrated.served(
        DJANGO_BEHIND_PROXY="1", DJANGO_ALLOWED_HOSTS="registries.example"
    ) as visitor:
        visitor.headers.update({"Host": "registries.example"})
        yield visitor


def test_healthz_answers_plain_http_under_any_name(visitor: Visitor) -> None:
    for host in ("localhost", "10.0.0.7", "any.example"):
        answer = visitor.see("/healthz", Host=host)
        assert (answer.status_code, answer.text) == (200, "")
        assert "no-store" in answer.headers["Cache-Control"]
    assert visitor.post(f"{visitor.origin}/healthz", timeout=30).status_code == 405
    # The twins: everything else is for HTTPS and for the site's own names.
    assert visitor.see("/", Host="localhost").status_code == 301
    assert visitor.see("/", Host="any.example").status_code == 400


def test_healthz_with_the_database_down(site: Site) -> None:
    with site.served(
        DATABASE_URL="postgres://me:canary@127.0.0.1:1/regs",
        DJANGO_SECRET_KEY="x" * 50,
        FIELD_ENCRYPTION_KEY=new_key(),
    ) as visitor:
        answer = visitor.see("/healthz")
    assert (answer.status_code, answer.text) == (503, "")


def test_healthz_with_a_broken_file(site: Site) -> None:
    site.manage("check")
    site.database.write_bytes(b"no database" * 1000)
    with site.served() as visitor:
        assert visitor.see("/healthz").status_code == 503


def test_plain_http_is_sent_to_https(visitor: Visitor) -> None:
    answer = visitor.see("/admin/", Host="localhost", **HTTPS)
    assert answer.status_code == 301, "without DJANGO_BEHIND_PROXY the header is anybody's word"
    assert answer.headers["Location"] == "https://localhost/admin/"


def test_behind_a_proxy_the_proxys_word_counts(proxied: Visitor) -> None:
    assert proxied.see("/").status_code == 301
    answer = proxied.see("/", **HTTPS)
    assert answer.status_code == 200
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "max-age=" in answer.headers["Strict-Transport-Security"]


def test_cookies_travel_over_https_alone(proxied: Visitor) -> None:
    answer = proxied.see("/admin/login/", **HTTPS)
    assert answer.status_code == 200
    assert "csrftoken" in answer.cookies
    assert all(cookie.secure for cookie in answer.cookies)


@pytest.mark.parametrize("name", [credentials.HELPER, credentials.PROVIDER])
def test_programs_are_there_for_machines_that_have_not_signed_in(
    name: str, proxied: Visitor
) -> None:
    assert 'href="/programs/"' in proxied.see("/", **HTTPS).text
    page = proxied.see("/programs/", **HTTPS).text
    assert f"https://registries.example/programs/{name}" in page
    answer = proxied.see(f"/programs/{name}", **HTTPS)
    assert answer.content == Path(credentials.__file__).read_bytes()
    assert sha256(answer.content).hexdigest() in page
    assert answer.headers["Content-Type"] == "text/x-python; charset=utf-8"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert proxied.see("/programs/credentials.py", **HTTPS).status_code == 404


@pytest.mark.parametrize("path", ["/", "/admin/login/", "/no/such/page"])
def test_every_file_of_a_page_and_its_icon_are_there(path: str, proxied: Visitor) -> None:
    answer = proxied.see(path, **HTTPS)
    assert answer.status_code == (404 if "no" in path else 200)
    assert ("There is nothing at this address" in answer.text) is ("no" in path)
    named = re.search(r'<link rel="icon"[^>]* href="([^"]*)"', answer.text)
    assert named
    assert proxied.see(named[1], **HTTPS).headers["Content-Type"] == "image/svg+xml"
    # Browsers look here for the icon of what is no page.
    favicon = proxied.see("/favicon.ico", **HTTPS)
    assert (favicon.status_code, favicon.headers["Location"]) == (302, named[1])
    files = {part.split('"')[0] for part in answer.text.split('"/static/')[1:]}
    assert files
    for file in files:
        assert proxied.see(f"/static/{file}", **HTTPS).status_code == 200, file


def test_a_fault_is_told_to_the_log_alone(site: Site) -> None:
    """Nothing was migrated, so a page that reads the database fails."""
    with site.served(DJANGO_BEHIND_PROXY="1") as visitor:
        answer = visitor.see("/admin/login/", Host="localhost", **SESSION, **HTTPS)
    assert answer.status_code == 500
    assert "This is an error of the site" in answer.text
    assert "no such table" not in answer.text


def test_what_visitors_do_wrong_is_told_in_one_line(migrated: Site) -> None:
    """The sentence for who forgot the variable stays; the way into Django is of no use to him."""
    torn = {"Content-Type": "multipart/form-data; boundary=", "Cookie": "csrftoken=" + "a" * 32}
    with migrated.served(DJANGO_DEBUG="1") as visitor:
        assert visitor.see("/", Host="any.example").status_code == 400
        form = f"{visitor.origin}/admin/login/"
        assert visitor.post(form, b"torn", headers=torn, timeout=30).status_code == 400
    output = "".join(visitor.log)
    assert "django.security.DisallowedHost: Invalid HTTP_HOST header: 'any.example'" in output
    assert "Traceback" not in output


def test_a_question_for_the_head_alone_is_nothing_to_tell(migrated: Site) -> None:
    """Monitoring asks so, every minute."""
    with migrated.served(DJANGO_DEBUG="1") as visitor:
        for path in ("/", "/admin/login/", "/healthz"):
            answer = visitor.head(visitor.origin + path, timeout=30)
            assert (answer.status_code, answer.content) == (200, b"")
    assert "WARNING" not in "".join(visitor.log)


def test_debug_shows_the_site_over_plain_http(migrated: Site) -> None:
    with migrated.served(DJANGO_DEBUG="1") as visitor:
        assert visitor.see("/").status_code == 200
        answer = visitor.see("/admin/login/")
        assert not any(cookie.secure for cookie in answer.cookies)
