"""The admin's page: for whom, how, and what leaves by it."""

import base64
import json
import subprocess
import tomllib
from collections.abc import Callable
from html import unescape
from typing import Any
from unittest.mock import Mock

import pytest
import yaml
from django.test import Client
from django.urls import NoReverseMatch
from django.utils.html import strip_tags

from registries import services
from registries.client.errors import Unreachable
from registries.handover.consumers import CONSUMERS
from registries.models import Handover, Registry
from registries.row_client import client_for
from tests.factories import create
from tests.handover.conftest import Cloud
from tests.screens import LIST, user_with

pytestmark = pytest.mark.django_db

CloudMaker = Callable[..., Cloud]
SECRET = "fake-p:äss/word"


@pytest.fixture
def taker(db: None) -> Client:
    return user_with("view", "hand_over", name="taker")


@pytest.fixture
def whole() -> Registry:
    return create(
        "custom", name="Lab", handover="any", url="https://r.example:5000", password=SECRET
    )


@pytest.fixture
def team() -> Registry:
    return create("ghcr", name="Team", handover="any", prefix="ghcr.io/acme", token=SECRET)


def page_of(row: Registry, consumer: str) -> str:
    return f"{LIST}{row.pk}/hand-over/?for={consumer}"


def show(client: Client, address: str) -> Any:
    response = client.get(address)
    assert response.status_code == 200
    html = response.content.decode()
    for secret in (SECRET, base64.b64encode(f"johndoe:{SECRET}".encode()).decode()):
        assert secret not in html
    return response


def guide_of(client: Client, row: Registry, consumer: str) -> Any:
    return show(client, page_of(row, consumer)).context["guide"]


def refusals(response: Any) -> dict[str, str]:
    """Why some of the programs are not offered."""
    choices = response.context["choices"]
    return {choice.consumer.slug: choice.refusal for choice in choices if choice.refusal}


def code_of(step: Any) -> str:
    return unescape(strip_tags(step.code))


def codes(guide: Any) -> str:
    """Everything that is pasted."""
    return "\n".join(code_of(step) for step in (*guide.steps, *guide.renewal))


READERS: dict[str, Callable[[str], Any]] = {
    "yaml": lambda text: [*yaml.safe_load_all(text)],
    "yml": yaml.safe_load,
    "conf": yaml.safe_load,
    "json": json.loads,
    "toml": tomllib.loads,
}


@pytest.mark.parametrize("slug", CONSUMERS)
def test_what_is_pasted_can_be_read(slug: str, taker: Client, whole: Registry) -> None:
    """Every file as its reader reads it, every command line as a shell does."""
    guide = guide_of(taker, whole, slug)
    assert guide.steps
    assert guide.renewal
    for step in (*guide.steps, *guide.renewal):
        assert "@" not in step.text, step.text
        text = code_of(step)
        ending = step.file.rpartition(".")[2]
        if ending in READERS:
            assert READERS[ending](text), step.file
        elif ending in {"", "sh"} and not text.startswith("--"):
            subprocess.run(["bash", "-n"], input=text, text=True, check=True)
    blocks = codes(guide)
    assert "r.example:5000" in blocks or f"registry-{whole.pk}" in blocks
    assert all(page.url.startswith("https://") for page in guide.consumer.pages)


def payload(response: Any) -> str:
    text: str = response.content.decode()
    if text.startswith("apiVersion"):
        text = base64.b64decode(yaml.safe_load(text)["data"][".dockerconfigjson"]).decode()
    return text


