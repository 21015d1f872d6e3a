"""The two tables."""

from django.db import migrations, models
from django.db.models import CASCADE, PROTECT


def number() -> models.BigAutoField:
    return models.BigAutoField(
        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
    )


class Migration(migrations.Migration):
    initial = True
    dependencies = [("registries", "0002_lists")]
    operations = [
        migrations.CreateModel(
            name="Mirror",
            fields=[
                ("id", number()),
                ("name", models.CharField(max_length=50)),
                ("registry", models.ForeignKey(on_delete=CASCADE, to="registries.registry")),
            ],
        ),
        migrations.CreateModel(
            name="Pipeline",
            fields=[
                ("id", number()),
                ("name", models.CharField(max_length=50)),
                (
                    "registry",
                    models.ForeignKey(
                        on_delete=PROTECT, related_name="+", to="registries.registry"
                    ),
                ),
            ],
        ),
    ]
