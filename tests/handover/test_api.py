"""POST handover/: who is handed what, and how it is refused."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.settings import api_settings

from registries.api.errors import status_of_refusal
from registries.handover import FORMS
from registries.handover.refusals import REFUSALS
from registries.models import Handover, Registry
from tests.api.conftest import ROOT, Caller, caller
from tests.factories import create, with_values
from tests.handover.conftest import Cloud
from tests.screens import default

pytestmark = pytest.mark.django_db
CloudMaker = Callable[..., Cloud]


@pytest.fixture
def taker(db: None) -> Caller:
    """Somebody who may hand over, and nothing else."""
    return caller("taker", "hand_over_registry")


def post(client: Caller, **data: Any) -> Any:
    return client.post("handover/", json.dumps(data), "application/json")


def code(response: Any, status: int) -> str:
    assert response.status_code == status, response.content
    assert response["Cache-Control"] == "no-store"
    data: dict[str, str] = response.json()
    assert data["detail"]
    return data["code"]


@pytest.fixture
def team() -> Registry:
    return create("ghcr", handover="any", prefix="ghcr.io/acme", token="fake-team")


@pytest.fixture
def whole() -> Registry:
    return create("ghcr", handover="any", token="fake-whole")


@pytest.mark.parametrize("slug", FORMS)
def test_every_form_is_answered_in_its_own_type(slug: str, taker: Caller, whole: Registry) -> None:
    by_json = post(taker, image="ghcr.io/acme/app:1", form=slug)
    by_form = taker.post("handover/", {"registry": whole.pk, "form": slug})
    # Django's test client sends forms in parts.
    assert code(by_form, 400) == "bad_request"
    content = f"registry={whole.pk}&form={slug}"
    by_form = taker.post("handover/", content, "application/x-www-form-urlencoded")
    for response in (by_json, by_form):
        assert response.status_code == 200, response.content
        assert response["Content-Type"] == FORMS[slug].content_type
        assert response["Cache-Control"] == "no-store"
        assert "ETag" not in response
        text = response.content.decode()
        if slug == "kubernetes":
            text = base64.b64decode(yaml.safe_load(text)["data"][".dockerconfigjson"]).decode()
        result = "fake-whole" in text or base64.b64encode(b"johndoe:fake-whole").decode() in text
        assert result
    columns = ("code", "form", "user_name", "way", "address", "is_short")
    stored = ("handed_over", slug, "taker", "api", "127.0.0.1", False)
    assert list(Handover.objects.values_list(*columns)) == [stored] * 2
    whole.refresh_from_db()
    assert whole.last_handed_over


def test_who_may(team: Registry) -> None:
    """401 for nobody; 403 for who has other permissions; each refusal is in the audit."""
    assert code(post(Caller(), registry=team.pk, form="line"), 401) == "not_authenticated"
    assert not Handover.objects.exists()
    changer = caller("changer", "view_registry", "change_registry", "query_registry")
    assert code(post(changer, registry=team.pk, form="line"), 403) == "not_permitted"
    (refusal,) = Handover.objects.all()
    assert (refusal.code, refusal.user_name) == ("not_permitted", "changer")
    assert (refusal.asked, refusal.places) == (f"#{team.pk}", "")
    chief = Caller()
    chief.force_login(User.objects.create_superuser("chief"))
    assert post(chief, registry=team.pk, form="json").status_code == 200
    User.objects.update(is_active=False)
    assert post(chief, registry=team.pk, form="json").status_code == 401


def test_a_foreign_form_is_refused(taker: Caller, team: Registry) -> None:
    """CSRF: a browser's session alone hands nothing over, and the page's token does."""
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = taker.cookies
    data = {"registry": team.pk, "form": "json"}
    refused = browser.post(f"{ROOT}handover/", json.dumps(data), "application/json")
    assert code(refused, 403) == "cross_site"
    browser.cookies["csrftoken"] = "a" * 32
    headers = {"X-CSRFToken": "a" * 32}
    sent = browser.post(f"{ROOT}handover/", data, "application/json", headers=headers)
    assert sent.status_code == 200
    away = {**headers, "Sec-Fetch-Site": "cross-site"}
    led = browser.post(f"{ROOT}handover/", data, "application/json", headers=away)
    assert code(led, 403) == "cross_site"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
def test_only_post(method: str, taker: Caller) -> None:
    answer = taker.generic(method, "handover/")
    assert (answer.status_code, answer["Allow"]) == (405, "POST, OPTIONS")
    assert taker.options("handover/").status_code == 204


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"form": "json"}, "image"),
        ({"image": "nginx", "host": "ghcr.io", "form": "json"}, "host"),
        ({"image": "nginx"}, "form"),
        ({"image": "nginx", "form": "yaml"}, "form"),
        ({"image": "No Image", "form": "json"}, "image"),
        ({"image": 5, "form": "json"}, "image"),
        ({"image": None, "form": "json"}, "image"),
        ({"host": "", "form": "json"}, "host"),
        ({"host": "a\0b", "form": "json"}, "host"),
        ({"host": "https://bob:fake-pass@ghcr.io/acme", "form": "json"}, "host"),
        ({"registry": "5", "form": "json"}, "registry"),
        ({"registry": True, "form": "json"}, "registry"),
        ({"registry": 1e30, "form": "json"}, "registry"),
        ({"registry": -1, "form": "json"}, "registry"),
        ({"registries": [], "form": "docker"}, "registries"),
        ({"registries": [1] * 101, "form": "docker"}, "registries"),
        ({"registries": [1, "2"], "form": "docker"}, "registries"),
        ({"registries": {"a": 1}, "form": "docker"}, "registries"),
        ({"registries": [1], "form": "json"}, "registries"),
        ({"registry": 1, "form": "json", "name": "x"}, "name"),
        ({"registry": 1, "form": "kubernetes", "name": "X"}, "name"),
        ({"registry": 1, "form": "kubernetes", "namespace": "a.b"}, "namespace"),
        ({"registry": 1, "form": "kubernetes", "name": "a\n"}, "name"),
    ],
)
def test_bad_input_is_told_at_its_field(data: dict[str, Any], field: str, taker: Caller) -> None:
    response = post(taker, **data)
    assert code(response, 400) == "invalid_parameter"
    assert list(response.json()["fields"]) == [field]
    assert "yaml" not in response.content.decode()
    assert "fake-pass" not in response.content.decode()
    assert not Handover.objects.exists()


@pytest.mark.parametrize(
    ("content", "content_type", "fields"),
    [
        (b"{", "application/json", "bad_request"),
        (b"[]", "application/json", "bad_request"),
        (b"\xff", "application/json", "bad_request"),
        (b"[" * 100_000, "application/json", "bad_request"),
        (b"{}", "text/plain", "bad_request"),
        (b'{"frm": "json"}', "application/json", "unknown_parameter"),
        (
            b"form=json&form=line&image=nginx",
            "application/x-www-form-urlencoded",
            "invalid_parameter",
        ),
        (b"", "application/json", "invalid_parameter"),
    ],
)
def test_what_cannot_be_read_is_bad_input(
    content: bytes, content_type: str, fields: str, taker: Caller
) -> None:
    response = taker.generic("POST", "handover/", content, content_type)
    assert code(response, 400) in {fields, "bad_request" if not content else fields}
    assert code(taker.post("handover/?image=nginx", "{}", "application/json"), 400) == (
        "unknown_parameter"
    )


def test_no_refusal_is_404(taker: Caller, team: Registry) -> None:
    """#71: operators in clusters read 404 as "delete the secret"."""
    assert {status_of_refusal(item) for item in REFUSALS} == {403, 409}
    assert code(post(taker, registry=999, form="line"), 409) == "no_registry"
    assert code(post(taker, registries=[team.pk, 999], form="podman"), 409) == "no_registry"
    assert code(post(taker, host="unheard.example", form="helper"), 409) == "no_registry"
    assert code(post(taker, image="docker.io/nginx", form="helper"), 409) == "anonymous"
    Registry.objects.update(handover="none")
    assert code(post(taker, registry=team.pk, form="podman"), 403) == "not_allowed"
    Registry.objects.update(handover="any", check_verdict="rejected")
    assert code(post(taker, registry=team.pk, form="json"), 409) == "rejected"
    assert Handover.objects.filter(code="handed_over").count() == 0


