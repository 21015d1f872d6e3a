"""Forms, pages and registries' answers, with the database: never a traceback, never a torn row."""

from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from registries import services
from registries.client.errors import ClientError
from registries.forms import form_class
from registries.kinds import KINDS, Kind
from registries.models import Registry
from tests.factories import SAMPLES, build
from tests.fakes.server import FakeServer, Reply
from tests.fuzz.test_values import CHALLENGE, INDEX, LINK, PAUSES, as_received, typed
from tests.fuzz.texts import ODD, almost, anything, bodies, objects

pytestmark = pytest.mark.django_db

fuzz, fuzz_kind = settings.get_profile("fuzz"), settings.get_profile("fuzz-kind")
# What a browser can send: any text but half a character.
sent = typed.map(lambda text: text.encode("utf-8", "replace").decode())


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.slug)
@fuzz_kind
@given(st.data())
def test_every_field_of_every_form(kind: Kind, data: st.DataObject) -> None:
    """#63: errors at the fields, or a row that is saved and read back as it was taken."""
    form_type = form_class(kind)
    given_data: dict[str, Any] = {"name": "Fuzz", **SAMPLES[kind.slug]}
    names = st.sampled_from([*form_type.base_fields, *SAMPLES[kind.slug]])
    given_data.update(data.draw(st.dictionaries(names, typed, min_size=1, max_size=4)))
    with transaction.atomic():
        form = form_type(given_data, instance=Registry(kind=kind.slug))
        if form.is_valid():
            row = form.save()
            assert Registry.objects.get(pk=row.pk).values() == row.values()
        else:
            assert all(str(error) for errors in form.errors.values() for error in errors)
        transaction.set_rollback(True)


@pytest.fixture
def admin() -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create_superuser("admin"))
    return client


ADMIN, API = (
    reverse("admin:registries_registry_changelist"),
    reverse("registries_api:registry-list"),
)
PLACES = (
    ADMIN,
    ADMIN,
    ADMIN,
    f"{ADMIN}add/",
    f"{ADMIN}{{text}}/change/",
    API,
    f"{API}{{pk}}/tags/",
    f"{API}{{pk}}/digest/",
    f"{API}{{text}}/",
    reverse("registries_api:resolve"),
    f"{reverse('registries_api:kind-list')}{{text}}/",
)
# Parameters of pages and of the API, columns, and lookups that Django would know.
PARAMETERS = (
    "kind", "kind__exact", "state", "verdict", "is_default", "is_default__exact", "search", "q",
    "ordering", "o", "page", "p", "page_size", "image", "repository", "reference", "e", "next",
    "_to_field", "_popup", "_changelist_filters", "name__regex", "password__startswith", "id__in",
)  # fmt: skip
queries = st.dictionaries(
    st.sampled_from(PARAMETERS), st.sampled_from([*ODD, "-1", "9" * 30]) | sent, max_size=2
)


@fuzz
@given(st.sampled_from(PLACES), queries, sent)
def test_every_query(admin: Client, place: str, query: dict[str, str], text: str) -> None:
    """#14, #29, #63: no query makes a page fail."""
    row = Registry.objects.filter(kind="quay", is_default=True).get()
    path = place.replace("{pk}", str(row.pk)).replace("{text}", text.replace("/", "")[:200] or "x")
    clean = {name: value.encode("utf-8", "replace") for name, value in query.items()}
    with transaction.atomic():
        # Nothing is to be called here: what a registry says is the next test.
        if "repository" not in clean:
            assert admin.get(path, clean).status_code < HTTPStatus.INTERNAL_SERVER_ERROR
        transaction.set_rollback(True)


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer(lambda _request: Reply()) as server:
        yield server


statuses = st.sampled_from(
    [200, 200, 200, 200, 401, 401, 204, 301, 302, 307, 400, 403, 404, 405, 429, 500]
)
answers_headers = st.fixed_dictionaries(
    {},
    optional={
        "WWW-Authenticate": almost(*CHALLENGE, "{origin}/token"),
        "Link": almost(*LINK),
        "Retry-After": almost(*PAUSES),
        "Location": almost("{origin}", "/v2/", "https://evil.invalid", "//", "\\", "@"),
        "Content-Type": almost("application/vnd.oci.image.index.v1+json", ";", "text/html"),
        "Docker-Content-Digest": almost("sha256:", "a" * 64),
        "Content-Encoding": st.sampled_from(["gzip", "br", "identity", ""]),
    },
)
replies = st.builds(
    Reply,
    statuses,
    bodies(INDEX | objects(token=anything, tags=st.lists(anything, max_size=3))),
    answers_headers,
)


@fuzz
@given(st.lists(replies, min_size=1, max_size=4), st.booleans())
def test_every_answer_of_a_registry(
    server: FakeServer, replies: list[Reply], is_anonymous: bool
) -> None:
    """#40 to #44: a verdict, a result or a ClientError, whatever a registry answers in turn."""

    def headers(reply: Reply) -> dict[str, str]:
        return {
            name: as_received(value.replace("{origin}", server.origin)).replace("\0", "").strip()
            for name, value in dict(reply.headers).items()
        }

    turn = iter(range(10_000))

    def answer(_request: object) -> Reply:
        reply = replies[next(turn) % len(replies)]
        return Reply(reply.status, reply.body, headers(reply))

    server.handler = answer
    secrets = {"login": None, "password": None} if is_anonymous else {}
    row = build("custom", url=server.origin, **secrets)
    assert str(services.check(row).detail)
    for call in (
        lambda: services.list_tags(row, "team/app"),
        lambda: services.get_manifest(row, "team/app", "1"),
    ):
        with suppress(ClientError):
            call()
