"""The audit tells CAs and access tokens apart, and stored secrets from typed ones."""

from django.db import migrations, models

from registries.migrations._repeatable import AddMissingField


class Migration(migrations.Migration):
    dependencies = [
        ("registries", "0011_handover"),
    ]

    operations = [
        AddMissingField(
            model_name="check",
            name="ca",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=600, verbose_name="own CA"
            ),
        ),
        AddMissingField(
            model_name="check",
            name="is_secret_stored",
            field=models.BooleanField(null=True, verbose_name="stored credentials"),
        ),
        AddMissingField(
            model_name="handover",
            name="token_key",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                max_length=64,
                verbose_name="token begins with",
            ),
        ),
    ]
