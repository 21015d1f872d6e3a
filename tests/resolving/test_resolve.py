"""Which registry is an image's: Registry.objects.resolve."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registries.models import Registry
from registries.models.queryset import BEST_FIRST, READ_AHEAD
from registries.reference import InvalidReference
from tests.factories import build, create
from tests.plans import sorts

pytestmark = pytest.mark.django_db


def resolved(image: str) -> str | None:
    row = Registry.objects.resolve(image)
    return row and row.name


@pytest.mark.parametrize(
    ("image", "kind"),
    [
        ("nginx", "hub"),
        ("acme/app:1", "hub"),
        ("docker.io/acme/app", "hub"),
        ("index.docker.io/acme/app", "hub"),
        ("registry-1.docker.io/acme/app", "hub"),
        ("ghcr.io/acme/app@sha256:" + "a" * 64, "ghcr"),
        ("GHCR.IO/acme/app", "ghcr"),
        ("ghcr.io:443/acme/app", "ghcr"),
        ("quay.io/acme/app", "quay"),
        ("gcr.io/acme/app", "gcr"),
        ("eu.gcr.io/acme/app", "gcr"),
        ("europe-west1-docker.pkg.dev/p/r/app", "gcr"),
        ("mirror.gcr.io/library/nginx", "gcr"),
        ("marketplace.gcr.io/google/nginx", "gcr"),
        ("docker.us-east1.rep.pkg.dev/acme/images/app", "gcr"),
        ("ecr-public.aws.com/acme/app", "ecr"),
        ("registry.hub.docker.com/acme/app", "hub"),
        ("dhi.io/python", "hub"),
        ("public.ecr.aws/acme/app", "ecr"),
    ],
)
def test_the_default_rows_answer_for_their_hosts(image: str, kind: str) -> None:
    assert Registry.objects.resolve(image).kind == kind


@pytest.mark.parametrize(
    "image",
    [
        "evilghcr.io/acme/app",
        "ghcr.io.evil.example/acme/app",
        "ghcr.io:80/acme/app",
        "ghcr.io:8443/acme/app",
        "xghcr.io/a/b",
        "gcr.io.evil.example/a",
        "evil-gcr.io/a",
        "x.us.gcr.io/a",
        "docker.io.evil.example/a/b",
        "registry.example/a",
        "localhost:5000/a",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/a",
        "acme.azurecr.io/a",
        "lscr.io/linuxserver/a",
    ],
)
def test_no_default_row_answers_for_anything_else(image: str) -> None:
    """#38: hosts match label by label, never by suffix."""
    assert resolved(image) is None


def test_a_row_of_a_kind_that_is_no_more_answers_for_nothing() -> None:
    row = create("custom", url="https://reg.example")
    Registry.objects.filter(pk=row.pk).update(kind="gone")
    assert resolved("reg.example/a") is None


def test_nonsense_is_an_error() -> None:
    with pytest.raises(InvalidReference):
        Registry.objects.resolve("https://ghcr.io/Acme/app")


@pytest.mark.parametrize("scheme", ["https://", "oci://", "docker://"])
def test_a_pasted_image_is_understood(scheme: str) -> None:
    """With a scheme in front it was nonsense: people copy names so."""
    row = create("ghcr", prefix="ghcr.io/acme")
    assert resolved(f"{scheme}ghcr.io/acme/app") == row.name


@pytest.mark.parametrize(
    ("url", "image", "result"),
    [
        ("https://reg.example", "reg.example/a", True),
        ("https://reg.example", "reg.example:443/a", True),
        ("https://reg.example", "reg.example:80/a", False),
        ("https://reg.example", "REG.example/a", True),
        ("http://reg.example", "reg.example:80/a", True),
        ("http://reg.example", "reg.example:443/a", False),
        ("http://reg.example", "reg.example/a", True),
        ("https://reg.example:5000", "reg.example:5000/a", True),
        ("https://reg.example:5000", "reg.example/a", False),
        ("https://reg.example:5000", "reg.example:50000/a", False),
        ("https://reg.example", "areg.example/a", False),
        ("https://reg.example/path", "reg.example/a", True),
        ("http://localhost:5000", "localhost:5000/a", True),
        ("http://[::1]:5000", "[::1]:5000/a", True),
    ],
)
def test_a_self_hosted_row_answers_for_host_and_port(url: str, image: str, result: bool) -> None:
    create("custom", name="Own", url=url)
    assert (resolved(image) == "Own") is result


def test_an_acr_row_with_an_address_answers_for_that_one() -> None:
    create("acr", name="One")
    assert resolved("example.azurecr.io/a") == "One"
    assert resolved("other.azurecr.io/a") is None
    create("acr", name="Any", url=None)
    assert resolved("other.azurecr.io/a") == "Any"
    assert resolved("other.azurecr.cn/a") == "Any"
    assert resolved("other.azurecr.io.evil.example/a") is None


def test_an_ecr_row_answers_for_its_region() -> None:
    create("ecr", name="Ireland")
    create("ecr", name="Virginia", region="us-east-1")
    for region, name in (("eu-west-1", "Ireland"), ("us-east-1", "Virginia"), ("eu-west-2", None)):
        assert resolved(f"123456789012.dkr.ecr.{region}.amazonaws.com/a") == name
    assert Registry.objects.resolve("public.ecr.aws/a/b").is_default


