"""What applying a file changed stands in the history of its rows."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registries", "0013_source"),
    ]

    operations = [
        migrations.CreateModel(
            name="SourceChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("registry_name", models.CharField(max_length=100)),
                ("source", models.CharField(max_length=100)),
                (
                    "deed",
                    models.CharField(
                        choices=[
                            ("created", "added"),
                            ("changed", "changed"),
                            ("adopted", "adopted"),
                            ("reset", "reset to default"),
                            ("deleted", "deleted"),
                        ],
                        max_length=10,
                    ),
                ),
                ("fields", models.TextField(blank=True, default="")),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "registry",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="source_changes",
                        to="registries.registry",
                    ),
                ),
            ],
            options={
                "ordering": ("-changed_at", "-pk"),
                "default_permissions": (),
                "indexes": [
                    models.Index(
                        fields=["registry", "-changed_at", "-id"], name="registries_source_change"
                    )
                ],
            },
        ),
    ]
