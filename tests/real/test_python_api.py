"""Real registries through the Python API: `registries.services` on saved rows."""

from pathlib import Path

import pytest
import trustme
from django.test import override_settings

from registries import services
from registries.client.errors import ClientError, ImageDenied, NotFound, Rejected, Unreachable
from registries.models import Registry
from registries.models.results import CheckResult
from tests.real.account import Account
from tests.real.conftest import Filled
from tests.real.push import Pushed
from tests.real.rows import credentials, row
from tests.real.servers import Htpasswd, RealRegistry, Token
from tests.real.token_server import TokenServer

pytestmark = [pytest.mark.usefixtures("programs"), pytest.mark.django_db]


def outcome(result: CheckResult) -> tuple[str, str]:
    return result.verdict.value, result.code


@pytest.mark.parametrize(
    ("name", "way", "expected"),
    [
        ("open_registry", "none", ("anonymous", "public")),
        ("open_registry", "right", ("unproven", "open_registry")),
        ("open_registry", "right auth", ("unproven", "open_registry")),
        ("basic_registry", "none", ("misconfigured", "credentials_required")),
        ("basic_registry", "right", ("valid", "signed_in")),
        ("basic_registry", "wrong", ("rejected", "bad_credentials")),
        ("basic_registry", "right auth", ("valid", "signed_in")),
        ("basic_registry", "wrong auth", ("rejected", "bad_credentials")),
        ("token_registry", "none", ("anonymous", "public")),
        ("token_registry", "right", ("valid", "signed_in")),
        ("token_registry", "wrong", ("rejected", "bad_credentials")),
        ("token_registry", "right auth", ("valid", "signed_in")),
        ("token_registry", "wrong auth", ("rejected", "bad_credentials")),
    ],
)
def test_check(
    name: str,
    way: str,
    expected: tuple[str, str],
    request: pytest.FixtureRequest,
    account: Account,
    shared_token_server: TokenServer,
) -> None:
    filled: Filled = request.getfixturevalue(name)
    authurl = shared_token_server.origin if name == "token_registry" else None
    registry = row(filled.origin, authurl=authurl, **credentials(way, account))
    result = services.check(registry)
    assert outcome(result) == expected
    registry.refresh_from_db()
    assert registry.last_check == result


@pytest.mark.parametrize("way", ["right", "wrong", "right auth"])
def test_credentials_stay_here_when_the_row_does_not_name_the_token_server(
    way: str, token_registry: Filled, token_server: TokenServer, account: Account
) -> None:
    registry = row(token_registry.origin, **credentials(way, account))
    result = services.check(registry)
    assert outcome(result) == ("misconfigured", "untrusted_realm")
    assert token_server.origin.removeprefix("http://") in result.detail
    with pytest.raises(ClientError) as error:
        services.list_tags(registry, token_registry.image.repository)
    assert error.value.code == "untrusted_realm"
    assert token_server.requests == []


def test_named_token_server_receives_the_credentials(
    token_registry: Filled, token_server: TokenServer, account: Account
) -> None:
    """And, once they were accepted, an account that was invented: nobody is tried twice."""
    values = credentials("right", account)
    services.check(row(token_registry.origin, authurl=token_server.origin, **values))
    first, invented = [request.basic for request in token_server.requests if request.basic]
    assert first == account
    assert invented[0] != account.username
    assert invented[1] != account.password


def test_token_server_that_takes_any_password_proves_nothing(
    account: Account, tmp_path: Path
) -> None:
    with TokenServer(None) as server, RealRegistry(tmp_path, Token(server, account)) as real:
        registry = row(real.origin, authurl=server.origin, **credentials("right", account))
        assert outcome(services.check(registry)) == ("unproven", "accepts_any_password")


@pytest.mark.parametrize("which", ["image", "index"])
def test_check_with_an_image(readable: tuple[Registry, Filled], which: str) -> None:
    registry, filled = readable
    pushed: Pushed = getattr(filled, which)
    plain = services.check(registry)
    assert services.check(registry, f"{pushed.repository}:{pushed.tag}").code == plain.code
    absent = services.check(registry, f"{pushed.repository}:absent")
    assert (absent.verdict, absent.code) == (plain.verdict, "tag_not_found")


def test_check_with_an_image_that_guests_may_not_see(token_registry: Filled) -> None:
    registry = row(token_registry.origin)
    public, private = token_registry.public, token_registry.image
    assert outcome(services.check(registry, f"{public.repository}:1.0")) == ("anonymous", "public")
    denied = services.check(registry, f"{private.repository}:1.0")
    assert outcome(denied) == ("anonymous", "no_access_to_image")


