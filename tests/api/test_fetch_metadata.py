"""Pages of other sites: a browser that follows one here does not make the site call a registry."""

import pytest

from registries.models import Registry
from tests.api import fake
from tests.api.conftest import Caller, addresses

OUTGOING = ("/tags/", "/digest/", "images/")


@pytest.mark.parametrize("site", ["cross-site", "same-site", "odd"])
def test_no_page_of_another_site_makes_us_call_a_registry(
    site: str, reader: Caller, row: Registry, registry: fake.Registry
) -> None:
    """#97: a link or a redirect there brings the session's cookie along."""
    for address in addresses(row):
        answer = reader.get(address, headers={"Sec-Fetch-Site": site})
        if any(part in address for part in OUTGOING):
            assert (answer.status_code, answer.json()["code"]) == (403, "cross_site"), address
        else:
            assert answer.status_code == 200, address
    assert registry.requests == []


@pytest.mark.parametrize("site", ["same-origin", "none", None])
def test_programs_and_people_themselves_are_answered(
    site: str | None, reader: Caller, row: Registry
) -> None:
    """The twin: who types the address, this site's own pages, and what sends no such header."""
    for address in addresses(row):
        answer = reader.get(address, headers={"Sec-Fetch-Site": site} if site else {})
        assert answer.status_code == 200, address


def test_strangers_are_told_first_to_sign_in(db: None, row: Registry) -> None:
    answer = Caller().get(addresses(row)[3], headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.json()["code"] == "not_authenticated"
