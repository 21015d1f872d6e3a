"""When each row is checked again, and how often."""

from django.db import migrations, models

import registries.models.validation
from registries.migrations._repeatable import AddMissingField, AddMissingIndex


class Migration(migrations.Migration):
    dependencies = [
        ("registries", "0014_source_change"),
    ]

    operations = [
        AddMissingField(
            model_name="registry",
            name="check_every",
            field=models.PositiveIntegerField(
                blank=True,
                null=True,
                validators=[registries.models.validation.valid_period],
                verbose_name="check every",
            ),
        ),
        AddMissingField(
            model_name="registry",
            name="check_host",
            field=models.CharField(
                blank=True, db_default="", default="", editable=False, max_length=255
            ),
        ),
        AddMissingField(
            model_name="registry",
            name="failures",
            field=models.PositiveSmallIntegerField(db_default=0, default=0, editable=False),
        ),
        AddMissingField(
            model_name="registry",
            name="next_check",
            field=models.BigIntegerField(
                db_default=0, default=0, editable=False, null=True, verbose_name="next check"
            ),
        ),
        AddMissingIndex(
            model_name="registry",
            index=models.Index(fields=["next_check", "check_host"], name="registries_due"),
        ),
        AddMissingIndex(
            model_name="registry",
            index=models.Index(fields=["checking_until", "check_host"], name="registries_checking"),
        ),
    ]
