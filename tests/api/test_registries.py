"""The list of registries and one of them: how they look, which are shown, what that costs."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from encrypted_model_fields import fields as library

from registries.api import filters, urls
from registries.api.base import ReadOnlyView
from registries.api.handover import HandoverView
from registries.kinds import KINDS
from registries.models import Registry
from registries.models.queryset import SECRETS
from registries.verdicts import Verdict
from tests import factories
from tests.api.conftest import Caller
from tests.plans import explain, sorts

GetJson = Callable[..., Any]
KEYS = [
    "id",
    "name",
    "kind",
    "label",
    "state",
    "is_default",
    "prefix",
    "url",
    "check",
    "variables",
    "created_at",
    "updated_at",
    "handover",
    "last_handed_over",
    "source",
    "check_every",
    "next_check_at",
    "expires_on",
    "expires_on_source",
]
CHECKED = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)


def checked(row: Registry, verdict: str, code: str, **columns: Any) -> None:
    columns = {"checked_at": CHECKED, **columns}
    Registry.objects.filter(pk=row.pk).update(check_verdict=verdict, check_code=code, **columns)


def names(page: dict[str, Any]) -> list[str]:
    return [result["name"] for result in page["results"]]


# How a registry looks


def test_one(get_json: GetJson) -> None:
    prefix = "registry.example:5000/team"
    row = factories.create("custom", name="Lab", prefix=prefix, source="team")
    assert get_json(f"registries/{row.pk}/") == {
        "id": row.pk,
        "name": "Lab",
        "kind": "custom",
        "label": "Self-hosted registry",
        "state": "authenticated",
        "is_default": False,
        "prefix": "registry.example:5000/team",
        "url": "https://registry.example:5000",
        "check": None,
        "variables": {
            "url": "https://registry.example:5000",
            "login": "johndoe",
            "password": {"set": True},
            "auth": {"set": False},
            "authurl": None,
        },
        "created_at": row.created_at.isoformat().replace("+00:00", "Z"),
        "updated_at": row.updated_at.isoformat().replace("+00:00", "Z"),
        "handover": "none",
        "last_handed_over": None,
        "source": "team",
        "check_every": None,
        "next_check_at": row.updated_at.isoformat().replace("+00:00", "Z"),
        "expires_on": None,
        "expires_on_source": None,
    }


@pytest.mark.parametrize("slug", KINDS)
def test_one_of_every_kind(slug: str, get_json: GetJson) -> None:
    """#16: these keys and no others; of a secret, whether it is set."""
    row = factories.create(slug)
    data = get_json(f"registries/{row.pk}/")
    assert list(data) == KEYS
    assert data["state"] == row.state == "authenticated"
    assert list(data["variables"]) == list(KINDS[slug].by_name)
    for name, variable in KINDS[slug].by_name.items():
        raw = row.raw_value(name)
        expected = {"set": raw is not None} if variable.secret else raw
        assert data["variables"][name] == expected
    assert data["url"] == data["variables"].get("url")
    assert data["source"] is None


@pytest.mark.parametrize("slug", [slug for slug, kind in KINDS.items() if kind.default_name])
def test_a_default_row(slug: str, get_json: GetJson) -> None:
    (data,) = get_json(f"registries/?kind={slug}")["results"]
    assert (data["is_default"], data["state"], data["check"]) == (True, "anonymous", None)
    assert data["prefix"] is None
    for name, variable in KINDS[slug].by_name.items():
        assert data["variables"][name] == ({"set": False} if variable.secret else None)


def test_the_last_check(get_json: GetJson) -> None:
    row = factories.create("custom")
    checked(row, "unreachable", "dns", check_params={"host": "registry.example"})
    assert get_json(f"registries/{row.pk}/")["check"] == {
        "verdict": "unreachable",
        "code": "dns",
        "detail": "The host name registry.example cannot be resolved. Check the address.",
        "checked_at": "2030-01-02T03:04:05Z",
    }


def test_the_list_shows_the_same(get_json: GetJson) -> None:
    row = factories.create("quay")
    checked(row, "valid", "signed_in")
    page = get_json("registries/")
    assert list(page) == ["count", "next", "previous", "results"]
    assert page["count"] == 6
    assert [get_json(f"registries/{item['id']}/") for item in page["results"]] == page["results"]


def test_a_row_whose_kind_is_gone_is_still_listed(get_json: GetJson) -> None:
    row = factories.create("hub")
    Registry.objects.filter(pk=row.pk).update(kind="gone")
    data = get_json(f"registries/{row.pk}/")
    assert (data["kind"], data["label"], data["variables"]) == ("gone", "gone", {})
    assert get_json("registries/")["count"] == 6


