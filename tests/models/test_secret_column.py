"""Secrets in queries and templates: read as they are, or asked whether they are set."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.exceptions import FieldError
from django.db import transaction
from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    Max,
    OuterRef,
    Q,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.expressions import ExpressionWrapper, RawSQL
from django.db.models.functions import Cast, Coalesce, Concat, Length, Substr, Upper
from django.template import engines
from django.utils import timezone

from registries.models import Check, Registry
from registries.secrets.sealing import Secret
from tests.factories import create

pytestmark = pytest.mark.django_db


def checked() -> Registry:
    row = create("custom")
    row.checks.create(verdict="valid", code="signed_in", checked_at=timezone.now())
    return row


ONE = Registry.objects.values("password")[:1]


@contextmanager
def refused() -> Iterator[None]:
    """Not with any FieldError: Django has some of its own."""
    with pytest.raises(FieldError, match=r"(?i)secret"), transaction.atomic():
        yield


# Expressions that would carry the ciphertext elsewhere.
NAMING: dict[str, Callable[[], Any]] = {
    "F": lambda: F("password"),
    "Concat": lambda: Concat(Value("x"), F("token"), output_field=CharField()),
    "Cast": lambda: Cast("password", TextField()),
    "Coalesce": lambda: Coalesce("auth", "name", output_field=TextField()),
    "Upper of Substr": lambda: Upper(Substr("secretaccesskey", 1, 9)),
    "ExpressionWrapper": lambda: ExpressionWrapper(F("clientsecret"), output_field=CharField()),
    "Case": lambda: Case(When(kind="custom", then=F("password")), output_field=CharField()),
    "Case by a secret": lambda: Case(
        When(Q(name=Upper("password")), then=Value("x")), default=Value("y")
    ),
    "Subquery": lambda: Subquery(Registry.objects.values("password")[:1]),
    "Subquery of an annotation": lambda: Subquery(
        Registry.objects.annotate(x=Length("password")).values("x")[:1]
    ),
    "outer": lambda: Subquery(
        Registry.objects.filter(pk=OuterRef("pk")).values(x=OuterRef("password"))[:1]
    ),
}


@pytest.mark.parametrize("name", NAMING)
def test_no_update_copies_a_secret(name: str) -> None:
    """#103: neither into a column that is shown, nor through the rows of `bulk_update`."""
    row = create("custom")
    with refused():
        Registry.objects.update(prefix=NAMING[name]())
    with refused():
        Registry._base_manager.filter(pk=row.pk).update(name=NAMING[name]())
    row.name = NAMING[name]()
    with refused():
        Registry.objects.bulk_update([row], ["name"])
    assert set(Registry.objects.values_list("prefix", flat=True)) == {""}


@pytest.mark.parametrize("name", NAMING)
def test_no_annotation_reads_a_secret_as_text(name: str) -> None:
    """#103: no ciphertext leaves a query without being a Secret."""
    create("custom")
    rows, x = Registry.objects, NAMING[name]
    for query in (
        rows.annotate,
        lambda x: rows.annotate(x=x).values_list("x"),
        lambda x: rows.alias(x=x).filter(x=1),
    ):
        with refused():
            list(query(x=x()))


@pytest.mark.parametrize("combine", ["union", "intersection", "difference"])
def test_no_secret_stands_below_another_column(combine: str) -> None:
    """#103: the database would hand it out as that column, in its encrypted form."""
    names, secrets = Registry.objects.values_list("name"), Registry.objects.values_list("password")
    for one, other in ((names, secrets), (secrets, names), (names, names.values_list("token"))):
        with refused():
            list(getattr(one.order_by(), combine)(other.order_by()))
    # Since Django 6.1 the model's own order counts again once queries are combined.
    same = getattr(secrets.order_by(), combine)(secrets.order_by()).order_by()
    assert all(secret is None or isinstance(secret, Secret) for (secret,) in same)