def test_a_prefix_never_opens_the_whole_host(taker: Caller, team: Registry) -> None:
    """#69: docker cuts paths off; who asks image by image gets it for that image."""
    for form in ("docker", "helper", "line"):
        assert code(post(taker, registry=team.pk, form=form), 409) == "prefix_not_possible"
    assert code(post(taker, image="ghcr.io/acme/app", form="docker"), 409) == "prefix_not_possible"
    assert post(taker, image="ghcr.io/acme/app", form="helper").json()["Secret"] == "fake-team"
    assert code(post(taker, host="ghcr.io", form="helper"), 409) == "anonymous"
    assert list(post(taker, registry=team.pk, form="podman").json()["auths"]) == ["ghcr.io/acme"]


def test_two_registries_on_one_host(taker: Caller, team: Registry, whole: Registry) -> None:
    both = {"registries": [team.pk, whole.pk]}
    made = post(taker, **both, form="podman").json()["auths"]
    assert {key: base64.b64decode(item["auth"]).decode() for key, item in made.items()} == {
        "ghcr.io/acme": "johndoe:fake-team",
        "ghcr.io": "johndoe:fake-whole",
        "docker.pkg.github.com": "johndoe:fake-whole",
    }
    assert post(taker, host="ghcr.io", form="line").content == b"johndoe:fake-whole"
    other = create("ghcr", handover="any", token="fake-other")
    same = post(taker, registries=[whole.pk, other.pk], form="docker")
    assert code(same, 409) == "same_key"
    data = post(taker, image="ghcr.io/else/app", form="kubelet").json()
    assert (data["cacheKeyType"], list(data["auth"])) == ("Image", ["ghcr.io"])


