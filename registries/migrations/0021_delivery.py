"""How a notification was delivered to each receiver."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registries", "0020_notification"),
    ]

    operations = [
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("receiver", models.CharField(max_length=64)),
                ("label", models.CharField(max_length=300)),
                (
                    "status",
                    models.CharField(
                        choices=[("pending", "waiting"), ("sent", "sent"), ("failed", "failed")],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("due_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("leased_until", models.DateTimeField(null=True)),
                ("tried_at", models.DateTimeField(null=True)),
                ("code", models.CharField(blank=True, default="", max_length=50)),
                ("params", models.JSONField(default=dict)),
                (
                    "notification",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="registries.notification",
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["status", "due_at", "id"], name="registries_delivery_due")
                ],
            },
        ),
    ]
