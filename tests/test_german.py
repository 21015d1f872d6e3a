"""The German texts, shown wherever a person reads: in the admin, the API and the site."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polib
import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone, translation

from registries.admin.display import ago, milliseconds
from registries.admin.listing import VIEWS
from registries.forms import RegistryForm, form_class
from registries.kinds import KINDS
from registries.models import Registry
from registries.models.results import CheckResult
from registries.reference import InvalidReference, Reference
from registries.text import MARKUP
from registries.verdicts import CODES, Verdict
from tests.browser.samples import fill
from tests.factories import SAMPLES, build
from tests.screens import LIST
from tests.site.conftest import Site
from tests.test_translations import CATALOGS, ROOT, language_of, pairs

API = "/gateway/v1/"


class Words(HTMLParser):
    """The texts of a page that a person reads or hears, codes apart."""

    READ_OUT = frozenset({"aria-label", "title", "placeholder", "data-checking", "data-failed"})
    SILENT = frozenset({"script", "style", "code"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.silent = ""
        # Long addresses may be broken anywhere; they are one text all the same.
        self.feed(html.replace("<wbr>", ""))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {value or "" for name, value in attrs if name in self.READ_OUT}
        if tag in self.SILENT:
            self.silent = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self.silent:
            self.silent = ""

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found.add(data)


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (timedelta(seconds=59), "gerade eben"),
        (timedelta(minutes=1), "vor 1 Minute"),
        (timedelta(minutes=59), "vor 59 Minuten"),
        (timedelta(hours=1), "vor 1 Stunde"),
        (timedelta(days=2), "vor 2 Tagen"),
        (timedelta(days=8), "vor 1 Woche"),
        (timedelta(days=65), "vor 2 Monaten"),
        (timedelta(days=800), "vor 2 Jahren"),
        (timedelta(days=-1), "gerade eben"),
    ],
)
def test_times_are_said_as_germans_say_them(age: timedelta, expected: str) -> None:
    with translation.override("de"):
        assert ago(timezone.now() - age) == expected
        assert milliseconds(1.52) == "1,5 s"


@cache
def alike(language: str = "de") -> set[str]:
    """What is called the same in both languages: products, regions and some words."""
    catalogs = [path for path in CATALOGS if language_of(path) == language]
    words = (
        pair for path in catalogs for entry in polib.pofile(ROOT / path) for pair in pairs(entry)
    )
    choices = (variable.choices for kind in KINDS.values() for variable in kind.variables)
    # Menus and buttons are called as the registry's own pages call them.
    steps = " ".join(
        text for kind in KINDS.values() for text in kind.howto.steps + kind.howto.notes
    )
    return {
        *(match["bold"] or match["label"] for match in MARKUP.finditer(steps)),
        *(
            text
            for english, german in words
            if english == german
            for text in (english, english[:1].upper() + english[1:])
        ),
        *(label for choose in choices if choose for _value, label in choose()),
    }


def names(language: str = "de") -> set[str]:
    """The same, and the names of rows."""
    return alike(language).union(Registry.objects.values_list("name", flat=True))


# What the page puts before each part of its trail.
CRUMB = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} "
# Addresses, an account, a key, or a number with its unit ("in 10 ms" is German as well).
ALIKE = re.compile(r"\S+[./:@]\S+(, \S+[./:@]\S+)*|-----BEGIN.*|(in )?[\W\d_]*(\w|ms|admin)?\W*")


def left_english(english: set[str], german: set[str], known: set[str]) -> set[str]:
    """The texts that are the same in both languages without reason."""
    same = {" ".join(text.split()).removeprefix(CRUMB) for text in english & german}
    return {
        text
        for text in same
        if text not in known and text.removesuffix(":") not in known and not ALIKE.fullmatch(text)
    }


def test_a_text_that_nobody_translates_is_found() -> None:
    english = Words('<p>Save</p><p title="Why">Quay</p> x.example <code>done</code>').found
    german = Words('<p>Sichern</p><p title="Why">Quay</p> x.example <code>done</code>').found
    assert left_english(english, german, {"Quay"}) == {"Why"}
    assert left_english(english, german, {"Quay", "Why"}) == set()
    took = {"in 10 ms", "in 1.5 s", "10 ms", "in 10 minutes"}
    assert left_english(took, took, set()) == {"in 10 minutes"}


@pytest.fixture
def two_languages(settings: Any) -> Iterator[None]:
    """A site that speaks the language that the browser asks for."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.locale.LocaleMiddleware"]
    with translation.override("en"):
        yield


