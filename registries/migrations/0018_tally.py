"""Figures that only grow, and when a registry was fine last."""

from django.db import migrations, models

from registries.migrations._repeatable import AddMissingField


class Migration(migrations.Migration):
    dependencies = [
        ("registries", "0017_enqueued_until"),
    ]

    operations = [
        AddMissingField(
            model_name="registry",
            name="succeeded_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.CreateModel(
            name="Tally",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "counted",
                    models.CharField(
                        choices=[("check", "Check"), ("handover", "Handover")], max_length=10
                    ),
                ),
                ("subject", models.CharField(blank=True, max_length=20)),
                ("outcome", models.CharField(max_length=50)),
                ("bound", models.PositiveIntegerField()),
                ("shard", models.PositiveSmallIntegerField()),
                ("number", models.BigIntegerField(default=0)),
                ("microseconds", models.BigIntegerField(default=0)),
            ],
            options={
                "default_permissions": (),
                "indexes": [
                    models.Index(
                        fields=["counted", "subject", "outcome", "bound", "shard"],
                        name="registries_tally_key",
                    )
                ],
            },
        ),
    ]
