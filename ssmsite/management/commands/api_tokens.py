"""The command `api_tokens`."""

import argparse
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from registries.models import Registry, names
from registries.reference import InvalidReference, parse_prefix
from ssmsite.models import AccessToken

# A hundred years.
MAX_DAYS = 36_500
DEFAULT_DAYS = 90
TIME = "%Y-%m-%d %H:%M %Z"


class Command(BaseCommand):
    """Make, list and revoke access tokens for the API."""

    help = "Makes, lists and revokes access tokens for the API."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        make = actions.add_parser("make", help="make a token and print it, this once")
        make.add_argument("username", help="whose token it is")
        make.add_argument("--name", default="", help="which program uses it, for lists")
        make.add_argument("--purpose", default="", help="what it does with it, for lists")
        may = make.add_mutually_exclusive_group()
        may.add_argument("--read-only", action="store_true", help="it cannot read tags and digests")
        may.add_argument(
            "--may",
            type=_deeds,
            default=frozenset(("read", "query")),
            metavar="DEEDS",
            help="what it may do, comma-separated: read (registries), query (tags and digests),"
            " hand-over (credentials); read,query unless you say otherwise",
        )
        make.add_argument(
            "--registry",
            action="append",
            default=[],
            metavar="NAME",
            help="only this registry, by its name; may be repeated",
        )
        make.add_argument(
            "--prefix",
            action="append",
            type=_prefix,
            default=[],
            help="only images under this, such as ghcr.io/acme; may be repeated",
        )
        end = make.add_mutually_exclusive_group()
        end.add_argument(
            "--days",
            type=_days,
            default=DEFAULT_DAYS,
            help=f"how many days it works; {DEFAULT_DAYS} unless you say otherwise",
        )
        end.add_argument("--never-expires", action="store_true", help="it works until revoked")
        actions.add_parser("list", help="list the tokens by their first characters")
        revoke = actions.add_parser("revoke", help="make a token, or all of a user's, worthless")
        target = revoke.add_mutually_exclusive_group(required=True)
        target.add_argument("start", nargs="?", help="its first characters, as listed")
        target.add_argument("--user", help="whose tokens; a changed password leaves them good")

    def handle(self, *_args: Any, action: str, **options: Any) -> None:
        match action:
            case "make":
                self.make(**options)
            case "list":
                self.list()
            case "revoke":
                self.revoke(**options)

    def make(self, username: str, days: int, **options: Any) -> None:
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None:
            raise CommandError("There is no active user with this name.")
        for name in ("name", "purpose"):
            max_length = AccessToken._meta.get_field(name).max_length
            if len(options[name]) > max_length:
                raise CommandError(f"--{name} has {max_length} characters at most.")
        may = options["may"] - ({"query"} if options["read_only"] else set())
        limits = {
            "registries": ",".join(str(_registry(name)) for name in options["registry"]),
            "prefixes": "\n".join(options["prefix"]),
        }
        for name, value in limits.items():
            if len(value) > AccessToken._meta.get_field(name).max_length:
                raise CommandError(f"There are too many {name}: make several tokens.")
        _, token = AccessToken.objects.create(
            user,
            None if options["never_expires"] else timedelta(days=days),
            name=options["name"],
            purpose=options["purpose"],
            may_read="read" in may,
            may_query="query" in may,
            may_hand_over="hand-over" in may,
            **limits,
        )
        self.stdout.write(token)

    def list(self) -> None:
        for token in AccessToken.objects.select_related("user").order_by("created"):
            end = f"expires {token.expiry:{TIME}}" if token.expiry else "never expires"
            used = f"last used {token.last_used_at:{TIME}}" if token.last_used_at else "never used"
            limit = _limit(token)
            name = f" ({token.name})" if token.name else ""
            self.stdout.write(f"{token.token_key} {token.user}{name}: {end}, {used}{limit}")

    def revoke(self, start: str | None, user: str | None, **_options: Any) -> None:
        target = {"token_key": start} if user is None else {"user__username": user}
        if not AccessToken.objects.filter(**target).delete()[0]:
            raise CommandError("There is no such token. List them with: api_tokens list")


DEEDS = {"read": "may_read", "query": "may_query", "hand-over": "may_hand_over"}


def _limit(token: AccessToken) -> str:
    """What a token may do, where that is not what most may; and for what alone."""
    may = [deed for deed, column in DEEDS.items() if getattr(token, column)]
    labels = {("read", "query"): "", ("read",): ", read-only"}
    limit = labels.get(tuple(may), f", may {', '.join(may) or 'nothing'}")
    named = ", ".join(token.only_for)
    return f"{limit}, only for {named}" if named else limit


def _registry(name: str) -> int:
    row = Registry.objects.filter(name_key=names.key(name)).only("pk").first()
    if row is None:
        raise CommandError(f"There is no registry “{name}”.")
    return row.pk


def _deeds(text: str) -> frozenset[str]:
    deeds = frozenset(filter(None, text.split(",")))
    if not deeds or not deeds <= DEEDS.keys():
        raise argparse.ArgumentTypeError(f"some of {', '.join(DEEDS)}")
    return deeds


def _prefix(text: str) -> str:
    try:
        return parse_prefix(text)
    except InvalidReference as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) <= MAX_DAYS):
        raise argparse.ArgumentTypeError(f"a number from 1 to {MAX_DAYS}")
    return int(text)
