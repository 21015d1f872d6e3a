"""An earlier version of the app, side by side with this one, adds rows without this column."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registries", "0009_audit"),
    ]

    operations = [
        migrations.AlterField(
            model_name="registry",
            name="stranger",
            field=models.CharField(
                blank=True, db_default="", default="", editable=False, max_length=20
            ),
        ),
    ]
