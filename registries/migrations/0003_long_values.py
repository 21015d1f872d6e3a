from typing import Any

from django.db import migrations, models
from django.db.models.functions import Length

# The variables that are no secrets, and how long the columns were that held them.
LIMITS = {
    "accesskey": 255,
    "account": 255,
    "authurl": 512,
    "clientemail": 255,
    "clientid": 255,
    "login": 255,
    "namespace": 255,
    "region": 255,
    "tenantid": 255,
    "url": 512,
    "username": 255,
}


def refuse_long(apps: Any, schema_editor: Any) -> None:
    """Nothing is cut on the way back: PostgreSQL would do it without a word."""
    rows = apps.get_model("registries", "Registry").objects.using(schema_editor.connection.alias)
    for name, limit in LIMITS.items():
        long = (
            rows.annotate(size=Length(name)).filter(size__gt=limit).values_list("name", flat=True)
        )
        if names := list(long):
            raise ValueError(f"Before going back, shorten {name} to {limit} characters in: {names}")


class Migration(migrations.Migration):
    dependencies = [
        ("registries", "0002_lists"),
    ]

    operations = [
        *(
            migrations.AlterField(
                model_name="registry",
                name=name,
                field=models.TextField(blank=True, null=True),
            )
            for name in LIMITS
        ),
        migrations.RunPython(migrations.RunPython.noop, refuse_long),
    ]
