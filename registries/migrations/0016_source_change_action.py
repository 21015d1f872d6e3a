"""The field's name for what was done to a row."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("registries", "0015_schedule"),
    ]

    operations = [
        migrations.RenameField(
            model_name="sourcechange",
            old_name="deed",
            new_name="action",
        ),
    ]
