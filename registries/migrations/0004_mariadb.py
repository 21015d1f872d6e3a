"""Names are told apart on MariaDB as elsewhere; what a default row is of becomes a column."""

from typing import Any

import registries.models.names
from django.db import migrations, models


def one_default_a_kind(apps: Any, editor: Any) -> None:
    """Keep one default row of each kind; others stay as rows that are none.

    MariaDB has let several stand. The one that holds secrets is kept, else the oldest.
    """
    model = apps.get_model("registries", "Registry")
    rows = model.objects.using(editor.connection.alias).filter(is_default=True)
    for kind in set(rows.values_list("kind", flat=True)):
        _best, *others = rows.filter(kind=kind).order_by("-has_secrets", "created_at", "id")
        rows.filter(pk__in=[row.pk for row in others]).update(is_default=False)


class Migration(migrations.Migration):
    dependencies = [
        ("registries", "0003_long_values"),
    ]

    operations = [
        migrations.RunPython(one_default_a_kind, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            model_name="registry",
            name="name_key",
            field=registries.models.names.KeyField(editable=False, max_length=255, unique=True),
        ),
        migrations.AddField(
            model_name="registry",
            name="default_kind",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Case(
                    models.When(is_default=True, then=models.F("kind")),
                ),
                output_field=models.CharField(max_length=20),
            ),
        ),
    ]
