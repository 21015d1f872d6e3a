"""The read API and a plain Django view, asked as a WSGI server asks them, over SQLite."""

import json
import secrets
import tempfile
from datetime import timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import django
from django.conf import settings

from tests.bench.process import Job
from tests.bench.size import size

CALLS = size(50, 1)
PAGE = 100


class Client:
    """A site with many rows; each method asks CALLS times for one address."""

    def __init__(self, job: Job, rows: int) -> None:
        folder = Path(tempfile.mkdtemp(prefix="registries-bench-"))
        settings.DATABASES["default"]["NAME"] = folder / "db.sqlite3"
        settings.ROOT_URLCONF = "tests.bench.urls"
        # How often may be asked is not what is measured.
        settings.REST_FRAMEWORK = {"DEFAULT_THROTTLE_RATES": {"registries_metrics": None}}
        django.setup()
        from django.core.handlers.wsgi import WSGIHandler
        from django.core.management import call_command
        from django.test import RequestFactory

        call_command("migrate", verbosity=0)
        self._fill(rows)
        self._handler = WSGIHandler()
        self._requests = RequestFactory()
        self._cookies = self._signed_in()

    def _fill(self, count: int) -> None:
        """Rows of two kinds, all of whose secrets are set; a tenth was checked."""
        from django.utils import timezone

        from registries.models import Registry
        from registries.models.queryset import SECRETS

        now = timezone.now()
        rows = []
        for number in range(count):
            kind, url = ("hub", None) if number % 2 else ("custom", f"https://r{number}.example")
            row = Registry(kind=kind, name=f"Row {number:07}", url=url)
            if rows[2:]:
                # Sealing is not what is measured: the others' secrets are copies.
                for name in SECRETS:
                    setattr(row, name, rows[number % 2].raw_value(name))
                row.name_key, row.host = row.name.lower(), (url or "").removeprefix("https://")
            else:
                for name in SECRETS:
                    setattr(row, name, secrets.token_hex(20))
                row.derive()
            if number % 10 == 0:
                row.check_verdict, row.check_code, row.checked_at = "valid", "signed_in", now
            row.updated_at = now - timedelta(seconds=number)
            rows.append(row)
        Registry.objects.bulk_create(rows, batch_size=500)

    def _signed_in(self) -> str:
        from django.contrib.auth.models import Permission, User
        from django.test import Client as Browser

        user = User.objects.create_user("reader")
        user.user_permissions.set(Permission.objects.filter(codename="view_registry"))
        browser = Browser()
        browser.force_login(user)
        cookies: SimpleCookie = browser.cookies
        return f"sessionid={cookies['sessionid'].value}"

    def _ask(self, address: str) -> dict[str, Any]:
        """Ask CALLS times; what the last answer told, and the view's own queries."""
        from django.core.cache import cache
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        name, _, query = address.partition("?")
        cache.clear()  # the throttle counts anew
        for call in range(CALLS):
            environ = self._requests._base_environ(
                PATH_INFO=name, QUERY_STRING=query, HTTP_COOKIE=self._cookies
            )
            if call:
                body = self._call(environ)
                continue
            with CaptureQueriesContext(connection) as captured:
                body = self._call(environ)
            own = [item for item in captured if '"registries_registry"' in item["sql"]]
        answer = json.loads(body)
        return {"queries": len(own), "rows": len(answer.get("results", []))}

    def _call(self, environ: dict[str, Any]) -> bytes:
        text = []
        response = self._handler(environ, lambda status, headers: text.append(status))
        body = b"".join(response)
        response.close()
        if text != ["200 OK"]:
            raise ValueError(f"{text}: {body!r}")
        return body

    def signed_in(self) -> dict[str, Any]:
        return self._ask("/signed_in/")

    def plain(self) -> dict[str, Any]:
        return self._ask("/plain/")

    def page(self) -> dict[str, Any]:
        return self._ask(f"/api/registries/?page_size={PAGE}")

    def kind(self) -> dict[str, Any]:
        return self._ask(f"/api/registries/?page_size={PAGE}&kind=hub")

    def verdict(self) -> dict[str, Any]:
        return self._ask(f"/api/registries/?page_size={PAGE}&verdict=valid")

    def state(self) -> dict[str, Any]:
        return self._ask(f"/api/registries/?page_size={PAGE}&state=authenticated")

    def by_name(self) -> dict[str, Any]:
        return self._ask(f"/api/registries/?page_size={PAGE}&ordering=-name")

    def by_kind(self) -> dict[str, Any]:
        return self._ask(f"/api/registries/?page_size={PAGE}&ordering=kind")

    def by_change(self) -> dict[str, Any]:
        return self._ask(f"/api/registries/?page_size={PAGE}&ordering=-updated_at")

    def by_check(self) -> dict[str, Any]:
        return self._ask(f"/api/registries/?page_size={PAGE}&ordering=-checked_at")

    def by_creation(self) -> dict[str, Any]:
        return self._ask(f"/api/registries/?page_size={PAGE}&ordering=created_at")

    def resolve_hub(self) -> dict[str, Any]:
        return self._ask("/api/resolve/?image=acme/app:1.0")

    def resolve_own(self) -> dict[str, Any]:
        return self._ask("/api/resolve/?image=r200.example/acme/app:1.0")
