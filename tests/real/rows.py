"""Rows for the real registries."""

from typing import Any

from registries.models import Registry
from tests.real.account import Account


def row(origin: str, *, name: str = "real", **values: Any) -> Registry:
    """A saved row for the registry at `origin`."""
    registry = Registry(kind="custom", name=name, url=origin, **values)
    registry.full_clean()
    registry.save()
    return registry


def credentials(way: str, account: Account) -> dict[str, str]:
    """The variables that give `account` to a row, in one of the ways an operator may."""
    wrong = Account(account.username, account.password + "x")
    return {
        "none": {},
        "right": {"login": account.username, "password": account.password},
        "wrong": {"login": wrong.username, "password": wrong.password},
        "right auth": {"auth": account.auth},
        "wrong auth": {"auth": wrong.auth},
    }[way]