@pytest.mark.parametrize(
    "pk",
    ["0", "999999", "9" * 30, "9" * 5000, "-1", "x", "1.0", "%00", "1%00", "%F0%28", "1%0A", "1 "],
)
def test_nothing_else_is_there(pk: str, get_json: GetJson) -> None:
    """#63: whatever stands in the path."""
    for path in (f"registries/{pk}/", f"registries/{pk}/tags/?repository=x"):
        assert get_json(path, 404)["code"] == "not_found"


# Which are shown


@pytest.fixture
def rows(db: None) -> dict[str, Registry]:
    """Some rows besides the five defaults."""
    result = {
        "team": factories.create("hub", name="Team", prefix="docker.io/team"),
        "Élan": factories.create("custom", name="Élan"),
        "open": factories.create("custom", name="Open", login=None, password=None),
    }
    checked(result["team"], "valid", "signed_in")
    checked(result["open"], "unproven", "open_registry", checked_at=CHECKED.replace(year=2029))
    return result


FILTERED = {
    "kind=hub": ["Docker Hub", "Team"],
    "kind=acr": [],
    "state=authenticated": ["Team", "Élan"],
    "state=anonymous&kind=custom": ["Open"],
    "verdict=valid": ["Team"],
    "verdict=unproven": ["Open"],
    "verdict=rejected": [],
    "verdict=none&is_default=false": ["Élan"],
    "is_default=false": ["Open", "Team", "Élan"],
    "is_default=true&kind=hub": ["Docker Hub"],
    "search=TEAM": ["Team"],
    "search=docker.io/te": ["Team"],
    "search=REGISTRY.example": ["Open", "Élan"],
    "search=%C3%A9LAN": ["Élan"],
    "search=%25": [],
    "search=_": [],
    "search=johndoe": [],
    "search=&is_default=false": ["Open", "Team", "Élan"],
}


def test_filters(rows: Any, get_json: GetJson) -> None:
    for query, expected in FILTERED.items():
        page = get_json(f"registries/?{query}")
        assert (names(page), page["count"]) == (expected, len(expected)), query


def test_every_verdict_is_a_filter(get_json: GetJson) -> None:
    row = factories.create("hub", name="It")
    for verdict in (filters.NOT_CHECKED, *Verdict):
        if verdict != filters.NOT_CHECKED:
            checked(row, verdict, "signed_in")
        assert names(get_json(f"registries/?verdict={verdict}&is_default=false")) == ["It"], verdict


def test_ordering(rows: Any, get_json: GetJson) -> None:
    """Rows that were never checked are those that waited longest."""
    for ordering, expected in {
        "name": ["Open", "Team", "Élan"],
        "kind": ["Élan", "Open", "Team"],
        "created_at": ["Team", "Élan", "Open"],
        "updated_at": ["Team", "Élan", "Open"],
        "checked_at": ["Élan", "Open", "Team"],
    }.items():
        listed = names(get_json(f"registries/?is_default=false&ordering={ordering}"))
        assert listed == expected, ordering
        listed = names(get_json(f"registries/?is_default=false&ordering=-{ordering}"))
        assert listed == expected[::-1], ordering


def test_no_list_names_a_secret() -> None:
    """#15: neither filters nor orderings nor search look at one."""
    assert not filters.RegistryFilter.base_filters.keys() & set(SECRETS)
    params = {"kind": "hub", "state": "anonymous", "verdict": "valid", "is_default": "true"}
    for ordering in filters.ORDERS:
        rows = filtered(**params, search="x", ordering=ordering)
        conditions = str(rows.query).partition(" WHERE ")[2]
        assert ordering.removeprefix("name") in conditions
        assert not [name for name in SECRETS if f'"{name}"' in conditions]


def test_no_address_takes_a_parameter_that_is_a_secret(get_json: GetJson) -> None:
    """#15: of every view that there is; what one takes is in the document."""
    views = {pattern.callback.cls for pattern in urls.urlpatterns} - {HandoverView}
    assert {len(views) > 5, all(issubclass(view, ReadOnlyView) for view in views)} == {True}
    for path in get_json("schema/")["paths"].values():
        for operation in path.values():
            assert not {parameter["name"] for parameter in operation.get("parameters", ())} & set(
                SECRETS
            )


@pytest.mark.parametrize("secret", SECRETS)
def test_nothing_can_be_asked_about_a_secret(secret: str, get_json: GetJson) -> None:
    """#14: no lookup, no ordering."""
    for name in (secret, f"{secret}__startswith", f"{secret}__isnull", f"{secret}_is_set"):
        assert get_json(f"registries/?{name}=x", 400)["code"] == "unknown_parameter"
        assert get_json(f"registries/?ordering={name}", 400)["code"] == "invalid_parameter"


# Pages


