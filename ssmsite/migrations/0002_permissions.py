"""Who could make, see or revoke the library's tokens still can, now that they are the site's."""

from typing import Any

from django.db import migrations

ACTIONS = ("add", "view", "delete")


def carry_over(apps: Any, editor: Any) -> None:
    using = editor.connection.alias
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    types = apps.get_model("contenttypes", "ContentType").objects.using(using)
    ours, _made = types.get_or_create(app_label="ssmsite", model="accesstoken")
    for action in ACTIONS:
        old = permissions.filter(
            codename=f"{action}_authtoken", content_type__app_label="knox"
        ).first()
        if old is None:
            continue
        new, _made = permissions.get_or_create(
            codename=f"{action}_accesstoken",
            content_type=ours,
            defaults={"name": f"Can {action} access token"},
        )
        new.user_set.add(*old.user_set.all())
        new.group_set.add(*old.group_set.all())


class Migration(migrations.Migration):
    dependencies = [
        ("ssmsite", "0001_access_tokens"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(carry_over, migrations.RunPython.noop)]
