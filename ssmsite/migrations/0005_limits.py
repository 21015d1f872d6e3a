"""Access tokens are limited: in what they may do, and to registries or prefixes.

Those that were made before are handed no credentials, whatever their account may do.
"""

from django.db import migrations, models

from registries.migrations._repeatable import AddMissingField


class Migration(migrations.Migration):
    dependencies = [("ssmsite", "0004_access_tokens_go_on")]

    operations = [
        AddMissingField(
            model_name="accesstoken",
            name="may_read",
            field=models.BooleanField(
                db_default=True, default=True, verbose_name="may read registries"
            ),
        ),
        AddMissingField(
            model_name="accesstoken",
            name="may_hand_over",
            field=models.BooleanField(
                db_default=False, default=False, verbose_name="may be handed credentials"
            ),
        ),
        AddMissingField(
            model_name="accesstoken",
            name="registries",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                max_length=1000,
                verbose_name="only these registries",
            ),
        ),
        AddMissingField(
            model_name="accesstoken",
            name="prefixes",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                max_length=2000,
                verbose_name="only images under",
            ),
        ),
    ]