@pytest.fixture
def in_both(two_languages: None, admin_client: Client) -> Callable[..., list[str]]:
    """The answers to one request, asked in English and in German."""

    def fetch(path: str, **form: Any) -> list[str]:
        result = []
        for language in ("en", "de"):
            headers = {"accept-language": language}
            if form:
                answer = admin_client.post(path, form, headers=headers)
                assert "Location" not in answer
            else:
                answer = admin_client.get(path, headers=headers, follow=True)
            result.append(answer.content.decode())
        return result

    return fetch


def both(pages: list[str]) -> set[str]:
    english, german = (Words(page).found for page in pages)
    assert english
    return left_english(english, german, names())


def test_the_list_is_german(in_both: Callable[..., list[str]]) -> None:
    fill()
    for query in (*(f"?view={view}" for view in VIEWS), "?q=nothing", "?verdict=none&o=name"):
        assert both(in_both(LIST + query)) == set(), query


@pytest.mark.parametrize("query", ["", "?kind=nonsense", *(f"?kind={slug}" for slug in KINDS)])
def test_the_choice_of_a_kind_and_its_form_are_german(
    in_both: Callable[..., list[str]], query: str
) -> None:
    assert both(in_both(f"{LIST}add/{query}")) == set()


def errors_in(language: str, form: RegistryForm) -> set[str]:
    with translation.override(language):
        form.full_clean()
        return {text for texts in form.errors.values() for text in texts}


@pytest.mark.parametrize("slug", KINDS)
def test_what_is_wrong_is_said_in_german(in_both: Callable[..., list[str]], slug: str) -> None:
    address = f"{LIST}add/?kind={slug}"
    wrong = dict.fromkeys(KINDS[slug].by_name, "a\x01b")
    others = {"prefix": "x", "ca_certificate": "x", "name": ""}
    assert both(in_both(address, **wrong, **others)) == set()
    # Nothing but one variable: the rules speak.
    for name in KINDS[slug].by_name:
        value = SAMPLES[slug].get(name, "am9obmRvZTpmYWtl")
        form = form_class(KINDS[slug])({name: value}, instance=Registry(kind=slug))
        english, german = (errors_in(language, form) for language in ("en", "de"))
        assert left_english(english, german, names()) == set(), name
        assert english, name


@pytest.mark.parametrize("page", ["change", "history", "delete", "reset"])
def test_the_pages_of_a_row_are_german(in_both: Callable[..., list[str]], page: str) -> None:
    fill()
    kind = "quay" if page == "reset" else "custom"
    row = Registry.objects.get(kind=kind)
    assert both(in_both(f"{LIST}{row.pk}/{page}/")) == set()


@pytest.mark.parametrize("action", ["check_selected", "reset_selected", "delete_selected"])
def test_actions_on_many_rows_are_german(in_both: Callable[..., list[str]], action: str) -> None:
    # An address that no check calls.
    build("custom", url="http://169.254.1.1", name="Lab").save()
    rows = Registry.objects.filter(kind__in=["custom", "quay"])
    if action == "check_selected":
        rows = rows.filter(is_default=False)
    chosen = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    assert both(in_both(LIST, **chosen)) == set()


@pytest.mark.usefixtures("two_languages")
def test_what_was_done_is_told_in_german(admin_client: Client) -> None:
    kwargs = {"headers": {"accept-language": "de"}, "follow": True}
    page = admin_client.post(f"{LIST}add/?kind=hub", {"name": "Team"}, **kwargs)
    assert "„Team“ hinzugefügt." in Words(page.content.decode()).found
    row = Registry.objects.get(name="Team")
    page = admin_client.post(f"{LIST}{row.pk}/change/", {"name": "Group"}, **kwargs)
    assert "„Group“ gesichert." in Words(page.content.decode()).found
    for verb, sentence in {
        "reset": "„Group“ ist keine Standard-Registry. Löschen Sie sie stattdessen.",
        "delete": "1 Registry gelöscht.",
    }.items():
        chosen = {"action": f"{verb}_selected", "_selected_action": [row.pk], "post": "yes"}
        page = admin_client.post(LIST, chosen, **kwargs)
        assert sentence in Words(page.content.decode()).found


@pytest.mark.parametrize("code", CODES)
def test_every_sentence_of_a_check_is_german(code: str) -> None:
    result = CheckResult(Verdict.VALID, code, datetime.now(UTC), {"host": "registry.example"})
    with translation.override("en"):
        english = result.detail
    with translation.override("de"):
        assert result.detail != english


