"""Every check is kept with who asked for it, from where and of which address."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from registries.migrations._repeatable import AddMissingField, AddMissingIndex


def forget_checks_without_row(apps: Any, schema_editor: Any) -> None:
    """On the way back: earlier versions keep the checks of stored rows alone."""
    checks = apps.get_model("registries", "Check").objects.using(schema_editor.connection.alias)
    checks.filter(registry=None).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("registries", "0008_stranger"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="check",
            options={
                "default_permissions": ("view",),
                "ordering": ("-checked_at", "-pk"),
                "verbose_name": "check",
                "verbose_name_plural": "checks",
            },
        ),
        AddMissingField(
            model_name="check",
            name="address",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=600, verbose_name="address"
            ),
        ),
        AddMissingField(
            model_name="check",
            name="is_recent",
            field=models.BooleanField(db_default=True, default=True),
        ),
        AddMissingField(
            model_name="check",
            name="keep_until",
            field=models.DateTimeField(null=True),
        ),
        AddMissingField(
            model_name="check",
            name="kind",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=20, verbose_name="kind"
            ),
        ),
        AddMissingField(
            model_name="check",
            name="origin",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=20, verbose_name="asked from"
            ),
        ),
        AddMissingField(
            model_name="check",
            name="registry_name",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=100, verbose_name="name"
            ),
        ),
        AddMissingField(
            model_name="check",
            name="trust",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=20, verbose_name="certificate"
            ),
        ),
        AddMissingField(
            model_name="check",
            name="user_id",
            field=models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
        AddMissingField(
            model_name="check",
            name="user_name",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=255, verbose_name="user"
            ),
        ),
        migrations.AlterField(
            model_name="check",
            name="checked_at",
            field=models.DateTimeField(verbose_name="checked"),
        ),
        migrations.AlterField(
            model_name="check",
            name="code",
            field=models.CharField(max_length=50, verbose_name="code"),
        ),
        migrations.AlterField(
            model_name="check",
            name="registry",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="checks",
                to="registries.registry",
                verbose_name="registry",
            ),
        ),
        migrations.AlterField(
            model_name="check",
            name="seconds",
            field=models.FloatField(default=0, verbose_name="seconds"),
        ),
        migrations.AlterField(
            model_name="check",
            name="verdict",
            field=models.CharField(max_length=20, verbose_name="verdict"),
        ),
        AddMissingIndex(
            model_name="check",
            index=models.Index(
                fields=["registry", "is_recent", "-checked_at", "-id"],
                name="registries_check_recent",
            ),
        ),
        AddMissingIndex(
            model_name="check",
            index=models.Index(
                fields=["keep_until", "registry", "-checked_at", "-id"],
                name="registries_check_over",
            ),
        ),
        AddMissingIndex(
            model_name="check",
            index=models.Index(fields=["user_id", "-checked_at"], name="registries_check_user"),
        ),
        AddMissingIndex(
            model_name="check",
            index=models.Index(fields=["-checked_at", "-id"], name="registries_check_latest"),
        ),
        migrations.RunPython(migrations.RunPython.noop, forget_checks_without_row),
    ]