@pytest.mark.parametrize("slug", [slug for slug, item in CONSUMERS.items() if item.file])
def test_what_is_taken_is_a_file(slug: str, taker: Client, whole: Registry) -> None:
    consumer = CONSUMERS[slug]
    data = {"name": "pull", "namespace": "team-a"} if consumer.is_secret else {}
    response = taker.post(page_of(whole, slug), data)
    name = consumer.file.replace("@name@", "pull" if data else f"registry-{whole.pk}")
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    assert response["Content-Type"] == consumer.form.content_type
    assert "no-store" in response["Cache-Control"]
    assert "ETag" not in response
    assert response["Handover-Expires-At"] == ""
    text = payload(response)
    auth = base64.b64encode(f"johndoe:{SECRET}".encode()).decode()
    if consumer.form.slug == "json":
        content = json.loads(text)
        assert (content["registry"], content["password"]) == ("r.example:5000", SECRET)
    elif consumer.form.slug == "line":
        assert text == f"johndoe:{SECRET}"
    else:
        assert json.loads(text)["auths"]["r.example:5000"]["auth"] == auth
    if data:
        metadata = yaml.safe_load(response.content)["metadata"]
        assert (metadata["name"], metadata["namespace"]) == ("pull", "team-a")
    (handed,) = Handover.objects.all()
    assert (handed.code, handed.way, handed.user_name) == ("handed_over", "admin", "taker")
    assert (handed.form, handed.address) == (consumer.form.slug, "127.0.0.1")
    assert "Last handed over just now." in show(taker, page_of(whole, slug)).content.decode()


@pytest.mark.parametrize("slug", [slug for slug, item in CONSUMERS.items() if not item.file])
def test_who_asks_by_itself_is_handed_nothing_here(
    slug: str, taker: Client, team: Registry
) -> None:
    response = taker.post(page_of(team, slug))
    assert "Content-Disposition" not in response
    assert "Nothing is copied from here" in response.content.decode()
    assert not Handover.objects.exists()
    assert b"data-handover" not in response.content


def test_names_are_those_of_kubernetes(taker: Client, whole: Registry) -> None:
    """What is none is refused at its field, and is not put into commands."""
    for field, values in {
        "name": ("", "Pull", "a_b", "-a", "a" * 64, "a." * 126 + "aa", "x; rm -rf"),
        "namespace": ("", "a.b", "a" * 64, "<script>"),
    }.items():
        for value in values:
            data = {"name": "pull", "namespace": "team-a", field: value}
            response = taker.post(page_of(whole, "kubernetes"), data)
            assert response.status_code == 200
            assert list(response.context["form"].errors) == [field], value
            html = response.content.decode()
            assert "<script>" not in html
            assert f'<span data-shows="name">registry-{whole.pk}</span>' in html
    assert 'pattern="[a-z0-9]([a-z0-9.\\-]*[a-z0-9])?"' in html
    assert not Handover.objects.exists()


def test_a_prefix_is_only_for_who_keeps_it(taker: Client, team: Registry) -> None:
    """Told before anybody presses, with those that can; and refused if somebody does."""
    response = show(taker, page_of(team, "docker"))
    assert response.context["guide"] is None
    html = response.content.decode()
    assert "is only for ghcr.io/acme" in html
    keep = {"podman", "kubernetes", "flux", "external-secrets", "gitlab-ci", "kubelet"}
    assert set(CONSUMERS) - refusals(response).keys() == keep
    for slug in keep:
        guide = guide_of(taker, team, slug)
        assert guide.parts[0].keys[0].rstrip("/") == "ghcr.io/acme"
    for slug in ("docker", "github-actions", "argo-cd"):
        refused = taker.post(page_of(team, slug))
        assert "Content-Disposition" not in refused
        assert Handover.objects.latest("pk").code == "prefix_not_possible"


