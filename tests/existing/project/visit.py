"""What somebody does first with the app in the site of DJANGO_SETTINGS_MODULE, as JSON.

It adds a registry, has it checked, and looks at it everywhere: in the admin and over the API.
"""

import json
import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from io import StringIO
from typing import Any

import django
from django.conf import settings

django.setup()

from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import find
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils.module_loading import import_string

import registries
from registries.models import Registry

LOGIN, PASSWORD, ADDRESS = sys.argv[1:]
NAME = "The lab's registry"


class Fields(HTMLParser):
    """The values that a browser would send with the forms of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        field = dict(attributes)
        name, kind = field.get("name") or "", field.get("type")
        if tag == "select":
            self._select = name
            self.values[name] = ""
        elif tag == "option" and self._select and "selected" in field:
            self.values[self._select] = field["value"]
        elif tag == "textarea" or (tag == "input" and kind not in {"radio", "checkbox", "submit"}):
            self.values[name] = field.get("value") or ""
        elif tag == "input" and kind != "submit" and "checked" in field:
            self.values[name] = field.get("value") or "on"


class Visit:
    """Somebody with all permissions, and what they saw."""

    def __init__(self) -> None:
        self.browser = Client(headers={"host": settings.HOST}, SCRIPT_NAME=settings.SCRIPT_NAME)
        self.static: set[str] = set()
        self.seen: dict[str, Any] = {}

    def at(self, page: str, *args: Any, audit: str = "registry") -> str:
        return reverse(
            f"admin:registries_{audit}_{page}", args=args, current_app=settings.ADMIN_SITE
        )

    def get(self, name: str, path: str, *shown: str) -> str:
        return self._keep(name, self.browser.get(self._local(path)), shown)

    def post(self, name: str, path: str, data: dict[str, str], *shown: str) -> str:
        answer = self.browser.post(self._local(path), data)
        while answer.status_code == 302:
            answer = self.browser.get(self._local(answer["Location"]))
        return self._keep(name, answer, shown)

    def _local(self, path: str) -> str:
        return path.removeprefix(settings.SCRIPT_NAME)

    def _keep(self, name: str, answer: Any, shown: tuple[str, ...]) -> str:
        text = b"".join(answer).decode()
        self.seen[name] = answer.status_code
        lacks = [piece for piece in shown if piece not in text]
        if lacks:
            self.seen[f"{name} lacks"] = lacks
        self.static |= set(re.findall(rf'(?:href|src)="{settings.STATIC_URL}([^"?]+)', text))
        return text


def main() -> None:
    """Prepare the site as its `manage.py` does, visit it, and print what was seen."""
    warnings = StringIO()
    call_command("migrate", verbosity=0)
    call_command("check", fail_level="WARNING", databases=[*settings.DATABASES], stdout=warnings)
    call_command("makemigrations", "registries", check_changes=True, dry_run=True, verbosity=0)
    if hasattr(staticfiles_storage, "hashed_name"):
        call_command("collectstatic", interactive=False, verbosity=0)
    person = get_user_model().objects.create_superuser("robin@sites.example", "fake-password")
    visit = Visit()
    visit.browser.force_login(person, "django.contrib.auth.backends.ModelBackend")
    if (prepare := getattr(settings, "PREPARE", None)) is not None:
        import_string(prepare)(visit, person)
    look_around(visit)
    row = add(visit)
    use(visit, row)
    ask(visit, row, person)
    print(
        json.dumps(
            {
                "imported from": registries.__file__,
                "kinds": sorted(Registry.objects.values_list("kind", flat=True)),
                "pages": visit.seen,
                "static files not found": sorted(missing(visit.static)),
                "static files": len(visit.static),
                **getattr(settings, "FOUND", {}),
            }
        )
    )


def look_around(visit: Visit) -> None:
    visit.get("index", reverse("admin:index", current_app=settings.ADMIN_SITE))
    visit.get("list", visit.at("changelist"), 'class="reg-tiles"', visit.at("add"), "Docker Hub")
    visit.get("kinds", visit.at("add"), "?kind=custom")
    imported = visit.at("import")
    visit.get("import", imported, "<textarea")
    login = '{"auths": {"lab.sites.example": {"auth": "ZmFrZTpmYWtlLXBhc3N3b3Jk"}}}'
    visit.post("plan", imported, {"text": login}, "lab.sites.example")


def add(visit: Visit) -> Registry:
    """Add a registry by the form, and check it with the form's other button."""
    path = visit.at("add") + "?kind=custom"
    fields = Fields(visit.get("add", path, 'name="_savecheck"')).values
    typed = fields | {"name": NAME, "url": ADDRESS, "login": LOGIN, "password": PASSWORD}
    visit.post("faults", path, typed | {"name": "", "_save": "1"}, "errorlist", 'name="_save"')
    visit.post("added", path, typed | {"_savecheck": "1"}, "reg-result", 'reg-result__say--ok"')
    return Registry.objects.get(name=NAME)


