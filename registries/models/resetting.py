"""Makes a default row anonymous, as it was at first."""

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from registries.models.last_check import CHECK_FIELDS

# What a new row has besides its name and its kind.
DEFAULTS = {
    "prefix": "",
    "ca_certificate": "",
    "verify_tls": True,
    "handover": "none",
    "check_every": None,
    "expires_on": None,
}

if TYPE_CHECKING:
    from registries.models.registry import Registry


def is_untouched(registry: "Registry") -> bool:
    """Return whether it is a default row as it was installed: a reset would change nothing.

    Columns that were not loaded are not looked at: the list loads no CA certificates.
    """
    loaded = DEFAULTS.keys() - registry.get_deferred_fields()
    is_plain = all(getattr(registry, name) == DEFAULTS[name] for name in loaded)
    return registry.is_default and is_plain and not registry.provided()


def reset(registry: "Registry") -> None:
    """Take away all that was entered. Its name and history stay.

    Raises ValidationError for any row that is no default row.
    """
    if not registry.is_default:
        raise ValidationError(
            _("“%(name)s” is not a default registry: delete it instead."),
            code="not_default",
            params={"name": registry.name},
        )
    for name in registry.provided():
        setattr(registry, name, None)
    for name, value in DEFAULTS.items():
        setattr(registry, name, value)
    using = registry.db_for_write
    with transaction.atomic(using=using):
        registry.save()
        # `save` only clears the check if something changed.
        registry.clear_check()
        check = {name: getattr(registry, name) for name in CHECK_FIELDS}
        type(registry).objects.using(using).filter(pk=registry.pk).update(**check)
