"""What is only seen with permissions for single objects, and with records of every change."""

from typing import Any

import reversion
from django.contrib.auth import get_user_model
from django.test import Client
from guardian.shortcuts import assign_perm
from reversion.models import Version

from registries.models import Registry


def prepare(visit: Any, person: Any) -> None:
    """Sign in with the second factor; and look at it as somebody with permissions for one row."""
    visit.seen["without the second factor"] = visit.browser.get(visit.at("changelist")).status_code
    device = person.totpdevice_set.create(name="phone")
    session = visit.browser.session
    session["otp_device_id"] = device.persistent_id
    session.save()
    row = Registry(kind="custom", name="Recorded", url="https://recorded.sites.example")
    row.login, row.password = "fake", "fake-password-that-nobody-records"
    row.save()
    reversion.register(Registry)
    with reversion.create_revision():
        reversion.add_to_revision(row)
    records = [version.serialized_data for version in Version.objects.get_for_object(row)]
    visit.seen["records with a password"] = [len(records), str(records).count("nobody-records")]
    row.delete()
    captain = get_user_model().objects.create(email="captain@sites.example", is_staff=True)
    hub = Registry.objects.get(kind="hub")
    for name in ("view_registry", "change_registry"):
        assign_perm(f"registries.{name}", captain, hub)
    assert captain.has_perm("registries.change_registry", hub)
    browser = Client()
    browser.force_login(captain, "django.contrib.auth.backends.ModelBackend")
    own = captain.totpdevice_set.create(name="phone")
    session = browser.session
    session["otp_device_id"] = own.persistent_id
    session.save()
    visit.seen["with permissions for one row"] = [
        browser.get(path).status_code
        for path in (visit.at("changelist"), visit.at("change", hub.pk), "/api/registries/")
    ]