def use(visit: Visit, row: Registry) -> None:
    visit.get("form", visit.at("change", row.pk), 'value="keep"', visit.at("history", row.pk))
    visit.post("check", visit.at("check", row.pk), {}, 'reg-result__say--ok"')
    rows = {"action": "check_selected", "_selected_action": str(row.pk)}
    visit.post("check several", visit.at("changelist"), rows, "is-ok")
    visit.get("history", visit.at("history", row.pk), "reg-log", "robin@sites.example")
    audit = visit.at("changelist", audit="check")
    checks = visit.get("checks", audit, NAME.replace("'", "&#x27;"))
    (event, *_) = re.findall(rf'href="({audit}[^"]+/change/)', checks)
    visit.get("event", event, visit.at("change", row.pk))
    visit.get("hand-overs", visit.at("changelist", audit="handover"))
    visit.get("notifications", visit.at("changelist", audit="notification"))
    visit.get("hand over", visit.at("hand_over", row.pk))
    visit.get("image", visit.at("image") + "?image=nginx", "Docker Hub")
    visit.get("outcomes", visit.at("outcomes"))
    own = Registry.objects.create(
        kind="custom", name="Superfluous", url="https://old.sites.example"
    )
    visit.get("delete", visit.at("delete", own.pk), "reg-btn--danger")
    visit.post("deleted", visit.at("delete", own.pk), {"post": "yes"})
    assert not Registry.objects.filter(pk=own.pk).exists()


def ask(visit: Visit, row: Registry, person: Any) -> None:
    """Ask the API as a program of this site does."""
    root = reverse("registries_api:root")
    visit.get("documentation", f"{root}docs/", "curl")
    program = Client(headers={"host": settings.HOST}, SCRIPT_NAME=settings.SCRIPT_NAME)
    path = visit._local(f"{root}registries/{row.pk}/")
    visit.seen["API to strangers"] = program.get(path).status_code
    headers = {"authorization": authorization(person)}
    one = program.get(path, headers=headers)
    listed = program.get(visit._local(f"{root}registries/?page_size=1"), headers=headers)
    lost = program.get(visit._local(f"{root}registries/0/"), headers=headers)
    visit.seen |= {
        "API": one.status_code,
        "API of what is missing": lost.status_code,
        "API speaks": sorted(
            {"default_for_kind", "is_default", "last_check"} & {*one.json()}
            | {"count", "results"} & {*listed.json()}
            | {"code", "detail"} & {*lost.json()}
        ),
    }


def authorization(person: Any) -> str:
    if settings.API_LOGIN == "jwt":
        from rest_framework_simplejwt.tokens import AccessToken

        return f"Bearer {AccessToken.for_user(person)}"
    from rest_framework.authtoken.models import Token

    return f"Token {Token.objects.create(user=person).key}"


def missing(files: set[str]) -> Iterator[str]:
    """Yield the files that no server would find: by their hashed names, where the site has them."""
    for file in files:
        is_there = (
            staticfiles_storage.exists(file)
            if hasattr(staticfiles_storage, "hashed_name")
            else find(file)
        )
        if not is_there:
            yield file


if __name__ == "__main__":
    main()
