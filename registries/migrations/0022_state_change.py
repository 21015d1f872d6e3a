"""The rows that need attention, or are fine again."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registries", "0021_delivery"),
    ]

    operations = [
        migrations.CreateModel(
            name="StateChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("registry_name", models.CharField(max_length=100)),
                ("kind", models.CharField(blank=True, default="", max_length=20)),
                ("host", models.CharField(blank=True, default="", max_length=255)),
                (
                    "state",
                    models.CharField(
                        choices=[("fine", "fine"), ("attention", "needs attention")], max_length=20
                    ),
                ),
                (
                    "previous",
                    models.CharField(
                        blank=True,
                        choices=[("fine", "fine"), ("attention", "needs attention")],
                        default="",
                        max_length=20,
                    ),
                ),
                ("verdict", models.CharField(max_length=20)),
                ("code", models.CharField(max_length=50)),
                ("params", models.JSONField(default=dict)),
                ("changed_at", models.DateTimeField()),
                (
                    "notification",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="changes",
                        to="registries.notification",
                    ),
                ),
                (
                    "registry",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="state_changes",
                        to="registries.registry",
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["host", "changed_at"], name="registries_change_host")
                ],
            },
        ),
    ]
