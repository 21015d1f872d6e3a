"""The webhooks to which nothing is sent any more."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registries", "0022_state_change"),
    ]

    operations = [
        migrations.CreateModel(
            name="GoneReceiver",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("receiver", models.CharField(max_length=64, unique=True)),
                ("label", models.CharField(max_length=300)),
                ("gone_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "ordering": ("pk",),
                "default_permissions": (),
            },
        ),
    ]
