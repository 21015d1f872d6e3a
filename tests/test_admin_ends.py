"""When credentials end: in a row's form, the list, the home page, the API and files."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from registries import services
from registries.models import Registry
from registries.models.times import today
from tests.api.conftest import ROOT
from tests.factories import create
from tests.screens import LIST, page, text_of

pytestmark = pytest.mark.django_db
LATER = date(2150, 1, 31)


@pytest.fixture
def client(admin_client: Client) -> Client:
    return admin_client


def in_days(days: int) -> date:
    return today() + timedelta(days=days)


def shown(client: Client, row: Registry) -> str:
    return text_of(client.get(page(row)))


def save(client: Client, row: Registry, **more: Any) -> Any:
    form = {"name": row.name, "username": row.username, "sign_in": "token", **more}
    return client.post(page(row), {**form, "_save": "1"})


def stored(row: Registry) -> tuple[date | None, str]:
    found = Registry.objects.get(pk=row.pk)
    return found.expires_on, found.expires_on_source


def test_somebody_enters_the_day(client: Client) -> None:
    row = create("ghcr")
    for sent, day in (("2150-01-31", LATER), (None, LATER), ("", None), ("2020-01-31", None)):
        more = {} if sent is None else {"expires_on": sent}
        assert save(client, row, **more).status_code == 302
        assert stored(row)[0] == (day if sent != "2020-01-31" else date(2020, 1, 31))
    assert "expires_on" not in Registry.objects.get(pk=row.pk).changed()
    assert '["", "2150-01-31"]' in "".join(
        LogEntry.objects.values_list("change_message", flat=True)
    )
    assert 'value="2020-01-31"' in shown(client, row)


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ("soon", "Enter a valid date."),
        ("31.01.2150", "Enter a valid date."),
        ("0020-01-31", "Enter a day from 2000 to 2199."),
    ],
)
def test_what_is_no_day(client: Client, sent: str, error: str) -> None:
    row = create("ghcr", expires_on=LATER)
    response = save(client, row, expires_on=sent)
    assert response.status_code == 200
    assert response.context["form"].errors == {"expires_on": [error]}
    assert stored(row) == (LATER, "typed")


@pytest.mark.parametrize(
    ("source", "sent", "kept"),
    [
        ("typed", date(2020, 1, 31), "asked"),
        ("typed", LATER, (LATER, "typed")),
        ("typed", None, (None, "")),
        # The form shows what the earlier token said.
        ("learned", date(2020, 1, 31), (None, "")),
        ("learned", date(2020, 1, 30), "asked"),
    ],
)
def test_new_credentials_ask_about_a_day_that_is_past(
    client: Client, source: str, sent: date | None, kept: Any
) -> None:
    row = create("ghcr")
    past = {"expires_on": date(2020, 1, 31), "expires_on_source": source}
    Registry.objects.filter(pk=row.pk).update(**past)
    token = {"token": "fake-new", "token_do": "replace"}
    response = save(client, row, expires_on=sent or "", **token)
    if kept == "asked":
        assert "This day is past." in response.context["form"].errors["expires_on"][0]
        kept = (past["expires_on"], source)
    assert stored(row) == kept


def test_a_row_without_credentials_has_none(client: Client) -> None:
    row = create("ghcr", expires_on=LATER)
    assert save(client, row, sign_in="anonymous", expires_on="2150-01-31").status_code == 302
    assert Registry.objects.get(pk=row.pk).state == "anonymous"
    assert stored(row) == (None, "")


@pytest.mark.parametrize(
    ("days", "badge", "groups"),
    [
        (-1, "Ended on", ["ended", "soon"]),
        (0, "Ends today", ["7", "30", "soon"]),
        (1, "Ends in 1 day<", ["7", "30", "soon"]),
        (7, "Ends in 7 days", ["7", "30", "soon"]),
        (8, "Ends in 8 days", ["30", "soon"]),
        (30, "Ends in 30 days", ["30", "soon"]),
        (31, "", []),
        (None, "", ["unknown"]),
    ],
)
def test_the_list_tells_and_finds_them(
    client: Client, days: int | None, badge: str, groups: list[str]
) -> None:
    create("ghcr", name="Zweig", expires_on=None if days is None else in_days(days))
    never = create("ghcr", name="Ewig")
    Registry.objects.filter(pk=never.pk).update(expires_on_source="learned")
    found = []
    for group in ("ended", "7", "30", "unknown", "soon", "nonsense"):
        content = client.get(f"{LIST}?ends={group}").content.decode()
        assert "Ewig" not in content
        if "Zweig" in content:
            found.append(group)
            assert badge in content
    assert sorted(found) == sorted(groups)
    content = client.get(LIST).content.decode()
    assert badge in content
    assert bool(re.search("Ends (in|on|today)|Ended on", content)) is bool(badge)


@pytest.mark.parametrize(
    ("day", "source", "text"),
    [
        (date(2020, 1, 31), "typed", "ended on Jan. 31, 2020 (entered by hand)"),
        (LATER, "typed", "end on Jan. 31, 2150 (entered by hand)"),
        (LATER, "learned", "end on Jan. 31, 2150 (said by the registry or the credentials)"),
        (LATER, "", "end on Jan. 31, 2150 (entered for earlier credentials)"),
        (None, "learned", "The registry says that the credentials do not end."),
    ],
)
def test_a_rows_page_says_who_said_it(
    client: Client, day: date | None, source: str, text: str
) -> None:
    row = create("ghcr")
    Registry.objects.filter(pk=row.pk).update(expires_on=day, expires_on_source=source)
    assert (f"Credentials {text}" if day else text) in shown(client, row)


def test_the_api_tells_and_finds_it(client: Client) -> None:
    row = create("ghcr", name="Zweig", expires_on=LATER)
    found = client.get(f"{ROOT}registries/{row.pk}/").json()
    assert (found["expires_on"], found["expires_on_source"]) == ("2150-01-31", "typed")
    for query, names in (
        ("expires_before=2150-01-31", []),
        ("expires_before=2150-02-01", ["Zweig"]),
        ("expires_after=2150-01-31", []),
        ("expires_after=2150-01-30&expires_before=2150-02-01", ["Zweig"]),
    ):
        results = client.get(f"{ROOT}registries/?{query}").json()["results"]
        assert [each["name"] for each in results] == names
    for wrong in ("soon", "", "31.01.2150", "2150-02-30"):
        response = client.get(f"{ROOT}registries/?expires_before={wrong}")
        assert response.status_code == 400
        assert "expires_before" in response.json()["fields"]


FILE = """
version: 1
source: team
registries:
  - name: Zweig
    kind: ghcr
    set: {{username: johndoe}}
    secrets: {{token: {{env: REGISTRIES_SECRET_TOKEN}}}}
    {line}