def test_who_may_not_take_sees_no_button(whole: Registry) -> None:
    viewer = user_with("view", "change", "add", "delete", "query", name="viewer")
    for address in (LIST, f"{LIST}?view=table", f"{LIST}{whole.pk}/change/"):
        assert "hand-over/" not in viewer.get(address, follow=True).content.decode()
    assert viewer.get(page_of(whole, "docker")).status_code == 403
    assert viewer.post(page_of(whole, "docker")).status_code == 403
    (refusal,) = Handover.objects.all()
    for name in ("pull", "No Name!"):  # Nor is he told of a fault in a form.
        data = {"name": name, "namespace": "apps"}
        assert viewer.post(page_of(whole, "kubernetes"), data).status_code == 403
    assert (refusal.code, refusal.user_name) == ("not_permitted", "viewer")
    taker = user_with("view", "hand_over", name="taker")
    for address in (LIST, f"{LIST}?view=table", f"{LIST}{whole.pk}/change/"):
        html = taker.get(address, follow=True).content.decode()
        assert f"{whole.pk}/hand-over/" in html
    Registry.objects.update(handover="none")
    assert "hand-over/" not in taker.get(LIST).content.decode()
    # Who may hand over, and see nothing, does not see this page.
    assert user_with("hand_over", name="blind").get(page_of(whole, "docker")).status_code == 403


def test_a_forged_form_hands_nothing_over(taker: Client, whole: Registry) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = taker.cookies
    assert browser.post(page_of(whole, "docker")).status_code == 403
    assert taker.get(page_of(whole, "docker")).status_code == 200
    for method in ("put", "patch", "delete", "options"):
        assert getattr(taker, method)(page_of(whole, "docker")).status_code == 405
    assert not Handover.objects.exists()


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"handover": "none"}, "does not allow its credentials to leave this site"),
        ({"check_verdict": "rejected"}, "rejected these credentials at the last check"),
        ({"url": "https://elsewhere.example"}, "cannot be decrypted with the current keys"),
        ({"kind": "hub", "login": None, "password": None}, "No credentials are stored"),
    ],
)
def test_what_cannot_leave_says_why_and_who_can_change_it(
    columns: dict[str, Any], sentence: str, taker: Client, whole: Registry
) -> None:
    Registry._base_manager.filter(pk=whole.pk).update(**columns)
    response = show(taker, page_of(whole, "docker"))
    html = response.content.decode()
    assert sentence in html
    assert "Can change registry" in html
    assert f"{whole.pk}/change/#" not in html
    assert response.context["guide"] is None
    keeper = user_with("view", "change", "hand_over", name="keeper")
    html = show(keeper, page_of(whole, "docker")).content.decode()
    anchor = "#reg-handover" if "handover" in columns else ""
    assert f'href="{LIST}{whole.pk}/change/{anchor}"' in html
    assert "Content-Disposition" not in keeper.post(page_of(whole, "docker"))
    assert Handover.objects.get().code != "handed_over"
    if "handover" in columns:
        assert 'id="reg-handover"' in keeper.get(f"{LIST}{whole.pk}/change/").content.decode()


def test_docker_hub_has_a_name_of_its_own_for_each(taker: Client) -> None:
    hub = create("hub", handover="any")
    blocks = {
        slug: codes(guide_of(taker, hub, slug))
        for slug in ("docker", "podman", "argo-cd", "kubelet")
    }
    assert '"https://index.docker.io/v1/": "registries"' in blocks["docker"]
    assert '"docker.io": "registries"' in blocks["podman"]
    assert "prefix: docker.io\n    api_url: https://registry-1.docker.io\n" in blocks["argo-cd"]
    assert '      - "docker.io"\n' in blocks["kubelet"]


def test_several_in_one(taker: Client, whole: Registry, team: Registry) -> None:
    closed = create("quay", name="Closed")
    chosen = [whole.pk, team.pk, closed.pk]
    data = {"action": "hand_over_selected", "_selected_action": chosen}
    response = taker.post(LIST, data, follow=True)
    address = response.redirect_chain[-1][0]
    html = response.content.decode()
    assert "Hand over 3 registries" in html
    assert "1 registry is left out" in html
    one = "This takes one registry at a time."
    refused = refusals(response)
    assert refused["github-actions"] == refused["external-secrets"] == one
    assert "only for ghcr.io/acme" in refused["docker"]
    guide = show(taker, f"{address}&for=podman").context["guide"]
    assert [part.keys for part in guide.parts] == [["r.example:5000"], ["ghcr.io/acme"]]
    # With the one that is left out, nothing leaves.
    assert "Content-Disposition" not in taker.post(f"{address}&for=podman")
    assert Handover.objects.latest("pk").code == "not_allowed"
    both = f"{LIST}hand-over/?registries={whole.pk},{team.pk}&for=podman"
    auths = json.loads(taker.post(both).content)["auths"]
    assert list(auths) == ["r.example:5000", "ghcr.io/acme"]
    for junk in ("", "?registries=", "?registries=x,-1,99999999999999999999", "?registries=0"):
        assert taker.get(f"{LIST}hand-over/{junk}")["Location"].endswith(LIST)
    assert taker.get(f"{LIST}0/hand-over/")["Location"].endswith(LIST)
    assert taker.get(page_of(whole, "nobody")).context["guide"] is None


