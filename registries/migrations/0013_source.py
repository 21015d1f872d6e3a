"""Files that own rows: which one, what it said, and who releases a row from it."""

from django.db import migrations, models

from registries.migrations._repeatable import AddMissingField, AddMissingIndex


class Migration(migrations.Migration):
    dependencies = [
        ("registries", "0012_audit_details"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="registry",
            options={
                "ordering": ("name_key",),
                "permissions": [
                    ("query_registry", "Can make the site call a registry"),
                    ("hand_over_registry", "Can hand over a registry's credentials"),
                    ("release_registry", "Can release a registry from the file that owns it"),
                ],
                "verbose_name": "registry",
                "verbose_name_plural": "registries",
            },
        ),
        AddMissingField(
            model_name="registry",
            name="source",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                editable=False,
                max_length=100,
                verbose_name="owned by file",
            ),
        ),
        AddMissingField(
            model_name="registry",
            name="applied",
            field=models.JSONField(editable=False, null=True),
        ),
        AddMissingIndex(
            model_name="registry",
            index=models.Index(fields=["source", "name_key"], name="registries_source_name"),
        ),
        migrations.CreateModel(
            name="Source",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100, unique=True)),
                ("applied_at", models.DateTimeField()),
            ],
            options={"default_permissions": ()},
        ),
    ]