@pytest.fixture
def hub(db: None) -> None:
    with_values(default("hub"), {"login": "johndoe", "password": "fake", "handover": "any"}).save()


@pytest.mark.usefixtures("hub")
def test_every_spelling_of_docker_hub(taker: Caller) -> None:
    for host in (
        *("docker.io", "https://docker.io", "docker.io:443", "registry-1.docker.io"),
        *("index.docker.io", "index.docker.io/v1/", "index.docker.io/library/nginx"),
        *("https://index.docker.io/v1", "https://index.docker.io/v1/"),
        *("https://registry-1.docker.io/v2/", "registry.hub.docker.com"),
        "https://registry.hub.docker.com/v1/\n",
    ):
        answer = post(taker, host=host, form="helper").json()
        assert answer == {"ServerURL": host, "Username": "johndoe", "Secret": "fake"}


@pytest.mark.usefixtures("hub", "whole")
def test_what_is_no_registry_here(taker: Caller) -> None:
    """Docker looks for its own tokens below Hub's address: they are never Hub's login."""
    tokens = [f"https://index.docker.io/v1/{name}-token" for name in ("refresh", "access")]
    for host in (*tokens, "unused", "https://", "::", "a b", "/", "ghcr.io.evil.example"):
        assert code(post(taker, host=host, form="helper"), 409) == "no_registry", host


def test_kubernetes_gets_patterns_of_hosts(taker: Caller, cloud: CloudMaker) -> None:
    made = cloud("ecr")

    def keys(row: Registry) -> list[str]:
        secret = yaml.safe_load(post(taker, registry=row.pk, form="kubernetes").content)
        return list(json.loads(base64.b64decode(secret["data"][".dockerconfigjson"]))["auths"])

    assert keys(made.row) == [
        "*.dkr.ecr.eu-west-1.amazonaws.com",
        "*.dkr.ecr-fips.eu-west-1.amazonaws.com",
        "*.dkr-ecr.eu-west-1.on.aws",
        "*.dkr-ecr-fips.eu-west-1.on.aws",
    ]
    docker = post(taker, registry=made.row.pk, form="docker").json()
    assert list(docker["auths"]) == [made.family.origin.removeprefix("https://")]
    principal = create("acr", handover="any", url=None)
    assert "*.azurecr.io" in keys(principal)
    tenant = create("acr", handover="any", url=None, tenantid="acme.example")
    # A refresh token is for one login server, so no pattern will do.
    assert code(post(taker, registry=tenant.pk, form="kubernetes"), 409) == "image_needed"


def test_a_registry_that_is_down_is_502(taker: Caller, cloud: CloudMaker) -> None:
    made = cloud("ecr", accesskey="AKIAWRONGWRONGWRONG1")
    assert code(post(taker, registry=made.row.pk, form="json"), 502) == "bad_credentials"


def test_how_often(taker: Caller, team: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        api_settings, "DEFAULT_THROTTLE_RATES", {"registries_handover": "2/min"}, raising=False
    )
    statuses = [post(taker, registry=team.pk, form="json") for _ in range(3)]
    assert [status.status_code for status in statuses] == [200, 200, 429]
    assert statuses[-1]["Retry-After"]
    assert statuses[-1]["Cache-Control"] == "no-store"
