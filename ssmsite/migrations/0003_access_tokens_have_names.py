"""Access tokens get a name, a purpose, a limit and their last use: a table beside the library's.

As everywhere here, what cannot be done twice stands at the end: see docs/contributing.md.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ssmsite", "0002_permissions")]

    operations = [
        # A proxy, which has no table.
        migrations.DeleteModel(name="AccessToken"),
        migrations.CreateModel(
            name="AccessToken",
            fields=[
                (
                    "authtoken_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="knox.authtoken",
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("purpose", models.CharField(blank=True, max_length=255, verbose_name="purpose")),
                (
                    "may_query",
                    models.BooleanField(
                        db_default=True, default=True, verbose_name="may read tags and digests"
                    ),
                ),
                (
                    "last_used_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="last used"),
                ),
            ],
            options={
                "verbose_name": "access token",
                "verbose_name_plural": "access tokens",
            },
            bases=("knox.authtoken",),
        ),
    ]
