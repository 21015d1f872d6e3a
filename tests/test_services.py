"""Services: rows meet registries, and the results are kept where they belong."""

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import trustme
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command

from registries import row_client, services
from registries.client.errors import ClientError
from registries.credentials import Anonymous
from registries.models import Check, Registry
from registries.reference import InvalidReference
from registries.verdicts import CODES, Verdict
from tests.factories import SAMPLES, build, create, loaded, with_values
from tests.fakes.server import FakeServer, Reply, Request
from tests.models.test_fields import seal_as_before
from tests.screens import default

pytestmark = pytest.mark.django_db

DIGEST = "sha256:" + "a" * 64
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
BASIC = {"WWW-Authenticate": 'Basic realm="fake"'}


def htpasswd(request: Request) -> Reply:
    """A registry of one user, johndoe, with one repository of three tags."""
    if request.basic != ("johndoe", "fake-password"):
        return Reply(401, b"{}", BASIC)
    match request.path:
        case "/v2/":
            return Reply(200, b"{}")
        case "/v2/team/app/tags/list":
            return Reply(200, json.dumps({"tags": ["3", "1", "2"]}).encode())
        case "/v2/team/app/manifests/1":
            return Reply(200, b"", {"Docker-Content-Digest": DIGEST, "Content-Type": MANIFEST})
    return Reply(404, b'{"errors": [{"code": "NAME_UNKNOWN"}]}')


@pytest.fixture
def registry_server() -> Iterator[FakeServer]:
    with FakeServer(htpasswd) as server:
        yield server