def test_other_models_read_none_either() -> None:
    """#103: through a relation, or a subquery of their own."""
    checked()
    queries: list[Callable[[], Any]] = [
        lambda: LogEntry.objects.update(change_message=Subquery(ONE)),
        lambda: list(Check.objects.annotate(x=F("registry__password"))),
        lambda: list(Check.objects.annotate(x=Upper("registry__password"))),
        lambda: list(Check.objects.filter(code__in=Registry.objects.values("password"))),
        lambda: list(Registry.objects.filter(name__in=Registry.objects.values("token"))),
        lambda: list(Registry.objects.filter(name=F("password"))),
        lambda: list(Registry.objects.filter(name__contains=F("password"))),
        lambda: Registry.objects.aggregate(x=Max("password")),
        lambda: Registry.objects.aggregate(x=Count("password", distinct=True)),
    ]
    for query in queries:
        with refused():
            query()


def test_no_update_by_sql_of_ones_own() -> None:
    """#103: as far as a text of SQL can be read."""
    for sql in ("password", 'UPPER("registries_registry"."TOKEN")', "kind || auth"):
        for expression in (RawSQL(sql, ()), Concat(RawSQL(sql, ()), Value(""))):
            with refused():
                Registry.objects.update(name=expression)


def test_what_reads_secrets_as_they_are() -> None:
    """Whole rows, single columns, other rows beside them, counted, sorted and put together."""
    row = checked()
    mine = Registry.objects.filter(pk=row.pk).order_by()
    assert mine.get().password.reveal() == "fake-password"
    passwords = mine.values_list("password", flat=True)
    rows = [
        *passwords,
        *(item["password"] for item in mine.values("name", "password")),
        *(item.password for item in mine.only("password")),
        *(item.password for item in mine.annotate(n=Count("checks"))),
        *(item.password for item in mine.annotate(s=Q(password__isnull=False)).filter(s=True)),
        *(item.password for item in mine.union(mine, all=True).order_by()),
        *(item.password for item in mine.distinct()),
        *(item.registry.password for item in Check.objects.select_related("registry")),
        *passwords.union(passwords).order_by(),
    ]
    assert len(rows) == 10
    assert all(isinstance(item, Secret) and item.token for item in rows)
    assert mine.distinct().count() == mine.count() == 1
    assert mine.filter(password__isnull=False, token__isnull=True).exists()
    assert Registry.objects.filter(pk__in=mine.filter(password__isnull=False)).get() == row
    assert Registry.objects.filter(Exists(mine.filter(password__isnull=False))).exists()
    assert mine.filter(password__isnull=False).update(name="B") == 1
    assert mine.update(name=Upper("kind")) == 1
    assert mine.update(name=RawSQL("UPPER(%s)", ("password",))) == 1
    assert mine.aggregate(n=Count("pk"), m=Max("name"))["n"] == 1


TEMPLATES = [
    "{{ row.values }}",
    "{{ row.values.password }}",
    "{% for name, value in row.values.items %}{{ value }}{% endfor %}",
    "{{ row.password.reveal }}",
    "{% with secret=row.password.reveal %}{{ secret }}{% endwith %}",
    "{{ row.password }}{{ row.password|pprint }}{{ row.password|stringformat:'r' }}",
    "{% for row in rows %}{{ row.values }}{{ row.password.reveal }}{% endfor %}",
    "{% firstof row.password.reveal row.values %}",
]


@pytest.mark.parametrize("template", TEMPLATES)
def test_no_template_shows_a_secret(template: str) -> None:
    """#102: whoever may write templates, of mails for instance, reads no secret with them."""
    row = create("custom", password="c4n4ry", login="johndoe")
    row = Registry.objects.get(pk=row.pk)
    context = {"row": row, "rows": Registry.objects.all()}
    output = engines["django"].from_string(template).render(context)
    assert "c4n4ry" not in output
    assert "johndoe" not in output
    fresh = {"row": Registry(kind="custom", password="c4n4ry"), "rows": []}
    assert "c4n4ry" not in engines["django"].from_string(template).render(fresh)
    # What is no secret is read as ever.
    text = engines["django"].from_string("{{ row.login }}{{ row.plain_values.login }}")
    assert text.render(context) == "johndoe" * 2
