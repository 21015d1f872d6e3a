"""Access tokens that may do less than their account: what each may, with which registries."""

from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.authentication import BaseAuthentication

from registries.api.base import View
from registries.api.permissions import TokenLimited, limits_of
from registries.limits import UNLIMITED, Limits
from registries.models import Handover, Registry
from registries.reference import Reference
from tests.api.conftest import Caller
from tests.factories import create

pytestmark = pytest.mark.django_db


class Token:
    """What a site's authentication leaves at `request.auth`."""

    name = "production"
    token_key = "0123456789abcde"

    def __init__(self, limits: Any) -> None:
        self.limits = limits


def limited(*prefixes: str, registries: Iterable[int] = ()) -> Limits:
    """What a token may do that is handed credentials of some registries."""
    return Limits(may_hand_over=True, registries=frozenset(registries), prefixes=prefixes)


@pytest.fixture
def call_api(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Ask with a token of a superuser's."""
    user = User.objects.create_superuser("chief")

    def send(path: str, limits: Limits, **data: Any) -> Any:
        class Authentication(BaseAuthentication):
            def authenticate(self, request: Any) -> Any:
                return user, Token(limits)

        monkeypatch.setattr(View, "authentication_classes", [Authentication])
        client = Caller()
        return client.post(path, data, "application/json") if data else client.get(path)

    return send


@pytest.mark.parametrize(
    ("limits", "statuses"),
    [
        (UNLIMITED, (200, 404, 200)),
        (Limits(), (200, 404, 403)),
        (Limits(may_read=False, may_hand_over=True), (403, 404, 200)),
        (Limits(may_query=False, may_hand_over=True), (200, 403, 200)),
        (Limits(may_read=False, may_query=False, may_hand_over=True), (403, 403, 200)),
        (Limits(may_read=False), (403, 404, 403)),
    ],
)
def test_what_a_token_may_do(
    limits: Limits, statuses: tuple[int, ...], call_api: Callable[..., Any]
) -> None:
    row = create("custom", handover="any")
    answers = (
        call_api("registries/", limits),
        call_api("images/tags/?image=nowhere.example/app", limits),
        call_api("handover/", limits, registry=row.pk, form="line"),
    )
    assert tuple(answer.status_code for answer in answers) == statuses
    for answer in answers:
        assert answer.status_code != 403 or answer.json()["code"] == "token_limited"
    handed = Handover.objects.get()
    # Two tokens may have one name, so the audit has what this one begins with.
    assert (handed.token, handed.token_key) == ("production", "0123456789abcde")
    assert (handed.token, handed.user_name) == ("production", "chief")
    assert handed.code == ("handed_over" if limits.may_hand_over else "token_limited")


@pytest.fixture
def rows() -> dict[str, Registry]:
    names = {
        "team": ("ghcr", {"prefix": "ghcr.io/acme", "token": "fake-team"}),
        "whole": ("ghcr", {"token": "fake-whole"}),
        "lab": ("custom", {"url": "https://lab.example"}),
        "cloud": ("gcr", {}),
    }
    return {
        name: create(slug, name=name, handover="any", **columns)
        for name, (slug, columns) in names.items()
    }


# By the names of rows and by prefixes: which rows can be read, and which are handed over.
NAMED: list[tuple[tuple[str, ...], tuple[str, ...], str]] = [
    (("team",), (), "team"),
    (("team", "lab"), (), "lab team"),
    ((), ("ghcr.io/acme",), "team"),
    ((), ("ghcr.io/acme/app",), ""),
    ((), ("ghcr.io/ac",), ""),
    ((), ("ghcr.io", "docker.pkg.github.com"), "GitHub Packages team whole"),
    ((), ("lab.example",), "lab"),
    ((), ("lab.example/team",), ""),
    (("lab",), ("ghcr.io/acme",), "lab team"),
    ((), ("eu-docker.pkg.dev",), "cloud"),
]


@pytest.mark.parametrize(("names", "prefixes", "expected"), NAMED)
def test_which_registries_a_token_is_for(
    names: tuple[str, ...],
    prefixes: tuple[str, ...],
    expected: str,
    rows: dict[str, Registry],
    call_api: Callable[..., Any],
) -> None:
    """#68: of the others it reads nothing, and is handed nothing."""
    limits = limited(*prefixes, registries=(rows[name].pk for name in names))
    listed = {row["name"] for row in call_api("registries/", limits).json()["results"]}
    assert listed & set(rows) == set(expected.split()) & set(rows)
    for name, row in rows.items():
        is_named = name in expected.split()
        for path in ("", "checks/", "tags/?repository=acme/app"):
            status = call_api(f"registries/{row.pk}/{path}", limits).status_code
            assert (status != 404) == is_named, (name, path)
        if name != "cloud":
            answer = call_api("handover/", limits, registry=row.pk, form="podman")
            assert answer.status_code == (200 if is_named else 403), (name, answer.content)
    handed = Handover.objects.filter(code="handed_over").values_list("registry_name", flat=True)
    assert set(handed) <= set(expected.split())


def test_a_prefix_opens_no_more_than_it_names(
    rows: dict[str, Registry], call_api: Callable[..., Any]
) -> None:
    """#68: what is asked for is judged by the row that answers, after resolving."""
    acme = limited("ghcr.io/acme")
    assert call_api("handover/", acme, image="ghcr.io/acme/app", form="line").status_code == 200
    for expected in (
        {"image": "ghcr.io/other/app"},
        {"host": "ghcr.io"},
        {"registries": [rows["team"].pk, rows["whole"].pk]},
    ):
        answer = call_api("handover/", acme, form="podman", **expected)
        assert (answer.status_code, answer.json()["code"]) == (403, "token_limited"), expected
    rows["team"].delete()
    # The row that answers now is for the whole host, and its credentials would open all of it.
    answer = call_api("handover/", acme, image="ghcr.io/acme/app", form="line")
    assert (answer.status_code, answer.json()["code"]) == (403, "token_limited")
    # Reading the image with them is all the token asks for there.
    assert call_api("resolve/?image=ghcr.io/acme/app", acme).status_code == 200
    assert call_api("resolve/?image=ghcr.io/other/app", acme).status_code == 403


@pytest.mark.parametrize(
    ("slug", "columns", "expected", "prefixes", "is_handed"),
    [
        ("acr", {"url": None}, {"image": "acme.azurecr.io/app"}, ("acme.azurecr.io",), False),
        ("acr", {"url": None}, {}, ("acme.azurecr.io",), False),
        ("acr", {}, {}, ("example.azurecr.io",), True),
        ("gcr", {}, {"image": "eu-docker.pkg.dev/acme/app"}, ("eu-docker.pkg.dev",), False),
        ("gcr", {}, {}, ("gcr.io", "eu-docker.pkg.dev"), False),
        ("ecr", {}, {}, ("123456789012.dkr.ecr.eu-west-1.amazonaws.com",), False),
        ("ghcr", {}, {}, ("ghcr.io",), False),
        ("ghcr", {}, {"host": "ghcr.io"}, ("docker.pkg.github.com", "ghcr.io"), True),
        ("ghcr", {"prefix": "ghcr.io/acme"}, {}, ("ghcr.io",), True),
        ("quay", {}, {}, ("quay.io",), True),
    ],
)
def test_a_token_is_handed_nothing_that_opens_other_hosts(
    slug: str,
    columns: dict[str, Any],
    expected: dict[str, str],
    prefixes: tuple[str, ...],
    is_handed: bool,
    call_api: Callable[..., Any],
) -> None:
    """#68: reading images with a row that answers for other hosts too is another matter."""
    row = create(slug, handover="any", **columns)
    params = {"form": "kubernetes", **(expected or {"registry": row.pk})}
    answer = call_api("handover/", limited(*prefixes), **params)
    assert answer.status_code == (200 if is_handed else 403), answer.content
    assert is_handed or answer.json()["code"] == "token_limited"
    if slug not in {"gcr", "ecr"}:  # whose clouds are not there to be asked
        named = limited(*prefixes, registries=[row.pk])
        assert call_api("handover/", named, **params).status_code == 200


def test_without_credentials_a_token_is_told_so(call_api: Callable[..., Any]) -> None:
    answer = call_api("handover/", limited("docker.io"), image="nginx", form="line")
    assert (answer.status_code, answer.json()["code"]) == (409, "anonymous")


def test_no_registry_outside_is_explained(
    rows: dict[str, Registry], call_api: Callable[..., Any]
) -> None:
    named = Limits(registries=frozenset({rows["team"].pk}))
    assert "whole" in str(call_api("resolve/?image=ghcr.io/acme/app", Limits()).json())
    data = call_api("resolve/?image=ghcr.io/acme/app", named).json()
    assert data["registry"]["name"] == "team"
    assert "whole" not in str(data)
    assert call_api("handovers/", named).json()["count"] == 0
    call_api("handover/", UNLIMITED, registry=rows["whole"].pk, form="podman")
    assert call_api("handovers/", Limits()).json()["count"] == 1
    assert call_api("handovers/", named).json()["count"] == 0


def test_limits_compare_whole_parts() -> None:
    limits = Limits(prefixes=("ghcr.io/acme",))
    assert limits.cover(Reference.parse("ghcr.io/acme/app:1").place)
    assert limits.cover("ghcr.io/acme")
    assert not limits.cover("ghcr.io/acme-other/app")
    assert not limits.cover("ghcr.io")


@pytest.mark.parametrize("limits", [None, {}, "all", Limits])
def test_limits_that_are_none_allow_nothing(limits: Any, call_api: Callable[..., Any]) -> None:
    row = create("custom", handover="any")
    handed = call_api("handover/", limits, registry=row.pk, form="line")
    for answer in (call_api("registries/", limits), handed):
        assert (answer.status_code, answer.json()["code"]) == (403, "token_limited")


def test_limits_that_cannot_be_told_allow_nothing() -> None:
    class Broken:
        @property
        def limits(self) -> Limits:
            raise AttributeError

    request: Any = SimpleNamespace(auth=Broken())
    with pytest.raises(TokenLimited):
        limits_of(request)
    request.auth = None
    assert limits_of(request) is UNLIMITED


def test_what_is_outside_may_be_there_or_not(
    rows: dict[str, Registry], call_api: Callable[..., Any]
) -> None:
    """A token learns of its own images and hosts alone whether there is a registry for them."""
    token = limited("ghcr.io/acme", "empty.example", registries=[rows["team"].pk])
    for expected, code in (
        ({"host": "lab.example"}, "token_limited"),
        ({"host": "nothing.example"}, "token_limited"),
        ({"host": "no host"}, "token_limited"),
        ({"image": "lab.example/app"}, "token_limited"),
        ({"image": "nothing.example/app"}, "token_limited"),
        ({"registry": rows["lab"].pk}, "token_limited"),
        ({"registry": 9999}, "token_limited"),
        ({"registries": [rows["team"].pk, 9999]}, "token_limited"),
        ({"registries": [rows["team"].pk, rows["lab"].pk]}, "token_limited"),
        ({"host": "empty.example"}, "no_registry"),
        ({"image": "empty.example/app"}, "no_registry"),
    ):
        answer = call_api("handover/", token, form="podman", **expected)
        assert answer.json()["code"] == code, expected
        assert answer.status_code == (403 if code == "token_limited" else 409)


def test_nothing_is_told_of_a_row_outside(
    rows: dict[str, Registry], call_api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token for a prefix reads its images with a row that is for more, and learns no name."""
    from registries import services
    from registries.client.manifests import Manifest

    rows["team"].delete()
    monkeypatch.setattr(services, "list_tags", lambda *_args, **_more: ["1.0"])
    manifest = Manifest("sha256:" + "0" * 64, "application/json", ())
    monkeypatch.setattr(services, "get_manifest", lambda *_args, **_more: manifest)
    paths = ("resolve/", "images/tags/", "images/digest/")
    for token, name in ((UNLIMITED, "whole"), (limited("ghcr.io/acme"), None)):
        for path in paths:
            answer = call_api(f"{path}?image=ghcr.io/acme/app", token)
            assert answer.status_code == 200, answer.content
            registry = answer.json()["registry"]
            assert (registry and registry["name"]) == name
            assert ("whole" in answer.content.decode()) == bool(name)
