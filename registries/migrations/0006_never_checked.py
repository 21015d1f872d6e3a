from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registries", "0005_one_default_a_kind"),
    ]

    operations = [
        migrations.AddField(
            model_name="registry",
            name="never_checked",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.ExpressionWrapper(
                    models.Q(("checked_at", None)), models.BooleanField()
                ),
                output_field=models.BooleanField(),
            ),
        ),
    ]
