"""Rows that answer for the same images: who may add one, and how both tell of each other."""

import re
from typing import Any

import pytest
import trustme
from django.contrib.auth.models import User

from registries.admin.display import answers
from registries.models import Registry
from registries.resolving.rivals import overlaps, rivals
from registries.resolving.shadows import shadows
from tests.factories import build, create
from tests.screens import LIST, text_of, user_with

pytestmark = pytest.mark.django_db


ANONYMOUS: dict[str, Any] = {"login": None, "password": None}
HOST = "registry.example:5000"
CERTIFICATE = trustme.CA().cert_pem.bytes().decode()
# What somebody adds, and in what it differs from the row that is used for the same images; nothing
# where it reads them alike, or others.
BESIDE = [
    # Beside a row at https://registry.example:5000 with credentials.
    ("custom", {}, set()),
    ("custom", {"url": "https://other.example"}, set()),
    ("custom", {"url": "https://registry.example"}, set()),
    ("custom", {"url": f"http://{HOST}"}, {"scheme"}),
    (
        "custom",
        {"url": f"http://{HOST}", "prefix": f"{HOST}/team"},
        {"scheme", "images"},
    ),
    ("custom", {"url": f"https://{HOST}/elsewhere"}, {"address"}),
    ("custom", {"authurl": "https://auth.example"}, {"address"}),
    ("custom", {"prefix": f"{HOST}/team/app"}, {"images"}),
    ("custom", {"verify_tls": False}, {"verification of the certificate"}),
    ("custom", {"ca_certificate": CERTIFICATE}, {"CA certificate"}),
    ("custom", ANONYMOUS, {"credentials"}),
    ("gitea", {"url": f"https://{HOST}"}, {"kind"}),
    # Beside the default row of a hosted kind, which is anonymous; by names and by patterns.
    ("ghcr", {"username": None, "token": None}, set()),
    ("ghcr", {}, {"credentials"}),
    ("ghcr", {"prefix": "ghcr.io/acme"}, {"credentials", "images"}),
    ("custom", {"url": "https://ghcr.io", **ANONYMOUS}, {"kind"}),
    ("custom", {"url": "http://ghcr.io", **ANONYMOUS}, {"kind", "scheme"}),
    (
        "custom",
        {"url": "http://ghcr.io", "prefix": "ghcr.io/acme/app", **ANONYMOUS},
        {"kind", "scheme", "images"},
    ),
    ("custom", {"url": "https://notghcr.io", **ANONYMOUS}, set()),
    (
        "gcr",
        {"clientemail": None, "privatekey": None, "prefix": "eu.gcr.io/p"},
        {"images"},
    ),
    ("ecr", {}, set()),
    ("custom", {"url": "https://eu.gcr.io", **ANONYMOUS}, {"kind"}),
]


@pytest.mark.parametrize(("slug", "columns", "differs"), BESIDE)
def test_a_row_beside_another_says_in_what_it_differs(
    slug: str, columns: dict[str, Any], differs: set[str]
) -> None:
    """#95: and that one says the same of it."""
    create("custom")
    row = create(slug, **columns)
    result = list(rivals(row))
    assert [set(rival.differs) for rival in result] == ([differs] if differs else [])
    for rival in result:
        [back] = [other for other in rivals(rival.row) if other.row == row]
        assert set(back.differs) == differs
        assert back.comes_first is not rival.comes_first


def test_rows_of_two_prefixes_never_meet() -> None:
    create("custom", url="https://r.example", prefix="r.example/one")
    row = create("custom", url="http://r.example", prefix="r.example/one-more")
    assert list(rivals(row)) == []
    assert list(rivals(build("custom", url="http://r.example", prefix="r.example/two"))) == []


def test_a_port_that_may_be_left_out_makes_no_other_host() -> None:
    stored = create("custom", url="http://r.example")
    row = create("custom", url="https://r.example:80")
    assert [rival.row for rival in rivals(row)] == [stored]


FORM = {"name": "Mine", "url": f"http://{HOST}", "prefix": f"{HOST}/team", "verify_tls": "on"}


