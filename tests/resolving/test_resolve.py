"""Which registry is an image's: Registry.objects.resolve."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registries.models import Registry
from registries.models.queryset import BEST_FIRST, READ_AHEAD
from registries.reference import InvalidReference
from tests.factories import build, create
from tests.plans import sorts

pytestmark = pytest.mark.django_db

GHCR = "GitHub Container Registry"


def resolved(image: str) -> str | None:
    row = Registry.objects.resolve(image)
    return row and row.name


# Images by the kind whose default row answers for them.
DEFAULTS = {
    "hub": "nginx acme/app:1 docker.io/acme/app index.docker.io/acme/app"
    " registry-1.docker.io/acme/app registry.hub.docker.com/acme/app dhi.io/python",
    "ghcr": f"ghcr.io/acme/app@sha256:{'a' * 64} GHCR.IO/acme/app ghcr.io:443/acme/app",
    "quay": "quay.io/acme/app",
    "gcr": "gcr.io/acme/app eu.gcr.io/acme/app europe-west1-docker.pkg.dev/p/r/app"
    " mirror.gcr.io/library/nginx marketplace.gcr.io/google/nginx"
    " docker.us-east1.rep.pkg.dev/acme/images/app",
    "ecr": "public.ecr.aws/acme/app ecr-public.aws.com/acme/app",
}
NOBODYS = (
    "evilghcr.io/acme/app ghcr.io.evil.example/acme/app ghcr.io:80/acme/app ghcr.io:8443/acme/app"
    " xghcr.io/a/b gcr.io.evil.example/a evil-gcr.io/a x.us.gcr.io/a docker.io.evil.example/a/b"
    " registry.example/a localhost:5000/a 123456789012.dkr.ecr.eu-west-1.amazonaws.com/a"
    " acme.azurecr.io/a lscr.io/linuxserver/a"
)


def test_the_default_rows_answer_for_their_hosts() -> None:
    """#38: and for nothing else: hosts match label by label, never by suffix."""
    for kind, images in DEFAULTS.items():
        for image in images.split():
            row = Registry.objects.resolve(image)
            assert row is not None, image
            assert (row.kind, row.is_default) == (kind, True), image
    assert [image for image in NOBODYS.split() if resolved(image)] == []


def test_a_row_of_a_kind_that_is_no_more_answers_for_nothing() -> None:
    row = create("custom", url="https://reg.example")
    Registry.objects.filter(pk=row.pk).update(kind="gone")
    assert resolved("reg.example/a") is None


def test_nonsense_is_an_error() -> None:
    with pytest.raises(InvalidReference):
        Registry.objects.resolve("https://ghcr.io/Acme/app")


@pytest.mark.parametrize(
    ("url", "images", "others"),
    [
        (
            "https://reg.example",
            "reg.example/a reg.example:443/a REG.example/a",
            "reg.example:80/a areg.example/a",
        ),
        ("http://reg.example", "reg.example:80/a reg.example/a", "reg.example:443/a"),
        ("https://reg.example:5000", "reg.example:5000/a", "reg.example/a reg.example:50000/a"),
        ("https://reg.example/path", "reg.example/a", "reg.example:80/a"),
        ("http://localhost:5000", "localhost:5000/a", "localhost/a"),
        ("http://[::1]:5000", "[::1]:5000/a", "[::1]/a"),
    ],
)
def test_a_self_hosted_row_answers_for_host_and_port(url: str, images: str, others: str) -> None:
    create("custom", name="Own", url=url)
    assert {resolved(image) for image in images.split()} == {"Own"}
    assert {resolved(image) for image in others.split()} == {None}


ACCOUNT = "123456789012.dkr.ecr.{}.amazonaws.com/a"
NO_LOGIN = {"login": None, "password": None}
# Rows by name, and which images resolve to each.
ROWS: list[tuple[dict[str, tuple[str, dict[str, str | None]]], dict[str | None, str]]] = [
    ({"One": ("acr", {})}, {"One": "example.azurecr.io/a", None: "other.azurecr.io/a"}),
    # Without an address it answers for all that no other row has.
    (
        {"One": ("acr", {}), "Any": ("acr", {"url": None})},
        {
            "One": "example.azurecr.io/a",
            "Any": "other.azurecr.io/a other.azurecr.cn/a",
            None: "other.azurecr.io.evil.example/a",
        },
    ),
    (
        {"Ireland": ("ecr", {}), "Virginia": ("ecr", {"region": "us-east-1"})},
        {
            "Ireland": ACCOUNT.format("eu-west-1"),
            "Virginia": ACCOUNT.format("us-east-1"),
            None: ACCOUNT.format("eu-west-2"),
            "Amazon ECR Public": "public.ecr.aws/a/b",
        },
    ),
    # The public registry is the default row's unless a prefix says otherwise.
    (
        {"Public": ("ecr", {"prefix": "public.ecr.aws/acme"})},
        {
            "Public": "public.ecr.aws/acme/app",
            "Amazon ECR Public": "public.ecr.aws/other/app",
            None: ACCOUNT.format("eu-west-1"),
        },
    ),
    (
        {"Own": ("quay", {"url": "https://quay.example"})},
        {"Own": "quay.example/a/b", "Quay": "quay.io/a/b"},
    ),
    # A prefix ends at a slash. With a scheme in front an image was nonsense: people copy it so.
    (
        {"Acme": ("ghcr", {"prefix": "ghcr.io/acme"})},
        {
            "Acme": "ghcr.io/acme/app ghcr.io/acme/deep/app https://ghcr.io/acme/app"
            " oci://ghcr.io/acme/app docker://ghcr.io/acme/app",
            GHCR: "ghcr.io/acmeevil/app ghcr.io/other/acme",
        },
    ),
    # The longest prefix wins, even when anonymous.
    (
        {
            "All": ("hub", {}),
            "Acme": ("hub", {"prefix": "docker.io/acme", **NO_LOGIN}),
            "Deep": ("hub", {"prefix": "docker.io/acme/deep"}),
        },
        {"Deep": "acme/deep/app", "Acme": "acme/app", "All": "nginx"},
    ),
]


@pytest.mark.parametrize(("rows", "expected"), ROWS, ids=lambda one: "-".join(map(str, one)))
def test_which_row_answers(rows: Any, expected: dict[str | None, str]) -> None:
    for name, (kind, columns) in rows.items():
        create(kind, name=name, **columns)
    for name, images in expected.items():
        assert {resolved(image) for image in images.split()} == {name}


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
        assert resolved("ghcr.io/acme/app") == GHCR


def test_authenticated_before_anonymous_then_own_before_default_then_the_oldest() -> None:
    hub = Registry.objects.get(kind="hub", is_default=True)
    assert Registry.objects.resolve("nginx") == hub
    create("hub", name="Own anonymous", **NO_LOGIN)
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