def code_of(call: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    """The code of the error that a call ends with."""
    with pytest.raises(ClientError) as caught:
        call(*args, **kwargs)
    return caught.value.code


def reading_codes(row: Registry) -> set[str]:
    """How all that reads images ends."""
    return {
        code_of(services.list_tags, row, "team/app"),
        code_of(services.get_digest, row, "team/app", "1"),
        code_of(services.get_manifest, row, "team/app", "1"),
        code_of(services.get_digests, row, [("team/app", "1")]),
    }


@pytest.fixture
def row(registry_server: FakeServer) -> Registry:
    return create("custom", url=registry_server.origin)


# Check


def test_a_check_is_kept_on_the_row_and_in_its_history(row: Registry) -> None:
    result = services.check(row)
    assert (result.verdict, result.code) == ("valid", "signed_in")
    assert result.detail == CODES["signed_in"].sentence
    assert row.last_check == result
    assert loaded(row).last_check == result
    assert [(check.verdict, check.code) for check in row.checks.all()] == [("valid", "signed_in")]


@pytest.mark.parametrize(
    ("values", "verdict", "code"),
    [
        ({"password": "wrong"}, "rejected", "bad_credentials"),
        ({"login": None, "password": None}, "misconfigured", "credentials_required"),
    ],
)
def test_what_is_wrong_with_credentials(
    row: Registry, values: Any, verdict: str, code: str
) -> None:
    with_values(row, values).save()
    result = services.check(row)
    assert (result.verdict, result.code) == (verdict, code)


def test_an_image_is_tried_as_well(row: Registry) -> None:
    """Also as it is copied from a browser, and from skopeo."""
    here = f"{row.host}/team/app:1"
    for image in (here, f"http://{here}", "docker://team/app:1", "team/app:1"):
        assert services.check(row, image).code == "signed_in", image
    result = services.check(row, "team/app:9")
    assert (result.verdict, result.code) == ("valid", "repository_not_found")


@pytest.mark.parametrize(
    "image", ["ghcr.io/acme/app", "Not An Image", "https://ghcr.io/team/app:1"]
)
def test_an_image_of_another_registry_is_refused(
    row: Registry, image: str, registry_server: FakeServer
) -> None:
    with pytest.raises(InvalidReference):
        services.check(row, image)
    assert registry_server.requests == []
    assert loaded(row).last_check is None


def test_a_row_that_is_not_saved_is_checked_and_not_stored(registry_server: FakeServer) -> None:
    """The audit has the check all the same, as of no row."""
    row = build("custom", url=registry_server.origin)
    assert services.check(row).verdict is Verdict.VALID
    assert row.pk is None
    assert Check.objects.get().registry is None


def test_what_is_typed_but_not_saved_is_not_stored_as_the_rows(row: Registry) -> None:
    row.password = "typed"
    assert services.check(row).verdict is Verdict.REJECTED
    assert loaded(row).last_check is None


def test_a_check_of_what_was_changed_meanwhile_is_dropped(row: Registry) -> None:
    """#55: a verdict never lands on credentials that it was not made with."""
    stale = loaded(row)
    row.password = "other"
    row.save()
    assert services.check(stale).verdict is Verdict.VALID
    assert loaded(row).last_check is None
    assert not row.checks.get().is_recent, "the audit has it"


def test_the_history_is_bounded(row: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Check, "KEPT", 3)
    for _ in range(5):
        services.check(row)
    assert row.checks.count() == 3


def test_a_wrong_key_sends_nothing(row: Registry, registry_server: FakeServer, use_keys) -> None:
    """#1: an unreadable secret is a misconfiguration, and its ciphertext goes nowhere."""
    use_keys(Fernet.generate_key())
    result = services.check(loaded(row))
    assert (result.verdict, result.code) == ("misconfigured", "secret_unreadable")
    assert reading_codes(row) == {"secret_unreadable"}
    assert registry_server.requests == []


@pytest.mark.parametrize(
    "broken",
    [
        {"password": None},
        {"url": "nonsense"},
        {"authurl": "::"},
        {"auth": "?", "login": None, "password": None},
    ],
)
def test_a_row_that_was_saved_past_the_rules_is_incomplete(broken: dict[str, Any]) -> None:
    row = build("custom", **broken)
    assert services.check(row).code == "incomplete"
    row.save()
    assert services.check(loaded(row)).code == "incomplete"


@pytest.mark.parametrize("slug", ["ecr", "gcr", "ghcr", "hub", "custom"])
def test_a_prefix_written_past_the_rules_leads_no_credentials_elsewhere(
    slug: str, registry_server: FakeServer
) -> None:
    """#4, #38: whoever writes to the database does not get the token of a cloud's registry."""
    row = create(slug)
    place = registry_server.origin.removeprefix("http://")
    Registry.objects.filter(pk=row.pk).update(prefix=place, host=place)
    row = loaded(row)
    if slug in {"ecr", "gcr"}:  # elsewhere the address is the kind's or the row's own
        assert services.check(row).code == "image_elsewhere"
        assert code_of(services.list_tags, row, "team/app") == "image_elsewhere"
    assert code_of(services.list_tags, row, "team/app", host=place)
    assert registry_server.requests == []


def test_a_default_port_brings_no_keys_to_the_public_registry() -> None:
    row = with_values(default("ecr"), SAMPLES["ecr"])
    row.save()
    for host in ("public.ecr.aws", "public.ecr.aws:443"):
        with row_client.client_for(row, host) as client:
            assert isinstance(client._credential, Anonymous)


def test_a_public_image_proves_nothing_of_the_keys(settings: Any) -> None:
    """ECR's public registry is read without the keys of the default row."""

    def public(request: Request) -> Reply:
        assert request.basic is None
        if request.path == "/token":
            return Reply(200, b'{"token": "guest"}')
        if request.bearer is None:
            realm = 'Bearer realm="https://public.ecr.aws/token",service="x"'
            return Reply(401, b"{}", {"WWW-Authenticate": realm})
        return Reply(200, b"", {"Docker-Content-Digest": DIGEST, "Content-Type": MANIFEST})

    row = with_values(default("ecr"), SAMPLES["ecr"])
    row.save()
    with FakeServer(public) as server:
        settings.REGISTRIES = {"ENDPOINTS": {"https://public.ecr.aws": server.origin}}
        result = services.check(row, "public.ecr.aws/team/app:1")
    assert (result.verdict, result.code) == ("unproven", "no_proof")


def test_an_acr_row_without_address_needs_an_image() -> None:
    row = create("acr", url=None)
    assert services.check(row).code == "image_needed"
    assert code_of(services.list_tags, row, "team/app") == "image_needed"


# Reading


def test_tags_and_digests(row: Registry) -> None:
    assert services.list_tags(row, "team/app") == ["3", "1", "2"]
    assert services.get_digest(row, "team/app", "1") == DIGEST
    assert services.get_manifest(row, "team/app", "1").digest == DIGEST
    digests = services.get_digests(row, [("team/app", "1"), ("team/other", "1")])
    assert digests[0] == DIGEST
    assert isinstance(digests[1], ClientError)
    assert digests[1].code == "repository_not_found"


def test_some_of_the_tags(row: Registry) -> None:
    assert services.list_tags(row, "team/app", n=2) == ["1", "2"]
    assert services.list_tags(row, "team/app", last="1", n=1) == ["2"]
    assert services.list_tags(row, "team/app", prefix="3") == ["3"]


def test_what_is_not_there_is_an_error_with_a_code(row: Registry) -> None:
    assert code_of(services.list_tags, row, "team/other") == "repository_not_found"


def test_two_rows_never_share_a_sign_in(row: Registry, registry_server: FakeServer) -> None:
    services.get_digest(row, "team/app", "1")
    other = create("custom", url=registry_server.origin, password="wrong")
    assert code_of(services.get_digest, other, "team/app", "1") == "bad_credentials"


def test_settings_are_read_at_call_time(row: Registry, settings: Any) -> None:
    assert services.check(row).verdict is Verdict.VALID
    settings.REGISTRIES = {"ALLOW_PRIVATE_ADDRESSES": False}
    assert services.check(row).code == "blocked_address"


# Many at once


def test_many_are_checked_side_by_side(row: Registry, registry_server: FakeServer) -> None:
    wrong = create("custom", url=registry_server.origin, password="wrong")
    seen: list[tuple[str, str, bool]] = []
    main = threading.current_thread()
    results = services.check_many(
        [row, wrong, row],
        lambda r, result: seen.append((r.name, result.verdict, threading.current_thread() is main)),
    )
    assert services.check_many([]) == []
    assert [result.verdict for result in results] == ["valid", "rejected", "valid"]
    assert sorted(seen) == sorted(
        [(row.name, "valid", True), (row.name, "valid", True), (wrong.name, "rejected", True)]
    )
    assert Registry.objects.get(pk=wrong.pk).last_check.verdict is Verdict.REJECTED


def test_who_did_not_answer_last_time_is_checked_first(
    registry_server: FakeServer, settings: Any
) -> None:
    settings.REGISTRIES = {"CHECK_WORKERS": 1}
    rows = [create("custom", name=name, url=registry_server.origin) for name in "abcd"]
    rows[1].check_verdict = rows[3].check_verdict = Verdict.UNREACHABLE
    rows[2].check_verdict = Verdict.REJECTED
    assert [row.name for row, _result in services.check_each(rows)] == ["b", "d", "a", "c"]


def test_the_command_prints_a_table(row: Registry, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check_registries", row.name.upper())
    out, err = capsys.readouterr()
    assert row.name in out
    assert "1 checked: 1 fine, 0 need attention." in out
    assert f"[1/1] {row.name}: valid" in err


def test_the_command_prints_json_and_fails_when_asked(
    row: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    row.password = "wrong"
    row.save()
    call_command("check_registries", "--json", "--kind", "custom")
    (stdout,) = json.loads(capsys.readouterr().out)
    assert (stdout["name"], stdout["verdict"]) == (row.name, "rejected")
    with pytest.raises(SystemExit) as caught:
        call_command("check_registries", row.name, "--fail")
    assert caught.value.code == 1
    row.password = "fake-password"
    row.save()
    call_command("check_registries", row.name, "--fail")


def test_the_command_refuses_names_that_are_not_there() -> None:
    with pytest.raises(CommandError, match="no such registry: nonsense"):
        call_command("check_registries", "nonsense")


# Tokens


@pytest.mark.parametrize("change", [{"verify_tls": True}, {"ca_certificate": "another"}])
def test_what_was_learned_without_verification_is_not_used_with_it(change: dict[str, Any]) -> None:
    """#39: neither a token nor how to sign in; with the same trust both are remembered."""

    def registry(request: Request) -> Reply:
        if request.path == "/token":
            return Reply(200, b'{"token": "granted"}')
        if request.bearer != "granted":
            return Reply(401, b"", {"WWW-Authenticate": 'Bearer realm="/token",service="s"'})
        return Reply(200, b'{"tags": ["1"]}')

    with FakeServer(registry) as server:
        row = create("custom", url=server.origin, verify_tls=False)
        for _ in range(2):
            assert services.list_tags(row, "team/app") == ["1"]
        paths = ["/v2/", "/token", "/v2/team/app/tags/list"]
        assert [request.path for request in server.requests] == [*paths, paths[2]]
        server.requests.clear()
        with_values(row, change)
        assert services.list_tags(row, "team/app") == ["1"]
        assert [request.path for request in server.requests] == paths


@pytest.mark.parametrize("is_saved_as_before", [False, True])
@pytest.mark.parametrize("trusts", ["anybody", "its authority"])
def test_no_stored_secret_reaches_a_server_that_was_not_trusted(
    trusts: str, is_saved_as_before: bool
) -> None:
    """#88: not by a row that was changed and not saved, whatever is asked."""
    authority = trustme.CA()
    with FakeServer(htpasswd, authority) as server:
        row = create("custom", url=server.origin)
        if is_saved_as_before:
            seal_as_before(row, "fake-password")
            row = loaded(row)
        assert services.check(row).code == "tls"
        if trusts == "anybody":
            row.verify_tls = False
        else:
            row.ca_certificate = authority.cert_pem.bytes().decode()
        assert services.check(row).code == "secret_unreadable"
        assert reading_codes(row) == {"secret_unreadable"}
        assert server.requests == []
        row.password = "fake-password"
        assert services.check(row).code == "signed_in"


def test_no_row_uses_the_connection_of_one_that_verifies_nothing() -> None:
    """#39: two rows of one registry, whose certificate nobody knows: verified, it is refused."""
    with FakeServer(htpasswd, trustme.CA()) as server:
        lax = create("custom", url=server.origin, verify_tls=False)
        strict = create("custom", url=server.origin)
        assert [services.check(row).code for row in (lax, strict, lax)] == [
            "signed_in",
            "tls",
            "signed_in",
        ]
        lax.verify_tls = True
        lax.save()
        assert services.check(lax).code == "tls"


def test_a_check_of_an_earlier_version_is_shown_without_what_it_did_not_store(
    row: Registry,
) -> None:
    """Sentences name more in time: the address of a token server beside its host, for one."""
    services.check(row)
    Registry.objects.filter(pk=row.pk).update(
        check_verdict="misconfigured",
        check_code="untrusted_realm",
        check_params={"host": "auth.example"},
    )
    last_check = loaded(row).last_check
    assert last_check is not None
    assert "auth.example" in last_check.detail
    assert last_check.detail.endswith(": …")
