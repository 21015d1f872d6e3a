"""The index that MariaDB can have as well. It has none to take away."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registries", "0006_never_checked"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="registry",
            name="registries_checked",
        ),
        migrations.AddIndex(
            model_name="registry",
            index=models.Index(
                fields=["-never_checked", "checked_at", "id"], name="registries_checked"
            ),
        ),
    ]
