"""What is only seen in another language and with keys of many digits."""

from typing import Any

from registries.models import Registry


def prepare(visit: Any, person: Any) -> None:
    """The key of a row of the many: 1234567, which is shown as 1.234.567, and must not be so in
    an address."""
    row = Registry.objects.create(pk=1234567, kind="custom", name="Lager", url="https://l.example")
    page = visit.get("Liste", visit.at("changelist"), "Registry hinzufügen", f"/{row.pk}/change/")
    visit.seen["addresses in German"] = visit.at("changelist")
    visit.seen["keys with points"] = page.count("1.234.567")
    visit.get("many", visit.at("change", row.pk), f"row={row.pk}")
