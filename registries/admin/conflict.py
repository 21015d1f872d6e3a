"""Two people edited one row: who saved first, and what is stored and typed."""

from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.utils.translation import gettext

from registries.forms import RegistryForm
from registries.models import Registry


def conflict(form: RegistryForm, row: Registry) -> dict[str, Any]:
    """Return each field whose stored value differs from the typed one."""
    differences = []
    for name in (*RegistryForm.Meta.fields, *form.kind.by_name):
        if name not in form.fields:
            continue
        stored, typed = (_shown(form, source, name) for source in (row, form.instance))
        if name in form.kind.secrets:
            # Secrets are neither shown nor decrypted.
            if form.instance.raw_value(name) == row.raw_value(name):
                continue
            stored, typed = gettext("stored"), gettext("changed")
        if stored != typed:
            differences.append((form.fields[name].label, stored, typed))
    return {"meanwhile": _last_change(row), "differences": differences}


def _shown(form: RegistryForm, row: Registry, name: str) -> str:
    value = None if name in form.kind.secrets else getattr(row, name)
    choices = {str(key): label for key, label in getattr(form.fields[name], "choices", ())}
    if (key := "" if value is None else str(value)) in choices:
        return str(choices[key])
    if isinstance(value, bool):
        return gettext("on") if value else gettext("off")
    return str(value or "-")


def _last_change(row: Registry) -> LogEntry | None:
    """Return who saved the row last in the admin, and what they changed."""
    entries = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(row), object_id=str(row.pk)
    )
    # Earlier versions stored checks there too.
    changes = entries.exclude(change_message__startswith="Checked: ").select_related("user")
    return changes.order_by("-action_time", "-pk").first()
