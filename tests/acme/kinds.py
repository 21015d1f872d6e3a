"""Kinds as a site brings them: one that can be used, and some that cannot."""

from dataclasses import replace

from registries.endpoint import Endpoint
from registries.kinds.base import HowTo, Kind, Link, home_at
from registries.kinds.rules import Together
from registries.kinds.shared import (
    ANONYMOUS,
    TOKEN,
    USERNAME,
    WITH_TOKEN,
    endpoint_at,
    username_and_token,
)

HOST = "registry.acme.example"

acme = Kind(
    slug="acme",
    label="Acme Registry",
    summary="Account and token, or nothing for public images",
    hosts=(HOST,),
    variables=(USERNAME, TOKEN),
    rules=(Together("username", "token"),),
    methods=(WITH_TOKEN, ANONYMOUS),
    howto=HowTo(
        "Create a token",
        ("Sign in to Acme.", "Open **Tokens**.", "Create one that may read."),
        ("A token can be revoked alone.",),
        (Link("Acme: tokens", "https://docs.acme.example/tokens"),),
    ),
    home=home_at(HOST),
    credential=username_and_token,
    endpoint=endpoint_at(Endpoint(url=f"https://{HOST}")),
)
# What is wrong with these, `tests/kinds/test_site_kinds.py` tells.
unmarked = replace(acme, slug="unmarked")
hub = replace(acme, slug="hub")
unnamed = replace(acme, label="")
no_kind = {"slug": "acme"}