def test_who_may_add_alone_takes_nothing_over(settings: Any) -> None:
    """#95: a longer prefix of his own would have read an existing row's images over http."""
    stored = create("custom", name="Ours")
    client = user_with("view", "add")
    page = text_of(client.post(f"{LIST}add/?kind=custom", FORM))
    assert "“Ours” is already used for these images, and differs in: scheme" in page
    assert "Ask somebody who may change registries" in page
    assert not Registry.objects.filter(name="Mine").exists()
    assert Registry.objects.resolve(f"{HOST}/team/app") == stored
    other = {**FORM, "url": "https://mine.example", "prefix": ""}
    assert client.post(f"{LIST}add/?kind=custom", other).status_code == 302


def test_a_row_that_he_may_not_see_is_not_named() -> None:
    create("custom", name="Ours")
    page = text_of(user_with("add").post(f"{LIST}add/?kind=custom", FORM))
    assert "Another registry is already used for these images" in page
    assert "Ours" not in page


def test_who_may_change_adds_it_and_both_tell_of_each_other() -> None:
    """#95: on the page of each, with what is different and which comes first."""
    ours = create("custom", name="Ours")
    client = user_with("view", "add", "change")
    assert client.post(f"{LIST}add/?kind=custom", FORM).status_code == 302
    mine = Registry.objects.get(name="Mine")
    pages = [text_of(client.get(f"{LIST}{row.pk}/change/")) for row in (ours, mine)]
    assert f'<a href="{LIST}{mine.pk}/change/">Mine</a>' in pages[0]
    assert f'<a href="{LIST}{ours.pk}/change/">Ours</a>' in pages[1]
    assert "“Mine” is used first for images that fit both." in pages[0]
    assert "This one is used before “Ours” for images that fit both." in pages[1]
    for page in pages:
        assert "What differs: scheme, images, credentials." in page


def test_a_row_alone_tells_of_none() -> None:
    row = create("custom")
    page = text_of(user_with("view").get(f"{LIST}{row.pk}/change/"))
    assert "is used" not in page


# Which of two rows leaves no image to the other: the place of that one, or nothing.
SHADOWS = [
    # The same address twice: the older one.
    (("custom", {}), ("custom", {}), 1),
    (("custom", ANONYMOUS), ("custom", {}), 0),
    (("custom", {}), ("custom", {"prefix": HOST}), 0),
    (("custom", {}), ("custom", {"prefix": f"{HOST}/team"}), None),
    (("custom", {"prefix": f"{HOST}/a"}), ("custom", {"prefix": f"{HOST}/a"}), 1),
    (("custom", {"prefix": f"{HOST}/a"}), ("custom", {"prefix": f"{HOST}/ab"}), None),
    (("custom", {"url": "http://r.example:80"}), ("custom", {"url": "http://r.example"}), 1),
    (("custom", {}), ("gitea", {"url": f"https://{HOST}"}), 1),
    # Rows of one kind with the same prefix, and the kind's whole host beside one of them.
    (("ghcr", {"prefix": "ghcr.io/a"}), ("ghcr", {"prefix": "ghcr.io/a"}), 1),
    (("ecr", {}), ("ecr", {}), 1),
    (("ecr", {}), ("ecr", {"region": "eu-central-1"}), None),
    (("lscr", {}), ("custom", {"url": "https://lscr.io"}), 1),
    (("custom", {"url": "https://lscr.io"}), ("lscr", {}), 1),
    # A row that names one host of several leaves the others.
    (("acr", {}), ("acr", {"url": None}), None),
]


@pytest.mark.parametrize(("older", "younger", "unused"), SHADOWS)
def test_a_row_that_is_never_used_knows_which_one_is(
    older: Any, younger: Any, unused: int | None
) -> None:
    rows = [create(kind, **columns) for kind, columns in (older, younger)]
    expected = {} if unused is None else {rows[unused].pk: rows[1 - unused]}
    stored = list(Registry.objects.filter(pk__in=[row.pk for row in rows]))
    assert shadows(stored) == expected
    for row, other in zip(rows, reversed(rows), strict=True):
        [takes_all] = [overlap.takes_all for overlap in overlaps(row) if overlap.row == other] or [
            False
        ]
        assert takes_all is (unused is not None)


