"""The constraint that MariaDB can keep as well. It has none to take away."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registries", "0004_mariadb"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="registry",
            name="registries_one_default_a_kind",
        ),
        migrations.AddConstraint(
            model_name="registry",
            constraint=models.UniqueConstraint(
                fields=("default_kind",), name="registries_one_default_a_kind"
            ),
        ),
    ]
