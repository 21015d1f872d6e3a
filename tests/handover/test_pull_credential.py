"""services.pull_credential: what may leave, for which host, and until when."""

import base64
import json
import pickle
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from django.core.exceptions import ValidationError

from registries import services
from registries.client import tokens
from registries.client.deadline import Deadline
from registries.client.errors import ClientError
from registries.handover import FORMS, HandoverRefused, PullCredential, operations
from registries.handover.recipient import Recipient
from registries.handover.target import Target
from registries.kinds import KINDS
from registries.limits import Limits
from registries.models import Handover, Registry
from registries.reference import InvalidReference
from registries.token_cache import CacheTokens
from tests.factories import SAMPLES, create, loaded, with_values
from tests.handover.conftest import Cloud
from tests.screens import default
from tests.threads import together

pytestmark = pytest.mark.django_db

ECR_HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
GUID = "00000000-0000-0000-0000-000000000000"
CloudMaker = Callable[..., Cloud]


def refused(registry: Registry, image: str | None = None, **more: Any) -> str:
    return code_of(services.pull_credential, registry, image, **more)


def code_of(call: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    """The code of the refusal, or the client's error, that a call ends with."""
    with pytest.raises((HandoverRefused, ClientError)) as caught:
        call(*args, **kwargs)
    return caught.value.code


@pytest.mark.parametrize(
    ("slug", "host", "username", "hours"),
    [
        ("ecr", ECR_HOST, "AWS", 12),
        ("ecr-public", "public.ecr.aws", "AWS", 12),
        ("gcr", "gcr.io", "oauth2accesstoken", 1),
        ("acr", "acme.azurecr.io", GUID, 3),
    ],
)
def test_a_cloud_hands_out_what_ends(
    slug: str, host: str, username: str, hours: int, cloud: CloudMaker
) -> None:
    fake = cloud(slug)
    assert fake.row.declaration.exchanged_hours == hours
    foreseen = services.preview_hand_over(FORMS["kubernetes"], [fake.row])
    assert (fake.exchanges(), Handover.objects.count()) == ([], 0)
    credential = services.pull_credential(fake.row)
    text = services.hand_over(
        FORMS["kubernetes"], Target(registries=(fake.row.pk,)), recipient=services.CODE
    ).text
    config = json.loads(base64.b64decode(yaml.safe_load(text)["data"][".dockerconfigjson"]))
    assert [FORMS["kubernetes"].key(item) for item in foreseen] == list(config["auths"])
    assert {item.is_short for item in foreseen} == {True}
    secret = {"ecr": "password", "gcr": "access", "acr": "refresh_token"}[slug.partition("-")[0]]
    assert credential.password == getattr(fake.family, secret)
    assert (credential.host, credential.username, credential.is_short) == (host, username, True)
    assert credential.expires_at is not None
    left = credential.expires_at - datetime.now(UTC)
    assert timedelta(hours=hours) - timedelta(minutes=1) < left <= timedelta(hours=hours)
    services.pull_credential(fake.row)
    assert len(fake.exchanges()) == (2 if slug == "acr" else 1)  # the tenant, then the registry


STORED = {
    "acr": ("acr", {"tenantid": None}, "example.azurecr.io", SAMPLES["acr"]["clientid"]),
    "custom": ("custom", {}, "registry.example:5000", "johndoe"),
    "auth": (
        "hub",
        {"login": None, "password": None, "auth": "am9obmRvZTpmYWtlLXBhc3N3b3Jk"},
        "docker.io",
        "johndoe",
    ),
    "gitlab": ("gitlab", {}, "registry.gitlab.example", "token"),
    "quay": ("quay", {}, "quay.io", "acme+robot"),
    "lscr": ("lscr", {}, "lscr.io", "johndoe"),
}


@pytest.mark.parametrize("case", STORED)
def test_what_is_stored_leaves_where_the_row_allows_it(case: str) -> None:
    slug, more, host, username = STORED[case]
    row = create(slug, handover="any", **more)
    credential = services.pull_credential(row)
    assert (credential.host, credential.username) == (host, username)
    assert credential.password.startswith("fake-")
    assert (credential.expires_at, credential.is_short) == (None, False)
    row.handover = "none"
    row.save()
    assert refused(row) == "not_allowed"


def test_nothing_leaves_that_the_row_does_not_allow(cloud: CloudMaker) -> None:
    """#67: none is the default, and short-lived ones are not the stored ones."""
    fake = cloud("ecr", handover="none")
    assert Registry().handover == "none"
    assert refused(fake.row) == "not_allowed"
    assert fake.exchanges() == []
    principal = create("acr", handover="short")
    assert refused(principal) == "not_allowed"
    assert Handover.objects.filter(code="not_allowed").count() == 2


def test_which_kinds_know_short() -> None:
    known = {slug for slug, kind in KINDS.items() if kind.exchanged_by}
    assert known == {"ecr", "gcr", "acr"}
    for slug in known:
        create(slug, handover="short")
    for slug in KINDS.keys() - known:
        with pytest.raises(ValidationError) as caught:
            create(slug, handover="short")
        assert list(caught.value.error_dict) == ["handover"]
    with pytest.raises(ValidationError):
        create("ecr", handover="long")


def test_refusals() -> None:
    assert refused(default("hub")) == "anonymous"
    anywhere = create("acr", handover="any", url=None)
    assert refused(anywhere) == "image_needed"
    assert services.pull_credential(anywhere, "acme.azurecr.io/a").host == "acme.azurecr.io"
    team = create("ghcr", handover="any", prefix="ghcr.io/acme")
    assert refused(team, "ghcr.io/other/app") == "not_this_registry"
    assert refused(team, "quay.io/acme/app") == "not_this_registry"
    assert services.pull_credential(team, "acme/app").place == "ghcr.io/acme"
    with pytest.raises(InvalidReference):
        services.pull_credential(team, "No Image")
    Registry.objects.filter(pk=team.pk).update(check_verdict="rejected")
    team.refresh_from_db()
    assert refused(team) == "rejected"


def test_unreadable_secrets_are_refused() -> None:
    row = create("custom", handover="any")
    assert services.pull_credential(row)
    Registry.objects.filter(pk=row.pk).update(url="https://elsewhere.example")
    row.refresh_from_db()
    assert refused(row) == "secret_unreadable"


def test_what_is_foreseen_is_refused_as_it_would_be(cloud: CloudMaker) -> None:
    """Without an exchange: as far as that is known."""
    fake = cloud("ecr")
    (foreseen,) = services.preview_hand_over(FORMS["docker"], [fake.row])
    assert foreseen.host == "", "Amazon names it"
    assert fake.exchanges() == []
    team = create("ghcr", handover="any", prefix="ghcr.io/acme")
    twins = [create("ghcr", handover="any"), create("ghcr", handover="any")]
    principal = create("acr", handover="any", url=None)
    for code, form, rows in (
        ("prefix_not_possible", "docker", [team]),
        ("same_key", "podman", twins),
        ("not_allowed", "podman", [twins[0], create("ghcr")]),
        ("image_needed", "docker", [principal]),
    ):
        assert code_of(services.preview_hand_over, FORMS[form], rows) == code
    assert services.preview_hand_over(FORMS["kubernetes"], [principal])
    assert not Handover.objects.exists()


def test_images_that_are_read_without_the_credentials(cloud: CloudMaker) -> None:
    fake = cloud("gcr")
    assert refused(fake.row, "mirror.gcr.io/library/nginx") == "anonymous"
    assert services.pull_credential(fake.row, "eu-docker.pkg.dev/a/b/c").host == "eu-docker.pkg.dev"
    assert services.pull_credential(fake.row, "eu.gcr.io/a/b").host == "eu.gcr.io"
    assert len(fake.exchanges()) == 1


def test_at_least_half_of_the_life_is_left(
    cloud: CloudMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """#74: else it is made anew, once; reading goes on with the old one."""
    fake = cloud("ecr")
    first = services.pull_credential(fake.row)
    family: Any = fake.family
    for minutes, is_new in ((5 * 60 + 50, False), (6 * 60 + 10, True)):
        family.renew_password()
        with monkeypatch.context() as later:
            from registries.client.exchange import base

            later.setattr(base, "datetime", clock(timedelta(minutes=minutes)))
            again = services.pull_credential(fake.row)
        assert (again.password != first.password) == is_new, minutes
    assert again.password == family.password


def clock(ahead: timedelta) -> type[datetime]:
    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + ahead

    return Later


def passwords_at_once(pk: int, count: int) -> set[str]:
    """What so many threads are handed of a row that ask at the same moment."""

    def pull() -> str:
        return services.pull_credential(Registry.objects.get(pk=pk)).password

    return set(together(*[pull] * count))


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_make_one_exchange(cloud: CloudMaker) -> None:
    fake = cloud("ecr")
    family: Any = fake.family
    assert passwords_at_once(fake.row.pk, 50) == {family.password}
    assert len(fake.exchanges()) == 1
    assert Handover.objects.filter(code="handed_over").count() == 50


@pytest.mark.django_db(transaction=True)
def test_processes_with_a_shared_cache_make_one_exchange(
    cloud: CloudMaker, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one process's threads share is taken away, so that the cache alone holds them back."""
    fake = cloud("ecr")
    settings.REGISTRIES = {**settings.REGISTRIES, "TOKEN_CACHE": "default"}
    monkeypatch.setattr(tokens.SingleFlight, "run", lambda self, key, work, remaining: work())
    family: Any = fake.family
    assert passwords_at_once(fake.row.pk, 8) == {family.password}
    assert len(fake.exchanges()) == 1


def test_a_process_that_was_killed_holds_nobody_up_for_long(
    cloud: CloudMaker, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = cloud("ecr")
    settings.REGISTRIES = {**settings.REGISTRIES, "TOKEN_CACHE": "default"}
    taken: list[str] = []
    take = CacheTokens.take

    def taken_by_another(self: CacheTokens, key: str, seconds: float) -> bool:
        if not taken:
            taken.append(key)
            take(self, key, 0.2)
        return take(self, key, seconds)

    monkeypatch.setattr(CacheTokens, "take", taken_by_another)
    assert services.pull_credential(fake.row).is_short
    assert (len(taken), len(fake.exchanges())) == (1, 1)


def test_an_exchange_that_fails_is_told_and_written_down(cloud: CloudMaker) -> None:
    fake = cloud("ecr", secretaccesskey="fake", accesskey="AKIAWRONGWRONGWRONG1")
    assert refused(fake.row) == "bad_credentials"
    assert Handover.objects.get().code == "bad_credentials"


def test_reset_and_new_secrets_end_what_was_exchanged(cloud: CloudMaker) -> None:
    """#73: what is kept belongs to the row as it stands."""
    fake = cloud("ecr")
    services.pull_credential(fake.row)
    stale = loaded(fake.row)
    family: Any = fake.family
    fake.row.accesskey, fake.row.secretaccesskey = family.wrong
    fake.row.save()
    assert refused(fake.row) == "bad_credentials"
    # Who still holds the row as it was gets nothing for it.
    assert refused(stale) == "changed_meanwhile"
    fake.row.delete()
    assert refused(stale) == "changed_meanwhile"
    row = with_values(default("gcr"), {"handover": "short"})
    row.save()
    services.reset(row)
    assert loaded(row).handover == "none"


def test_it_cannot_be_stored(canary: str) -> None:
    credential = PullCredential("ghcr.io", "", "johndoe", canary, None, is_short=False)
    assert canary not in repr(credential) + str(credential)
    for store in (pickle.dumps, json.dumps):
        with pytest.raises(TypeError):
            store(credential)


def test_a_token_for_one_host_is_handed_what_is_for_that_registry_alone(cloud: CloudMaker) -> None:
    """#68: a refresh token of Azure's opens one login server, whatever its row answers for."""
    fake = cloud("acr", url=None)
    host = fake.family.origin.removeprefix("https://")
    limited = Recipient(limits=Limits(may_hand_over=True, prefixes=(host,)))
    credential = services.pull_credential(fake.row, f"{host}/app", recipient=limited)
    assert credential.host == host
    for image in (None, "other.azurecr.io/app"):
        assert refused(fake.row, image, recipient=limited) == "token_limited"


def test_several_are_judged_before_one_is_exchanged(cloud: CloudMaker) -> None:
    fake = cloud("ecr")
    other = create("quay", handover="any")
    limits = Limits(may_hand_over=True, registries=frozenset({fake.row.pk}))
    target = Target(registries=(fake.row.pk, other.pk))
    recipient = Recipient(limits=limits)
    code = code_of(services.hand_over, FORMS["podman"], target, recipient=recipient)
    assert code == "token_limited"
    assert fake.exchanges() == []


def test_all_exchanges_together_have_one_deadline(
    cloud: CloudMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = cloud("ecr")
    # What others took before it is over.
    monkeypatch.setattr(operations, "deadline_for", lambda: Deadline(10, 0))
    target = Target(registries=(fake.row.pk,))
    code = code_of(services.hand_over, FORMS["podman"], target, recipient=Recipient())
    assert "timeout" in code
    assert fake.exchanges() == []
    assert Handover.objects.get().code == code
