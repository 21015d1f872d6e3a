"""The admin's pages: what is sent, planned, ticked and added, and what never stands in a page."""

import base64
import json
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags
from encrypted_model_fields import fields as library
from rest_framework.settings import api_settings

from registries.admin import uploading
from registries.importing import FORMS, keeping, writing
from registries.importing.reading import LONGEST
from registries.models import Registry
from tests.canaries import Canaries
from tests.factories import create
from tests.importing.test_samples import SAMPLES, added
from tests.screens import LIST, user_with

pytestmark = pytest.mark.django_db

PAGE, RESULT = f"{LIST}import/", f"{LIST}import/added/"
AUTHS = {
    "ghcr.io": {"username": "johndoe", "password": "fake-ghcr"},
    "registry.example": {"username": "johndoe", "password": "fake-own"},
    "b.example": {},
}
TEXT = json.dumps({"auths": AUTHS})


@pytest.fixture
def keeper(db: None) -> Client:
    return user_with("view", "add", "change", name="keeper")


def errors(response: Any) -> dict[str, list[str]]:
    return dict(response.context["form"].errors)


def entries(response: Any) -> dict[str, list[Any]]:
    """What the plan shows, by its states."""
    return {str(part.state): part.entries for part in response.context["parts"]}


def fields(response: Any, *names: str) -> dict[str, Any]:
    """What a browser sends from the plan if these are ticked; without names, what it ticks."""
    html = response.content.decode()
    boxes = [each for shown in entries(response).values() for each in shown if each.box]
    ticked = [
        each.box for each in boxes if (each.planned.name in names if names else each.is_ticked)
    ]
    assert all(f'value="{box}"' in html for box in ticked)
    hidden = re.findall(r'<input type="hidden" name="(sealed|program)" value="([^"]*)"', html)
    return {**dict(hidden), "entry": ticked, "_add": "1"}


def planned(client: Client, text: str = TEXT, **more: Any) -> Any:
    response = client.post(PAGE, {"text": text, **more})
    assert response.status_code == 200
    assert "parts" in response.context, errors(response)
    return response


def own() -> None:
    """A row that is the same as an entry of TEXT."""
    login = {"login": "johndoe", "password": "fake-own"}
    create("custom", name="Own", url="https://registry.example", **login)


def words(response: Any) -> str:
    return " ".join(unescape(strip_tags(response.content.decode())).split())


def test_from_the_list_to_the_result(keeper: Client) -> None:
    """The whole way: form, plan, tick, result; asked again, nothing is made twice."""
    assert f'href="{PAGE}"' in keeper.get(LIST).content.decode()
    assert keeper.get(PAGE).status_code == 200
    file = SimpleUploadedFile("config.json", TEXT.encode())
    plan = keeper.post(PAGE, {"file": file})
    assert {state: len(shown) for state, shown in entries(plan).items()} == {"new": 2, "refused": 1}
    assert not added().exists()
    response = keeper.post(PAGE, fields(plan, "ghcr.io"))
    assert (response.status_code, response["Location"]) == (302, RESULT)
    row = added().get()
    assert (row.name, row.values()) == ("ghcr.io", {"username": "johndoe", "token": "fake-ghcr"})
    for _again in range(2):
        result = words(keeper.get(RESULT))
        assert "Added 1 registry" in result
        assert "Check them" in result
    [entry] = LogEntry.objects.all()
    assert (entry.object_id, entry.get_change_message()) == (str(row.pk), "Imported from a file.")
    assert "Imported from a file." in words(keeper.get(f"{LIST}{row.pk}/history/"))
    again = keeper.post(PAGE, fields(plan, "ghcr.io"))
    assert "what you ticked has changed meanwhile" in words(again)
    assert added().count() == 1


def test_what_the_plan_says(keeper: Client) -> None:
    mine = create("ghcr", name="Mine", username="johndoe", token="fake-other")
    own()
    response = planned(keeper)
    told = entries(response)
    [conflict], [here], [refused] = told["conflict"], told["already here"], told["refused"]
    assert not conflict.is_ticked
    assert conflict.box
    assert (here.box, refused.box) == ("", "")
    html = response.content.decode()
    assert f'href="{LIST}{mine.pk}/change/"' in html
    text = words(response)
    assert "“Mine” is for the same images and signs in otherwise." in text
    assert "“Own” is the same." in text
    assert "This entry has no login." in text
    assert conflict.planned.fingerprint in text


def limit(monkeypatch: pytest.MonkeyPatch, rate: str | None) -> None:
    rates = {"registries_import": rate}
    monkeypatch.setattr(api_settings, "DEFAULT_THROTTLE_RATES", rates, raising=False)


