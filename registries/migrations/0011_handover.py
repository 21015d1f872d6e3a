"""What may be handed over, what was, and who may do it."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from registries.migrations._repeatable import AddMissingField


class Migration(migrations.Migration):
    dependencies = [
        ("registries", "0010_stranger_default"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="registry",
            options={
                "ordering": ("name_key",),
                "permissions": [
                    ("query_registry", "Can make the site call a registry"),
                    ("hand_over_registry", "Can hand over a registry's credentials"),
                ],
                "verbose_name": "registry",
                "verbose_name_plural": "registries",
            },
        ),
        AddMissingField(
            model_name="registry",
            name="handover",
            field=models.CharField(
                choices=[
                    ("none", "nothing"),
                    ("short", "short-lived credentials only"),
                    ("any", "any, the stored ones included"),
                ],
                db_default="none",
                default="none",
                max_length=10,
                verbose_name="may be handed over",
            ),
        ),
        AddMissingField(
            model_name="registry",
            name="last_handed_over",
            field=models.DateTimeField(editable=False, null=True, verbose_name="last handed over"),
        ),
        migrations.CreateModel(
            name="Handover",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "registry_name",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="name"),
                ),
                (
                    "kind",
                    models.CharField(blank=True, default="", max_length=20, verbose_name="kind"),
                ),
                (
                    "asked",
                    models.CharField(
                        blank=True, default="", max_length=600, verbose_name="asked for"
                    ),
                ),
                (
                    "places",
                    models.TextField(blank=True, default="", verbose_name="handed over for"),
                ),
                (
                    "form",
                    models.CharField(blank=True, default="", max_length=20, verbose_name="form"),
                ),
                ("is_short", models.BooleanField(null=True, verbose_name="short-lived")),
                ("expires_at", models.DateTimeField(null=True, verbose_name="until")),
                ("code", models.CharField(max_length=50, verbose_name="outcome")),
                (
                    "handed_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="time"),
                ),
                (
                    "way",
                    models.CharField(
                        blank=True, default="", max_length=20, verbose_name="asked from"
                    ),
                ),
                ("user_id", models.CharField(blank=True, default="", max_length=64)),
                (
                    "user_name",
                    models.CharField(blank=True, default="", max_length=255, verbose_name="user"),
                ),
                (
                    "token",
                    models.CharField(
                        blank=True, default="", max_length=120, verbose_name="access token"
                    ),
                ),
                (
                    "address",
                    models.CharField(blank=True, default="", max_length=64, verbose_name="address"),
                ),
                (
                    "registry",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="handovers",
                        to="registries.registry",
                        verbose_name="registry",
                    ),
                ),
            ],
            options={
                "verbose_name": "hand-over",
                "verbose_name_plural": "hand-overs",
                "ordering": ("-handed_at", "-pk"),
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(
                        fields=["registry", "-handed_at", "-id"], name="registries_handover_row"
                    ),
                    models.Index(
                        fields=["token", "-handed_at", "-id"], name="registries_handover_token"
                    ),
                    models.Index(fields=["-handed_at", "-id"], name="registries_handover_latest"),
                ],
            },
        ),
    ]
