"""Tokens that were made before stay good, and can do what they could."""

from typing import Any

from django.db import migrations


def carry_over(apps: Any, editor: Any) -> None:
    using = editor.connection.alias
    ours = apps.get_model("ssmsite", "AccessToken")
    known = ours.objects.using(using).values("pk")
    for token in apps.get_model("knox", "AuthToken").objects.using(using).exclude(pk__in=known):
        # The library's own columns are there already.
        ours(authtoken_ptr_id=token.pk).save_base(raw=True, using=using, force_insert=True)


class Migration(migrations.Migration):
    dependencies = [("ssmsite", "0003_access_tokens_have_names")]

    operations = [migrations.RunPython(carry_over, migrations.RunPython.noop)]