def test_what_ends_says_when_and_how_it_is_renewed(taker: Client, cloud: CloudMaker) -> None:
    made = cloud("ecr")
    guide = guide_of(taker, made.row, "kubernetes")
    assert "ends after 12 hours" in guide.parts[0].life
    assert guide.parts[0].keys[0] == "*.dkr.ecr.eu-west-1.amazonaws.com"
    html = show(taker, page_of(made.row, "docker")).content.decode()
    assert "Amazon names its host" in html
    assert "Before it ends" in html
    manifest = guide_of(taker, made.row, "external-secrets").steps[2]
    webhook, secret = yaml.safe_load_all(code_of(manifest))
    assert secret["spec"]["refreshInterval"] == "240m"
    assert json.loads(webhook["spec"]["body"]) == {"registry": made.row.pk, "form": "json"}
    assert webhook["spec"]["url"] == "http://testserver/gateway/v1/handover/"
    assert made.exchanges() == [], "until somebody takes it"
    response = taker.post(page_of(made.row, "docker"))
    assert response["Handover-Expires-At"].endswith("Z")
    assert len(made.exchanges()) == 1


def test_an_exchange_that_fails_is_told_on_the_page(taker: Client, cloud: CloudMaker) -> None:
    made = cloud("ecr", secretaccesskey="fake", accesskey="AKIAWRONGWRONGWRONG1")
    response = taker.post(page_of(made.row, "docker"))
    assert "Content-Disposition" not in response
    assert response.context["error"]
    assert Handover.objects.get().code == "bad_credentials"


def test_one_address_for_several_hosts_is_asked_for(taker: Client) -> None:
    principal = create("acr", handover="any", url=None)
    refused = show(taker, page_of(principal, "docker"))
    assert "set its address or a prefix" in refused.content.decode()
    assert guide_of(taker, principal, "kubernetes")


def test_a_site_without_the_api_offers_what_needs_none(
    taker: Client, whole: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registries.admin.guides.reverse", Mock(side_effect=NoReverseMatch))
    response = show(taker, page_of(whole, "docker"))
    assert "credHelpers" not in response.content.decode()
    assert refusals(response).keys() == {"external-secrets", "kubelet"}


def test_image_updater_is_told_how_the_registry_is_reached(taker: Client) -> None:
    plain = create(
        "custom", handover="any", url="http://r.example:5000", password=SECRET, verify_tls=False
    )
    blocks = codes(guide_of(taker, plain, "argo-cd"))
    assert "    api_url: http://r.example:5000\n    insecure: yes\n    credentials:" in blocks


def test_who_typed_no_address_is_not_told_to_check_it(
    taker: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = create("ecr", handover="any")

    def fail(*_args: Any, **_kwargs: Any) -> None:
        with client_for(row):
            raise Unreachable("dns", host="api.ecr.example")

    monkeypatch.setattr(services, "hand_over", fail)
    html = taker.post(page_of(row, "docker")).content.decode()
    assert "Check the network and DNS of this site." in html


def test_instructions_lead_to_those_that_need_no_copy(taker: Client, whole: Registry) -> None:
    html = show(taker, page_of(whole, "kubernetes")).content.decode()
    assert html.count('href="?for=external-secrets"') == 2, "among the programs, and in the step"
