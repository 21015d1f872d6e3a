"""Until when each row is thought to wait in a queue of tasks."""

from django.db import migrations, models

from registries.migrations._repeatable import AddMissingField


class Migration(migrations.Migration):
    dependencies = [
        ("registries", "0016_source_change_action"),
    ]

    operations = [
        AddMissingField(
            model_name="registry",
            name="enqueued_until",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
