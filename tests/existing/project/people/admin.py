"""The site's own models in its admin."""

from django.contrib import admin

from people.models import Person, Ship


@admin.register(Person)
class PersonAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """People."""

    list_display = ("email", "is_staff")
    search_fields = ("email",)


@admin.register(Ship)
class ShipAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Ships."""
