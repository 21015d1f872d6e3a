"""Makes an entry of the right kind from a host, a user and a secret.

The kind is never guessed: a host that belongs to no kind becomes an entry of `custom`.
"""

import base64
import json
import re
from dataclasses import replace

from django.views.decorators.debug import sensitive_variables

from registries.credentials import BASE64_KEY
from registries.importing.entry import Entry, Found, Refused
from registries.importing.places import Place
from registries.kinds import KINDS, Kind
from registries.kinds.address import parse_address
from registries.kinds.gitlab import ANY_USERNAME
from registries.text import Text
from registries.text import gettext_noop as _

# The variables of the user and the secret; each kind has one of these pairs.
PAIRS = (("login", "password"), ("username", "token"), ("clientid", "clientsecret"))
# User names with which the secret is a token that expires after some hours.
ZERO = "00000000-0000-0000-0000-000000000000"
SHORT_LIVED = {ZERO, "<token>", "oauth2accesstoken", "_token"}
_SHORT_LIVED = re.compile(r"_dcgcr_\w+_token")
_ACCESS_KEY = re.compile(r"A[KS]IA[A-Z0-9]{12,}")
# Texts in place of a secret: it is hidden, or encrypted, or inserted later.
_MASK = re.compile(r"[*•xX]{3,}|\[?<?(?:redacted|hidden|masked)>?\]?", re.IGNORECASE)
_ENCRYPTED = re.compile(r"\$ANSIBLE_VAULT|ENC\[|-----BEGIN PGP|vault:v[0-9]")
_TEMPLATE = re.compile(r"\{\{.*\}\}|\$\{[^}]*\}", re.DOTALL)

TOKEN_OF_HOURS = _(
    "This is a token that ends after some hours. Enter a service account's or service principal's"
    " own secret instead."
)
AWS_TOKEN = _("This is a token of Amazon's that ends after 12 hours. Enter an access key instead.")
IDENTITY = _(
    "This is an identity token, which the registry made for one program. Enter a user name and a"
    " secret instead."
)
NO_SECRET = _("The file does not hold the secret.")
ENCRYPTED = _("The secret is encrypted, and the key is not here. Decrypt the file first.")
TEMPLATE = _("The secret is filled in from elsewhere: put its value into the file.")
MASKED = _("The program that wrote the file left the secret out.")


def kind_of(host: str) -> Kind:
    """Return the kind that a lower-case host belongs to, or else `custom`."""
    for kind in KINDS.values():
        if kind.match_host(host) is not None:
            return kind
        url = kind.by_name.get("url")
        if url and url.initial and parse_address(url.initial).netloc == host:
            return kind
    return KINDS["custom"]


def absent(secret: str) -> Text | None:
    """Return why a text is not a secret but a placeholder; None if it is a secret."""
    if not secret:
        return Text(NO_SECRET)
    if _MASK.fullmatch(secret):
        return Text(MASKED)
    return Text(TEMPLATE) if _TEMPLATE.fullmatch(secret) else None


def encrypted(secret: str) -> bool:
    return bool(_ENCRYPTED.match(secret))


@sensitive_variables()
def login(
    place: Place, user: str, secret: str, *, name: str = "", missing: Text | None = None
) -> Found:
    """Return the entry for a login at a place. Without user and secret, it is anonymous.

    missing: why the file does not contain the secret, if the form knows.
    """
    name = name or place.text
    kind = kind_of(place.host)
    if encrypted(secret) or encrypted(user):
        return Refused(name, Text(ENCRYPTED))
    if not (user or secret or missing):
        return _row(name, kind, place, {})
    if refusal := _short_lived(kind, user):
        return Refused(name, refusal)
    missing = missing or absent(secret) or absent(user)
    if missing:
        return replace(_row(name, kind, place, {}), missing=missing)
    if kind.slug == "gcr":
        return _google(name, kind, place, user, secret)
    if kind.slug == "ecr":
        return _amazon(name, kind, place, user, secret)
    namespace, plus, account = user.partition("+")
    if kind.slug == "quay":
        if plus:
            values = {"namespace": namespace, "account": account, "token": secret}
            return _row(name, kind, place, values)
        # The kind `quay` is for robot accounts. People and OAuth applications need `custom`.
        kind = KINDS["custom"]
    names = next(pair for pair in PAIRS if set(pair) <= set(kind.by_name))
    values = dict(zip(names, (user, secret), strict=True))
    is_any = kind.slug == "gitlab" and user == ANY_USERNAME
    if is_any or (kind.slug == "digitalocean" and user == secret):
        del values["username"]
    return _row(name, kind, place, values)


def _short_lived(kind: Kind, user: str) -> Text | None:
    if kind.slug == "ecr" and user == "AWS":
        return Text(AWS_TOKEN)
    if user in SHORT_LIVED or _SHORT_LIVED.fullmatch(user):
        return Text(TOKEN_OF_HOURS)
    return None


@sensitive_variables()
def _row(name: str, kind: Kind, place: Place, values: dict[str, str]) -> Entry:
    """Return the entry for a place, with an address or prefix for nothing but this place."""
    prefix = place.text if place.path else ""
    if "region" in kind.by_name:
        values = {**(kind.match_host(place.host) or {}), **values}
        values = {key: value for key, value in values.items() if key in kind.by_name}
        prefix = place.text if "region" not in values else prefix
    elif "url" in kind.by_name:
        defaults = {
            variable.name: variable.initial for variable in kind.variables if variable.initial
        }
        own = {} if place.host == kind.home({}) else {"url": place.url}
        values = {**defaults, **own, **values}
    elif kind.prefix_example or place.host != kind.home({}):
        prefix = place.text
    return Entry(name=name, kind=kind.slug, values=values, prefix=prefix)


@sensitive_variables()
def _google(name: str, kind: Kind, place: Place, user: str, secret: str) -> Found:
    if user == BASE64_KEY:
        secret = _decoded(secret)
        user = "_json_key"
    if user != "_json_key":
        return Refused(name, Text(_("Google's registries take a service account's key alone.")))
    # The variable parses the key file, and reports errors.
    return _row(name, kind, place, {"privatekey": secret})


@sensitive_variables()
def _decoded(secret: str) -> str:
    """Decode a key file in base64; return any other text unchanged.

    The decoder's errors would quote the text, so they are not passed on.
    """
    try:
        text = base64.b64decode("".join(secret.split()) + "==").decode()
        return text if isinstance(json.loads(text), dict) else secret
    except (ValueError, RecursionError):
        return secret


@sensitive_variables()
def _amazon(name: str, kind: Kind, place: Place, user: str, secret: str) -> Found:
    if not _ACCESS_KEY.fullmatch(user):
        return Refused(name, Text(_("Amazon's registries need an access key: enter one instead.")))
    return _row(name, kind, place, {"accesskey": user, "secretaccesskey": secret})
