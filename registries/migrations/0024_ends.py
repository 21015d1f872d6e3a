"""When credentials end, and how many checks of each day were fine."""

from django.db import migrations, models

from registries.migrations._repeatable import AddMissingField, AddMissingIndex


class Migration(migrations.Migration):
    dependencies = [
        ("registries", "0023_gone_receiver"),
    ]

    operations = [
        AddMissingField(
            model_name="registry",
            name="check_days",
            field=models.JSONField(editable=False, null=True),
        ),
        AddMissingField(
            model_name="registry",
            name="expires_on",
            field=models.DateField(blank=True, null=True, verbose_name="credentials end on"),
        ),
        AddMissingField(
            model_name="registry",
            name="expires_on_source",
            field=models.CharField(
                blank=True, db_default="", default="", editable=False, max_length=10
            ),
        ),
        AddMissingField(
            model_name="registry",
            name="reminded_before",
            field=models.PositiveSmallIntegerField(editable=False, null=True),
        ),
        AddMissingIndex(
            model_name="registry",
            index=models.Index(fields=["expires_on", "name_key"], name="registries_ends"),
        ),
    ]