@pytest.mark.django_db
def test_labels_stand_in_german_quotes() -> None:
    with translation.override("de"), pytest.raises(ValidationError) as caught:
        build("hub", name="Team", password=None).full_clean()
    assert caught.value.messages == [
        "Geben Sie auch „Zugriffstoken oder Passwort“ ein. Es ist zusammen mit „Anmeldename“ nötig."
    ]


@pytest.mark.parametrize("text", ["", "HTTPS://x", "a" * 64, "x@y", "x:-", "-/x", "X/Y", "a" * 300])
def test_why_a_text_is_no_reference_is_said_in_german(text: str) -> None:
    with pytest.raises(InvalidReference) as caught:
        Reference.parse(text)
    with translation.override("de"):
        assert translation.gettext(str(caught.value)) != str(caught.value)


# What the API answers


def strings(value: Any, *, but: tuple[str, ...] = ()) -> set[str]:
    """The texts in an answer, those of some keys left out."""
    if isinstance(value, dict):
        return {text for name in value if name not in but for text in strings(value[name], but=but)}
    if isinstance(value, list):
        return {text for item in value for text in strings(item, but=but)}
    return {value} if isinstance(value, str) else set()


def said_alike(answers: list[str], *but: str, language: str = "de") -> set[str]:
    english, german = (strings(json.loads(answer), but=but) for answer in answers)
    assert english
    return left_english(english, german, names(language))


@pytest.mark.django_db
def test_the_api_tells_of_kinds_in_german(in_both: Callable[..., list[str]]) -> None:
    assert said_alike(in_both(API + "kinds/"), "slug", "hosts", "name", "schema") == set()


@pytest.mark.parametrize(
    "path",
    [
        "registries/0/",
        "registries/?kind=nonsense&page=0&page_size=0&search=%00&ordering=x&state=1&verdict=2",
        "registries/?kind=hub&kind=hub&nonsense=1&search=%ff",
        "kinds/?x=1",
        "kinds/nonsense/",
        "resolve/",
        "resolve/?image=X/Y",
    ],
)
def test_the_api_says_in_german_what_is_wrong(in_both: Callable[..., list[str]], path: str) -> None:
    assert said_alike(in_both(API + path), "code") == set()


@pytest.mark.parametrize("image", ["nginx", "ghcr.io/acme/app", "nowhere.example/app"])
def test_the_api_explains_in_german(in_both: Callable[..., list[str]], image: str) -> None:
    build("hub", name="Team").save()
    build("ghcr", name="Acme", prefix="ghcr.io/acme").save()
    answers = in_both(f"{API}resolve/?image={image}")
    assert said_alike(answers, "image", "reference", "registry") == set()


def test_the_api_refuses_in_german(in_both: Callable[..., list[str]], client: Client) -> None:
    assert said_alike(in_both(API + "registries/", some="thing"), "code") == set()
    german = client.get(API + "registries/", headers={"accept-language": "de"})
    assert german.json()["detail"] == "Melden Sie sich zuerst an."


# The site around it

ASK = """
import json
from django.conf import settings
from django.template.loader import render_to_string
from django.test import Client
from django.utils.translation import override

PAGES = ("/", "/admin/login/", "/nowhere/")
ERRORS = [path.name for path in (settings.BASE_DIR / "templates").glob("[45]*.html")]
found = []
for language in ("en", "de", "sv"):
    client = Client(enforce_csrf_checks=True, headers={"accept-language": language})
    answers = [client.get(path, secure=True) for path in PAGES]
    answers.append(client.post("/admin/login/", secure=True))
    found.append([answer.content.decode() for answer in answers])
for language, pages in zip(("en", "de"), found):
    with override(language):
        pages += [render_to_string(name, {"minutes": 5}) for name in ERRORS]
print("found:" + json.dumps(found))
"""


@pytest.mark.django_db
def test_the_pages_of_the_site_are_german(tmp_path: Path) -> None:
    output = Site(tmp_path / "data").shell(ASK, DJANGO_ALLOWED_HOSTS="testserver")
    english, german, swedish = json.loads(output.partition("found:")[2])
    for pages in zip(english, german, strict=True):
        assert both([*pages]) == set()
    # A language that is not there is not half there.
    for page, other in zip(swedish, english, strict=False):
        assert Words(page).found == Words(other).found