"""


@pytest.fixture
def apply(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    def run(line: str, token: str = "fake-token") -> dict[str, str]:
        monkeypatch.setenv("REGISTRIES_SECRET_TOKEN", token)
        path = tmp_path / "registries.yaml"
        path.write_text(FILE.format(line=line))
        plan = services.apply_files([str(path)])
        return {step.name: step.action.value for step in plan.steps}

    return run


def test_a_file_says_it(apply: Any) -> None:
    """What it does not say may be learned, and is nothing to correct."""
    assert apply("expires_on: 2020-01-31") == {"Zweig": "create"}
    row = Registry.objects.get(name="Zweig")
    assert stored(row) == (date(2020, 1, 31), "typed")
    assert services.export("team").content["registries"][0]["expires_on"] == "2020-01-31"
    assert apply("expires_on: 2020-01-31", "fake-new") == {"Zweig": "change"}
    assert stored(row) == (date(2020, 1, 31), "typed"), "the file is right"
    assert apply("expires_on: 2020-01-31", "fake-new") == {"Zweig": "unchanged"}
    assert apply("", "fake-new") == {"Zweig": "change"}
    assert stored(row) == (None, "")
    Registry.objects.filter(pk=row.pk).update(expires_on=LATER, expires_on_source="learned")
    assert apply("", "fake-new") == {"Zweig": "unchanged"}
    assert "expires_on" not in services.export("team").content["registries"][0]
    assert apply("", "fake-newer") == {"Zweig": "change"}
    assert stored(row) == (None, ""), "it was of the earlier token"
