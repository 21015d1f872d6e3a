"""What is told, and who was told."""

import uuid

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registries", "0019_health"),
    ]

    operations = [
        migrations.CreateModel(
            name="Notification",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("kind", models.CharField(max_length=40, verbose_name="about")),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("attention", "needs attention"),
                            ("fine", "fine again"),
                            ("info", "for information"),
                        ],
                        max_length=20,
                        verbose_name="level",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="time"),
                ),
                ("subject", models.CharField(max_length=200, verbose_name="subject")),
                ("lines", models.JSONField(default=list)),
                ("link", models.CharField(blank=True, default="", max_length=500)),
                ("data", models.JSONField(default=dict)),
                (
                    "user_name",
                    models.CharField(blank=True, default="", max_length=255, verbose_name="user"),
                ),
            ],
            options={
                "verbose_name": "notification",
                "verbose_name_plural": "notifications",
                "ordering": ("-created_at", "-pk"),
                "permissions": [
                    ("send_notification", "Can send test messages, and failed ones again")
                ],
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(fields=["-created_at", "-id"], name="registries_notification_new")
                ],
            },
        ),
    ]