def test_public_ecr_belongs_to_the_default_row_unless_a_prefix_says_so() -> None:
    create("ecr", name="Public", prefix="public.ecr.aws/acme")
    assert resolved("public.ecr.aws/acme/app") == "Public"
    assert Registry.objects.resolve("public.ecr.aws/other/app").is_default
    assert resolved("123456789012.dkr.ecr.eu-west-1.amazonaws.com/a") is None


def test_a_self_hosted_quay_does_not_answer_for_quay_io() -> None:
    create("quay", name="Own", url="https://quay.example")
    assert resolved("quay.example/a/b") == "Own"
    assert Registry.objects.resolve("quay.io/a/b").is_default


def test_a_prefix_ends_at_a_slash() -> None:
    create("ghcr", name="Acme", prefix="ghcr.io/acme")
    assert resolved("ghcr.io/acme/app") == "Acme"
    assert resolved("ghcr.io/acme/deep/app") == "Acme"
    assert resolved("ghcr.io/acmeevil/app") != "Acme"
    assert resolved("ghcr.io/other/acme") != "Acme"


@pytest.mark.parametrize(
    ("url", "prefix", "image"),
    [
        ("http://reg.example", "reg.example/team", "reg.example:80/team/app"),
        ("https://reg.example", "reg.example:443/team", "reg.example/team/app"),
        ("https://reg.example", "reg.example/team", "reg.example:443/team/app"),
        ("https://reg.example:5000", "reg.example:5000/team", "reg.example:5000/team/app"),
    ],
)
def test_a_default_port_makes_no_difference_to_a_prefix(url: str, prefix: str, image: str) -> None:
    create("custom", name="Team", url=url, prefix=prefix)
    assert resolved(image) == "Team"
    assert resolved(image.replace("/team/", "/other/")) is None


def test_a_prefix_in_other_letters_answers_for_nothing() -> None:
    """No form stores one. MariaDB compares without regard to case and accents, Python does not."""
    row = create("ghcr", name="Acme", prefix="ghcr.io/acme")
    assert resolved("ghcr.io/acme/app") == "Acme"
    for prefix in ("ghcr.io/ACME", "ghcr.io/acmé"):
        Registry.objects.filter(pk=row.pk).update(prefix=prefix)
        assert resolved("ghcr.io/acme/app") == "GitHub Container Registry"


def test_the_longest_prefix_wins_even_when_anonymous() -> None:
    create("hub", name="All")
    create("hub", name="Acme", prefix="docker.io/acme", login=None, password=None)
    create("hub", name="Deep", prefix="docker.io/acme/deep")
    assert resolved("acme/deep/app") == "Deep"
    assert resolved("acme/app") == "Acme"
    assert resolved("nginx") == "All"


def test_authenticated_before_anonymous_then_own_before_default_then_the_oldest() -> None:
    hub = Registry.objects.get(kind="hub", is_default=True)
    assert Registry.objects.resolve("nginx") == hub
    create("hub", name="Own anonymous", login=None, password=None)
    assert resolved("nginx") == "Own anonymous"
    hub.login, hub.password = "ci", "secret"
    hub.save()
    assert Registry.objects.resolve("nginx") == hub
    create("hub", name="Own")
    assert resolved("nginx") == "Own"
    create("hub", name="Own, younger")
    assert resolved("nginx") == "Own"


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each row that is read."""
    seen: list[int] = []
    from_db = Registry.from_db.__func__
    monkeypatch.setattr(
        Registry,
        "from_db",
        classmethod(lambda *args, **kw: seen.append(1) or from_db(*args, **kw)),
    )
    return seen


def many(slug: str, count: int, **columns: str | None) -> None:
    rows = [build(slug, **columns) for _ in range(count)]
    for row in rows:
        row.derive()
    Registry.objects.bulk_create(rows)


def test_resolving_does_not_read_all_rows(loaded: list[int]) -> None:
    many("custom", 1000, url="https://many.example")
    many("custom", 1, url="https://one.example")
    for image in ("one.example/a", "many.example/a"):
        loaded.clear()
        with CaptureQueriesContext(connection) as queries:
            assert Registry.objects.resolve(image).host == image.partition("/")[0]
        assert len(queries) == 1
        # No cursor that stays open: PostgreSQL would find all rows for it.
        assert f" LIMIT {READ_AHEAD}" in queries[0]["sql"]
        assert len(loaded) <= READ_AHEAD


def test_whoever_asks_for_more_gets_all_in_order() -> None:
    many("custom", READ_AHEAD * 12, url="https://many.example")
    rows = [row.pk for row in Registry.objects.answering("many.example/a")]
    assert rows == sorted(rows)
    assert len(rows) == READ_AHEAD * 12


def test_resolving_on_a_kinds_own_host_does_not_read_all_rows(loaded: list[int]) -> None:
    many("hub", 1000)
    with CaptureQueriesContext(connection) as queries:
        assert Registry.objects.resolve("nginx").kind == "hub"
    assert len(queries) == 2
    assert len(loaded) <= READ_AHEAD


def test_nothing_is_sorted_to_find_the_first() -> None:
    """The index holds the order: a thousand rows that answer alike cost what one does."""
    many("hub", 1000)
    rows = Registry.objects.filter(kind="hub", host="", prefix="")
    assert sorts(rows.order_by("url")[:1])
    assert not sorts(rows.order_by(*BEST_FIRST)[:1])