def test_two_rows_for_one_host_each_shadow_a_part() -> None:
    """Docker Hub has two hosts: only together do they leave nothing to the default row."""
    default = Registry.objects.get(kind="hub", is_default=True)
    create("hub", prefix="docker.io")
    assert shadows([default]) == {}
    second = create("hub", prefix="dhi.io")
    create("hub", prefix="docker.io/acme")
    assert shadows([default]) == {default.pk: Registry.objects.get(prefix="docker.io")}
    second.delete()
    assert shadows([default]) == {}


def test_shadows_are_found_with_one_query(django_assert_num_queries: Any) -> None:
    rows = [create("custom", url=f"https://r{number % 5}.example") for number in range(20)]
    rows += [create("hub") for _ in range(3)]
    with django_assert_num_queries(1):
        result = shadows(rows)
    assert len(result) == 17


def test_a_second_row_for_the_same_images_is_told_of_at_every_step() -> None:
    """While it is typed, when it is saved, and on the list."""
    ours = create("custom", name="Ours")
    client = user_with("view", "add", "change")
    typed = {"name": "Mine", "url": f"https://{HOST}", "login": "johndoe", "sign_in": "password"}
    page = text_of(client.post(f"{LIST}used-for/?kind=custom", typed))
    assert "“Ours” is used for all of these images, so this one is never used." in page
    added = client.post(f"{LIST}add/?kind=custom", {**typed, "password": "fake"}, follow=True)
    page = text_of(added)
    assert "“Mine” is never used: “Ours” is used for all of its images." in page
    assert "Shadowed" in page
    assert f'<a href="{LIST}{ours.pk}/change/">Ours</a> is used instead.' in page
    page = text_of(client.get(LIST, {"view": "table"}, follow=True))
    assert f'<a href="{LIST}{ours.pk}/change/">Ours</a> is used instead.' in page
    # A longer prefix comes first, and the other way round.
    mine = Registry.objects.get(name="Mine")
    whole = {**typed, "prefix": HOST, "password_do": "keep"}
    page = text_of(client.post(f"{LIST}used-for/?kind=custom&row={mine.pk}", whole))
    assert "This one is used instead of “Ours”, which is then never used." in page
    page = text_of(client.post(f"{LIST}{mine.pk}/change/", whole, follow=True))
    assert "“Mine” is now used instead of “Ours”." in page
    # Saved again as it is, it says nothing new.
    page = text_of(client.post(f"{LIST}{mine.pk}/change/", {**whole, "name": "M"}, follow=True))
    assert "is now used instead" not in page


def test_what_is_typed_is_used_for_says_what_the_check_will_say() -> None:
    """#16: one source for the hosts of a row, with the credentials that are yet to be typed."""
    client = user_with("view", "add", "change")
    typed = {"region": "eu-west-1", "sign_in": "keys"}
    page = text_of(client.post(f"{LIST}used-for/?kind=ecr", typed))
    row = create("ecr", region="eu-west-1")
    assert re.sub("<wbr>", "", page).count(answers(row)) == 1
    assert "public.ecr.aws" not in page
    assert "the host above" in text_of(client.post(f"{LIST}used-for/?kind=custom", {"url": "ftp:"}))


def test_who_may_not_change_a_row_is_not_told_what_it_is_used_for() -> None:
    row = create("custom")
    viewer = user_with("view")
    for query in ("kind=custom", f"kind=custom&row={row.pk}"):
        assert viewer.post(f"{LIST}used-for/?{query}", {"url": row.url}).status_code == 403
    User.objects.all().delete()
    adder = user_with("add")
    page = text_of(adder.post(f"{LIST}used-for/?kind=custom", {"url": row.url}))
    assert "Another registry is used first" in page or "Another registry is used for all" in page
    assert row.name not in page
    for query in ("kind=nonsense", "", f"row={row.pk + 1}"):
        assert adder.post(f"{LIST}used-for/?{query}").status_code in {400, 403}
