"""What several checks in a row say of a row."""

from django.db import migrations, models

from registries.migrations._repeatable import AddMissingField


class Migration(migrations.Migration):
    dependencies = [
        ("registries", "0018_tally"),
    ]

    operations = [
        AddMissingField(
            model_name="registry",
            name="checks_in_row",
            field=models.PositiveSmallIntegerField(db_default=0, default=0, editable=False),
        ),
        AddMissingField(
            model_name="registry",
            name="health",
            field=models.CharField(
                blank=True,
                choices=[("fine", "fine"), ("attention", "needs attention")],
                db_default="",
                default="",
                editable=False,
                max_length=20,
            ),
        ),
        AddMissingField(
            model_name="registry",
            name="health_since",
            field=models.DateTimeField(editable=False, null=True, verbose_name="last change"),
        ),
    ]