def test_no_page_shows_a_secret(
    keeper: Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """#76: neither do the log, the session and the history have one.

    What only one program writes need not be chosen.
    """
    caplog.set_level("DEBUG")
    limit(monkeypatch, None)
    for path in SAMPLES.iterdir():
        slug = path.name.partition(".")[0].partition("-")[0]
        plan = keeper.post(PAGE, {"text": path.read_text()})
        if "parts" in plan.context:
            same = {"docker", "podman", "kubernetes"}
            writer = plan.context["writer"].slug
            assert writer == slug or {writer, slug} <= same, path.name
        else:
            told = unescape(errors(plan)["program"][0])
            assert "several programs" in told, path.name
            # What is inside of a pull secret is not told from a file of docker's.
            assert FORMS[slug].label in told or slug == "kubernetes"
            plan = planned(keeper, path.read_text(), program=slug)
        sent, shown = fields(plan), [plan]
        if sent["entry"]:
            assert keeper.post(PAGE, sent).status_code == 302
            shown.append(keeper.get(RESULT))
        for response in shown:
            assert "no-store" in response["Cache-Control"]
            html = response.content.decode().replace(sent["sealed"], "")
            assert "fake" not in html
            assert "AKIA" not in html
    assert "fake" not in caplog.text
    history = list(LogEntry.objects.values_list("change_message", "object_repr"))
    assert "fake" not in repr([dict(keeper.session), history])


def test_what_only_docker_writes_is_dockers(keeper: Client) -> None:
    text = '{"auths": {"ghcr.io/a": {"auth": "eDp5"}}, "HttpHeaders": {}}'
    assert planned(keeper, text).context["writer"].slug == "docker"


def test_a_file_of_registries_as_code_is_for_another_command(keeper: Client) -> None:
    text = "version: 1\nsource: team\nregistries:\n- name: One\n  kind: hub\n"
    response = keeper.post(PAGE, {"text": text})
    assert errors(response) == {
        "text": ["This file declares registries as code. Use the command apply_registries."]
    }


def test_no_form_of_a_secret_is_in_a_page(keeper: Client) -> None:
    """Neither as it is, nor in base64, nor quoted; what is wrong is told without it, too."""
    canaries = Canaries()

    def auth() -> str:
        return base64.b64encode(f"johndoe:{canaries.one()}".encode()).decode()

    auths = {
        "one.example": {"auth": auth()},
        "two.example": {"username": "ghp_" + canaries.one(), "password": canaries.one()},
        f"user:{canaries.one()}@three.example": {"auth": auth()},
        "four.example": {"username": "johndoe", "password": canaries.one() + "\x00"},
    }
    text = json.dumps({"auths": auths})
    plan = planned(keeper, text)
    assert "johndoe" in plan.content.decode()
    canaries.assert_absent("the plan", plan.content.decode())
    for broken in (text[:-1], text.replace("{", "{'", 1)):
        for program in ("docker", ""):
            response = keeper.post(PAGE, {"text": broken, "program": program})
            assert errors(response)
            canaries.assert_absent("the form", response.content.decode())


@pytest.mark.parametrize(
    ("sent", "place", "sentence"),
    [
        ({}, "file", "Choose a file, or paste its text below."),
        ({"text": TEXT, "file": TEXT}, "text", "but not both"),
        ({"file": ""}, "file", "empty"),
        ({"text": "{\n'a"}, "program", "No program is known"),
        ({"text": '{\n"a', "program": "docker"}, "text", "not JSON: look at line 2"),
        ({"file": '{\n"a', "program": "docker"}, "file", "not JSON: look at line 2"),
        ({"text": TEXT, "program": "nobody"}, "program", "Choose one of these programs."),
        ({"file": "a" * (LONGEST + 1)}, "file", "longer than 1 MiB"),
        ({"text": "a" * (LONGEST + 1)}, "text", "longer than 1 MiB"),
        ({"sealed": "gAAAAA"}, "file", "too old, or somebody else's"),
        ({"text": '{"auths": {"ghcr.io/a": {"auth": "eDp5"}}}'}, "program", "several programs"),
    ],
)
def test_errors_stand_at_their_fields(
    sent: dict[str, str], place: str, sentence: str, keeper: Client
) -> None:
    """In text that is sent back as little as a secret."""
    data: dict[str, Any] = dict(sent)
    if "file" in sent:
        data["file"] = SimpleUploadedFile("config.json", sent["file"].encode())
    response = keeper.post(PAGE, data)
    assert list(errors(response)) == [place]
    assert sentence in errors(response)[place][0]
    assert "<title>Error:" in response.content.decode()
    if sent.get("program") in FORMS:
        assert f'<option value="{sent["program"]}" selected>' in response.content.decode()


def test_what_was_sent_is_kept_for_another_program(keeper: Client) -> None:
    """Sealed, so that only the program has to be chosen."""
    data = {"text": '{"auths": {"ghcr.io/acme": {"username": "a", "password": "fake-b"}}}'}
    response = keeper.post(PAGE, data)
    assert "“Docker: config.json”, “Podman, Skopeo, Buildah: auth.json”" in unescape(
        errors(response)["program"][0]
    )
    sealed = response.context["form"].sealed_file
    assert f'name="sealed" value="{sealed}"' in response.content.decode()
    plan = planned(keeper, "", sealed=sealed, program="podman")
    [entry] = entries(plan)["new"]
    assert entry.planned.place == "ghcr.io/acme"


def test_a_token_that_no_page_made_is_not_read(keeper: Client) -> None:
    """#76: even if the site's key made it, such as a stored secret."""
    create("ghcr", name="Mine", token="fake-stored")
    stored: Any = Registry.objects.get(name="Mine").raw_value("token")
    for token in (stored.token, library.encrypt_str(TEXT).decode()):
        response = keeper.post(PAGE, {"sealed": token, "program": "docker"})
        assert "too old, or somebody else's" in errors(response)["file"][0]


def test_a_sealed_file_is_its_senders_for_an_hour(
    keeper: Client, monkeypatch: pytest.MonkeyPatch, use_keys: Callable[..., None]
) -> None:
    sent = fields(planned(keeper))
    other = user_with("view", "add", "change", name="other")
    refused = [other.post(PAGE, sent)]
    later = timezone.now() + keeping.KEPT + timedelta(seconds=2)
    with monkeypatch.context() as patch:
        patch.setattr(timezone, "now", lambda: later)
        refused.append(keeper.post(PAGE, sent))
    assert keeper.post(PAGE, {**sent, "entry": []}).status_code == 200
    use_keys(Fernet.generate_key())
    refused.append(keeper.post(PAGE, sent))
    for response in refused:
        assert "too old, or somebody else's" in errors(response)["file"][0]
    assert not added().exists()


def test_nothing_is_added_that_the_page_did_not_say(keeper: Client) -> None:
    """#76: what changed meanwhile is told, and all that was ticked waits for another look."""
    plan = planned(keeper)
    sent = fields(plan)
    create("ghcr", name="Mine", username="somebody", token="fake-other")
    response = keeper.post(PAGE, sent)
    assert not added().exclude(name="Mine").exists()
    assert "Nothing was added: what you ticked has changed meanwhile." in words(response)
    [conflict] = entries(response)["conflict"]
    assert (conflict.is_changed, conflict.is_ticked) == (True, True)
    [other] = entries(response)["new"]
    assert (other.is_changed, other.is_ticked) == (False, True)
    assert keeper.post(PAGE, fields(response)).status_code == 302
    assert added().count() == 3


@pytest.mark.parametrize("box", ["0.", "0.0123456789abcdef", "2.", "7.0", "-1.", "x", ""])
def test_boxes_that_no_page_has(box: str, keeper: Client) -> None:
    """Among them that of an entry that cannot be added."""
    plan = planned(keeper)
    refused = entries(plan)["refused"][0]
    box = f"2.{refused.planned.mark}" if box == "2." else box
    response = keeper.post(PAGE, {**fields(plan), "entry": [box]})
    assert response.status_code == 200
    assert "Nothing was added" in words(response)
    assert not added().exists()


def test_without_a_tick(keeper: Client) -> None:
    response = keeper.post(PAGE, {**fields(planned(keeper)), "entry": []})
    assert "Nothing was added. Tick at least one registry." in words(response)


def test_all_or_nothing(keeper: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that cannot be saved takes the others with it, their history too."""
    sent, save = fields(planned(keeper)), Registry.save

    def fail(row: Registry, *args: Any, **kwargs: Any) -> None:
        if row.name != "ghcr.io":
            raise writing.IntegrityError
        save(row, *args, **kwargs)

    monkeypatch.setattr(Registry, "save", fail)
    response = keeper.post(PAGE, sent)
    assert "Nothing was added. Somebody else added a registry meanwhile." in words(response)
    assert not added().exists()
    assert not LogEntry.objects.exists()


def test_who_may_only_add(keeper: Client) -> None:
    """#95: he changes nothing of how images are read, and is told of no stored login."""
    own()
    adder = user_with("add", name="adder")
    told = entries(planned(adder))
    assert [each.planned.name for each in told["refused"]][:1] == ["ghcr.io"]
    [conflict] = told["conflict"]
    text = words(planned(adder))
    assert "Another registry is already used for these images, and differs in: credentials" in text
    assert "Only who may change registries is told whether its login is the same." in text
    assert "Own" not in text
    assert conflict.planned.others == ()
    assert "is the same" in words(planned(keeper))


def test_a_list_of_guesses_finds_no_password(keeper: Client) -> None:
    """#76: of many logins for one row, in whatever spelling, only the first few are compared."""
    create("custom", name="Own", url="https://registry.example", login="a", password="fake-9")
    places = [f"registry.example/{number}" for number in range(12)]
    auths = {
        place: {"username": "a", "password": f"fake-{number}"}
        for number, place in enumerate(places)
    }
    text = json.dumps({"auths": auths})
    assert "already here" not in entries(planned(keeper, text, program="podman"))
    right = json.dumps({"auths": {places[9]: auths[places[9]]}})
    assert "already here" in entries(planned(keeper, right, program="podman"))


def test_a_thousand(keeper: Client, settings: Any) -> None:
    """All at once where the site takes so many boxes; else as many as it takes, and it says so."""
    auths = {f"h{number}.example": {"username": "a", "password": "b"} for number in range(6)}
    text = json.dumps({"auths": auths})
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 13
    plan = planned(keeper, text)
    assert "This site takes 3 at once." in words(plan)
    assert len(fields(plan)["entry"]) == 3
    assert keeper.post(PAGE, fields(plan)).status_code == 302
    rest = planned(keeper, text)
    assert "at once" not in words(rest)
    assert keeper.post(PAGE, fields(rest)).status_code == 302
    assert added().count() == 6
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = None
    assert "at once" not in words(planned(keeper, text))


def test_the_site_takes_a_box_for_each_entry() -> None:
    from ssmsite import settings

    assert settings.DATA_UPLOAD_MAX_NUMBER_FIELDS > 1000 + 10


@pytest.mark.parametrize("names", [("file", "file"), ("other",), ("other", "file")])
def test_one_file_and_no_other(names: tuple[str, ...], keeper: Client) -> None:
    """What is sent besides is not even kept in memory."""
    data = [SimpleUploadedFile(f"{n}.json", TEXT.encode()) for n in range(len(names))]
    response = keeper.post(PAGE, dict(zip(names, data, strict=True)))
    assert response.status_code == 200
    assert ("parts" in response.context) == ("file" in names)


def test_a_long_file_is_not_kept(keeper: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """#76: neither in memory nor on the disk, wherever the site would keep it."""
    kept: list[int] = []

    class Watched(uploading.BytesIO):
        def write(self, data: Any) -> int:
            kept.append(len(data))
            return super().write(data)

    monkeypatch.setattr(uploading, "BytesIO", Watched)
    monkeypatch.setattr("tempfile.NamedTemporaryFile", None)
    file = SimpleUploadedFile("config.json", b"a" * (3 * LONGEST))
    response = keeper.post(PAGE, {"file": file})
    assert "longer than 1 MiB" in errors(response)["file"][0]
    assert sum(kept) == LONGEST + 1


def test_forged_requests(keeper: Client) -> None:
    """#26: the view checks the token itself, after it knows who may."""
    [user] = User.objects.all()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(user)
    assert strict.post(PAGE, {"text": TEXT}).status_code == 403
    token = re.search(
        r'name="csrfmiddlewaretoken" value="(\w+)"', strict.get(PAGE).content.decode()
    )
    assert token
    assert strict.post(PAGE, {"text": TEXT, "csrfmiddlewaretoken": token[1]}).status_code == 200
    assert strict.put(PAGE).status_code == 405


def test_not_too_often(keeper: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, "1/min")
    sent = fields(planned(keeper))
    response = keeper.post(PAGE, sent)
    assert "You had files read very often. Try again in" in words(response)
    assert f'name="sealed" value="{sent["sealed"]}"' in response.content.decode()
    assert not added().exists()


def test_a_result_without_an_import(keeper: Client) -> None:
    assert keeper.get(RESULT)["Location"] == PAGE


def test_no_button_for_who_may_not(keeper: Client) -> None:
    assert f'href="{PAGE}"' not in user_with("view", name="viewer").get(LIST).content.decode()
    Registry._base_manager.all().delete()
    assert f'href="{PAGE}"' in keeper.get(LIST).content.decode()