def test_pages_are_whole(get_json: GetJson, reader: Caller) -> None:
    for number in range(4):
        factories.create("hub", name=f"Hub {number}")
    seen, address = [], "registries/?page_size=4&ordering=-kind"
    while address:
        page = get_json(address)
        assert page["count"] == 9
        assert len(page["results"]) == min(4, 9 - len(seen))
        seen += names(page)
        address = (page["next"] or "").removeprefix("http://testserver/gateway/v1/")
    assert len(set(seen)) == 9
    assert seen == names(get_json("registries/?ordering=-kind"))
    last = get_json("registries/?page_size=4&ordering=-kind&page=3")
    assert last["next"] is None
    assert "page=2" in last["previous"]
    assert "ordering=-kind" in last["previous"]


def test_the_end(get_json: GetJson) -> None:
    assert get_json("registries/?page_size=5&page=1")["next"] is None
    for number in (2, 10**17):
        assert get_json(f"registries/?page_size=5&page={number}", 404)["code"] == "not_found"
    assert get_json("registries/?kind=acr&page=1")["results"] == []
    get_json("registries/?kind=acr&page=2", 404)


def test_a_page_is_bounded(get_json: GetJson) -> None:
    many(51)
    assert len(get_json("registries/")["results"]) == 50
    assert len(get_json("registries/?page_size=500")["results"]) == 56
    assert get_json("registries/?page_size=501", 400)["fields"] == {
        "page_size": "Ensure this value is less than or equal to 500."
    }


# What it costs


def many(count: int) -> None:
    rows = [factories.build("hub", name=f"Row {number:04}") for number in range(count)]
    for row in rows:
        row.derive()
    Registry.objects.bulk_create(rows)


@pytest.fixture
def decrypted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every token that the library is asked to decrypt."""
    seen: list[str] = []
    real = library.decrypt_str
    monkeypatch.setattr(library, "decrypt_str", lambda token: seen.append(token) or real(token))
    return seen


def test_a_thousand_rows_decrypt_nothing(get_json: GetJson, decrypted: list[str]) -> None:
    many(1000)
    data = [row for page in (1, 2) for row in get_json(listed(500, page))["results"]]
    assert sum(row["variables"].get("password") == {"set": True} for row in data) >= 995
    get_json(f"registries/{data[-1]['id']}/")
    get_json("resolve/?image=nginx")
    assert decrypted == []
    assert Registry.objects.get(name="Row 0000").password.reveal()
    assert len(decrypted) == 1


def listed(size: int, page: int = 1) -> str:
    return f"registries/?page_size={size}&page={page}"


def filtered(**params: str) -> Any:
    """The rows that a list with these parameters reads."""
    filterset = filters.RegistryFilter(
        params or {"kind": ""}, Registry.objects.order_by("name_key")
    )
    assert filterset.is_valid(), filterset.errors
    return filterset.qs


def test_no_list_is_sorted_to_show_its_first_page(db: None) -> None:
    """An index is in each order: of many rows a page costs what it costs of few."""
    many(1000)
    Registry.objects.filter(pk__gt=500).update(
        check_verdict="valid", check_code="signed_in", checked_at=F("created_at")
    )
    narrowed = [{"kind": "hub"}, {"state": "authenticated"}, {"verdict": "valid"}]
    orders = [{"ordering": sign + name} for name in filters.ORDERS for sign in ("", "-")]
    assert [params for params in narrowed + orders if sorts(filtered(**params)[:10])] == []
    assert sorts(Registry.objects.order_by("prefix")[:10])


def test_all_rows_are_counted_by_a_narrow_index(db: None) -> None:
    if connection.vendor == "postgresql":
        pytest.skip("PostgreSQL counts by whichever index it has cleaned last")
    assert "registries_count" in explain("SELECT COUNT(*) FROM registries_registry")


@pytest.mark.parametrize(
    "params", ["kind=hub", "verdict=valid", "state=authenticated", "is_default=true"]
)
def test_what_a_filter_finds_is_counted_by_an_index(get_json: GetJson, params: str) -> None:
    if connection.vendor == "postgresql":
        pytest.skip("PostgreSQL reads so small a table as a whole")
    with CaptureQueriesContext(connection) as captured:
        get_json(f"registries/?{params}")
    (counted,) = [query["sql"] for query in captured if "COUNT(*)" in query["sql"]]
    searched = "SEARCH registries_registry USING (COVERING )?INDEX|'ref', 'registries_.*Using index"
    assert re.search(searched, explain(counted))


def test_the_number_of_queries_stays(get_json: GetJson) -> None:
    many(60)
    for size in (1, 60):
        with CaptureQueriesContext(connection) as captured:
            get_json(listed(size))
        queries = [query["sql"] for query in captured if "registries_registry" in query["sql"]]
        assert len(queries) == 2
        assert not [name for name in SECRETS if f'"{name}",' in "".join(queries)]
        # Session, user, and the permissions of user and groups.
        assert len(captured) <= 2 + 4