def test_stopped_registry(lone_registry: RealRegistry, account: Account) -> None:
    registry = row(lone_registry.origin, **credentials("right", account))
    assert outcome(services.check(registry)) == ("valid", "signed_in")
    lone_registry.stop()
    assert outcome(services.check(registry)) == ("unreachable", "refused")
    with pytest.raises(Unreachable):
        services.list_tags(registry, "team/app")


def test_frozen_registry(lone_registry: RealRegistry, account: Account) -> None:
    registry = row(lone_registry.origin, **credentials("right", account))
    with lone_registry.frozen(), override_settings(REGISTRIES={"TIMEOUT": 0.5}):
        assert outcome(services.check(registry)) == ("unreachable", "timeout")
        with pytest.raises(Unreachable) as error:
            services.get_digest(registry, "team/app", "1.0")
    assert error.value.code == "timeout"
    assert outcome(services.check(registry)) == ("valid", "signed_in")


def test_private_authority(account: Account, tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = authority.cert_pem.bytes().decode()
    with RealRegistry(tmp_path, Htpasswd(account), authority) as real:
        for name, values, expected in (
            ("trusted", {"ca_certificate": certificate}, ("valid", "signed_in")),
            ("unknown", {}, ("unreachable", "tls")),
            ("unverified", {"verify_tls": False}, ("valid", "signed_in")),
        ):
            registry = row(real.origin, name=name, **values, **credentials("right", account))
            assert outcome(services.check(registry)) == expected, name


def test_tags(readable: tuple[Registry, Filled]) -> None:
    registry, filled = readable
    assert services.list_tags(registry, filled.image.repository) == ["1.0"]
    with pytest.raises(NotFound) as error:
        services.list_tags(registry, "team/absent")
    assert error.value.code == "repository_not_found"


def test_many_tags(open_registry: Filled, many_tags: tuple[str, set[str]]) -> None:
    repository, tags = many_tags
    found_tags = services.list_tags(row(open_registry.origin), repository)
    assert len(found_tags) == len(tags) == 2501
    assert set(found_tags) == tags


@pytest.mark.parametrize("which", ["image", "index"])
def test_digest_and_manifest(readable: tuple[Registry, Filled], which: str) -> None:
    registry, filled = readable
    pushed: Pushed = getattr(filled, which)
    assert services.get_digest(registry, pushed.repository, pushed.tag) == pushed.digest
    assert services.get_digest(registry, pushed.repository, pushed.digest) == pushed.digest
    manifest = services.get_manifest(registry, pushed.repository, pushed.tag)
    assert (manifest.digest, manifest.media_type) == (pushed.digest, pushed.media_type)
    platforms = {
        (platform.os, platform.architecture, platform.variant or ""): platform.digest
        for platform in manifest.platforms
    }
    assert platforms == pushed.platforms
    with pytest.raises(NotFound) as error:
        services.get_digest(registry, pushed.repository, "absent")
    assert error.value.code == "tag_not_found"


def test_digests_of_many(readable: tuple[Registry, Filled]) -> None:
    registry, filled = readable
    pushed = [filled.image, filled.index, filled.public]
    pairs = [(item.repository, item.tag) for item in pushed]
    *digests, absent = services.get_digests(registry, [*pairs, ("team/app", "absent")])
    assert digests == [item.digest for item in pushed]
    assert isinstance(absent, NotFound)


def test_warm_digest_asks_for_no_token(
    token_registry: Filled, token_server: TokenServer, account: Account
) -> None:
    values = credentials("right", account)
    registry = row(token_registry.origin, authurl=token_server.origin, **values)
    image = token_registry.image
    services.get_digest(registry, image.repository, image.tag)
    assert len(token_server.requests) == 1
    assert services.get_digest(registry, image.repository, image.tag) == image.digest
    assert len(token_server.requests) == 1


@pytest.mark.parametrize("name", ["basic_registry", "token_registry"])
def test_reading_with_a_wrong_password(
    name: str,
    request: pytest.FixtureRequest,
    account: Account,
    shared_token_server: TokenServer,
) -> None:
    filled: Filled = request.getfixturevalue(name)
    authurl = shared_token_server.origin if name == "token_registry" else None
    registry = row(filled.origin, authurl=authurl, **credentials("wrong", account))
    with pytest.raises(Rejected):
        services.list_tags(registry, filled.image.repository)
    with pytest.raises(Rejected):
        services.get_digest(registry, filled.image.repository, filled.image.tag)


def test_guest_reads_public_repositories_only(token_registry: Filled) -> None:
    registry = row(token_registry.origin)
    public, private = token_registry.public, token_registry.image
    assert services.get_digest(registry, public.repository, public.tag) == public.digest
    assert services.list_tags(registry, public.repository) == [public.tag]
    with pytest.raises(ImageDenied):
        services.get_digest(registry, private.repository, private.tag)
    with pytest.raises(ImageDenied):
        services.list_tags(registry, private.repository)
