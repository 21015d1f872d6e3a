"""The one catalogue of check codes: what each means and what the operator does next.

Stdlib only. Whatever a registry, a library or the network said is turned into one of these
codes; their own words never reach the operator or the database. A sentence may hold `%(name)s`
parts, filled from values of ours alone (host names, seconds, times).
"""

from enum import StrEnum
from typing import NamedTuple

from registries.text import gettext_noop


class Verdict(StrEnum):
    """How a check ended."""

    VALID = "valid"
    ANONYMOUS = "anonymous"
    UNPROVEN = "unproven"
    REJECTED = "rejected"
    MISCONFIGURED = "misconfigured"
    THROTTLED = "throttled"
    UNREACHABLE = "unreachable"


class Code(NamedTuple):
    """A machine-readable outcome: the verdict it leads to and one sentence for the operator.

    `verdict` is None where the code is about an image: the sign-in's own verdict stands.
    """

    verdict: Verdict | None
    sentence: str


class Stranger(StrEnum):
    """What a registry made of an account that was invented, to see whether it looks at passwords.

    A row remembers it beside its last check, so that no second one is tried.
    """

    REFUSED = "refused"
    LET_IN = "let_in"
    UNANSWERED = "unanswered"


# What a check goes through, in this order.
STEPS = ("name", "tls", "registry", "credentials", "image", "stranger")


class Step(NamedTuple):
    """One of `STEPS`: whether it passed, and how many seconds it took by itself.

    `passed` is None where that could not be found out; in no time at all where it was not tried.
    A step that was not needed is not there: a literal address is not looked up, a kept
    connection needs neither name nor TLS, a stranger that was refused once is not tried again.
    """

    slug: str
    passed: bool | None
    seconds: float


_ = gettext_noop

CODES: dict[str, Code] = {
    # The registry let us in.
    "signed_in": Code(Verdict.VALID, _("The registry accepted these credentials.")),
    "public": Code(
        Verdict.ANONYMOUS,
        _(
            "The registry lets guests in, and no credentials are stored."
            " Name an image to see whether guests may read it."
        ),
    ),
    "public_by_image": Code(
        Verdict.ANONYMOUS,
        _(
            "The registry answers, and decides for each image whether guests may read it."
            " No credentials are stored. Name an image to see."
        ),
    ),
    # The sign-in is settled; the image was not readable.
    "no_access_to_image": Code(
        None,
        _(
            "The sign-in works, but the image cannot be read: it does not exist, or this account"
            " may not see it. Check the image's name and the account's rights."
        ),
    ),
    "repository_not_found": Code(
        None, _("The sign-in works, but the registry has no such repository. Check the name.")
    ),
    "name_refused": Code(
        None,
        _(
            "The sign-in works, but the registry takes no repository of this name."
            " Check how it is written there, with all its parts."
        ),
    ),
    "tag_not_found": Code(
        None, _("The sign-in works, but the repository has no such tag or digest.")
    ),
    "platform_not_found": Code(None, _("This image is there, but not for this platform.")),
    # Nothing is proven.
    "open_registry": Code(
        Verdict.UNPROVEN,
        _(
            "The registry lets everybody in, so these credentials prove nothing."
            " Remove them, or close the registry to anonymous readers."
        ),
    ),
    "accepts_any_password": Code(
        Verdict.UNPROVEN,
        _(
            "The registry accepts an invented account as well, so these credentials prove nothing."
            " Try a private image."
        ),
    ),
    "no_proof": Code(
        Verdict.UNPROVEN,
        _("The registry answered, but does not say whom it let in. Try a private image."),
    ),
    # Refused.
    "bad_credentials": Code(
        Verdict.REJECTED,
        _("The registry refused these credentials. Enter them again, or make new ones."),
    ),
    "ghost_token": Code(
        Verdict.REJECTED,
        _(
            "The registry ignored these credentials and let a guest in."
            " Enter them again, or use an access token."
        ),
    ),
    # The row cannot work as it stands.
    "untrusted_realm": Code(
        Verdict.MISCONFIGURED,
        _(
            "The registry wants the credentials sent to %(host)s, which this row does not name."
            " Nothing was sent. If that is its token server, name it in the row: %(realm)s"
        ),
    ),
    "foreign_realm": Code(
        Verdict.MISCONFIGURED,
        _(
            "The registry wants the credentials sent to %(host)s, which does not belong to it."
            " Nothing was sent. Find out what answers in its place, and whether ENDPOINTS of this"
            " site names it."
        ),
    ),
    "insecure_realm": Code(
        Verdict.MISCONFIGURED,
        _(
            "The registry wants the credentials sent to %(host)s without encryption."
            " Nothing was sent. Let its token server use https."
        ),
    ),
    "guests_refused": Code(
        Verdict.MISCONFIGURED,
        _(
            "The registry gave a guest no token, and no credentials are stored."
            " Add them to this row, or name an image that everybody may read."
        ),
    ),
    "credentials_required": Code(
        Verdict.MISCONFIGURED,
        _("The registry lets nobody in without credentials. Add them to this row."),
    ),
    "no_registry_scope": Code(
        Verdict.MISCONFIGURED,
        _(
            "The token is right but lacks the right to read the registry."
            " Make one with the scope read_registry."
        ),
    ),
    "no_permission": Code(
        Verdict.MISCONFIGURED,
        _(
            "The keys are right but may not sign in to the registry."
            " Give their owner the right to read it."
        ),
    ),
    "secret_unreadable": Code(
        Verdict.MISCONFIGURED,
        _(
            "The stored secrets cannot be read with today's encryption key, or were given for"
            " another address or certificate. Nothing was sent."
            " Put back what was changed, or enter the secrets again."
        ),
    ),
    "unreadable_key": Code(
        Verdict.MISCONFIGURED,
        _("The private key cannot be read. Paste the whole PEM key, with its BEGIN and END lines."),
    ),
    "unreadable_ca": Code(
        Verdict.MISCONFIGURED,
        _(
            "The CA certificate of this row cannot be read. Paste its whole PEM text,"
            " with its BEGIN and END lines."
        ),
    ),
    "unreadable_ca_bundle": Code(
        Verdict.MISCONFIGURED,
        _("The CA certificates of this site cannot be read. Correct its setting CA_BUNDLE."),
    ),
    "unknown_region": Code(
        Verdict.MISCONFIGURED,
        _("Amazon has no registries in a region of this name. Correct the region."),
    ),
    "unknown_tenant": Code(
        Verdict.MISCONFIGURED,
        _("Microsoft Entra ID knows no such tenant. Correct the tenant ID."),
    ),
    "incomplete": Code(
        Verdict.MISCONFIGURED, _("The row is not complete. Open it and save it again.")
    ),
    "blocked_address": Code(
        Verdict.MISCONFIGURED,
        _(
            "%(host)s leads to an address that this site must not call. Nothing was sent."
            " Whether it may call private networks says its setting ALLOW_PRIVATE_ADDRESSES."
        ),
    ),
    "https_needed": Code(
        Verdict.MISCONFIGURED,
        _("%(host)s speaks https. Let the address begin with https:// instead of http://."),
    ),
    "clock_skew": Code(
        Verdict.MISCONFIGURED,
        _(
            "This machine's clock is off, so %(host)s does not believe what this site signs."
            " Set the clock, and let it be kept right."
        ),
    ),
    "not_a_registry": Code(
        Verdict.MISCONFIGURED,
        _("%(host)s answers, but not as a container registry. Check the address."),
    ),
    "site_refused": Code(
        Verdict.MISCONFIGURED,
        _(
            "%(host)s is a registry, but it refuses this site before any sign-in. Nothing was sent."
            " Let this site's address through the registry's firewall."
        ),
    ),
    "token_server_refused": Code(
        Verdict.MISCONFIGURED,
        _(
            "%(host)s refuses to talk to this site, which says nothing of the credentials."
            " It may have banned this site's address for a while, or a firewall stands before it:"
            " wait an hour, or ask whoever runs it."
        ),
    ),
    "bad_token_server": Code(
        Verdict.MISCONFIGURED,
        _(
            "The token server at %(host)s does not know this registry."
            " Check the address of the registry and of its token server."
        ),
    ),
    "unsupported_scheme": Code(
        Verdict.MISCONFIGURED,
        _("The registry asks for a way to sign in that this site does not speak."),
    ),
    "image_needed": Code(
        Verdict.MISCONFIGURED,
        _("This row names no registry to call. Add its address, or name an image to try."),
    ),
    "image_elsewhere": Code(
        Verdict.MISCONFIGURED, _("The image is on %(host)s, which this row does not answer for.")
    ),
    "invalid_reference": Code(
        Verdict.MISCONFIGURED, _("This is no image name. Write it as in docker pull.")
    ),
    # Come back later.
    "rate_limited": Code(Verdict.THROTTLED, _("%(host)s asks for a pause. Check again later.")),
    # No answer, or none that can be used.
    "dns": Code(Verdict.UNREACHABLE, _("The name %(host)s cannot be found. Check the address.")),
    "refused": Code(
        Verdict.UNREACHABLE,
        _("%(host)s refused the connection. Check the port, and that the registry runs."),
    ),
    "connection": Code(
        Verdict.UNREACHABLE, _("The connection to %(host)s broke. Check the network, try again.")
    ),
    "timeout": Code(
        Verdict.UNREACHABLE,
        _("%(host)s did not answer in time. Check the address and the network."),
    ),
    "list_timeout": Code(
        Verdict.UNREACHABLE,
        _(
            "%(host)s did not send all pages of its list in time."
            " Ask for some of the tags, or raise the setting LIST_TIMEOUT."
        ),
    ),
    "tls": Code(
        Verdict.UNREACHABLE,
        _(
            "The certificate of %(host)s is not trusted. Add the CA certificate to the row,"
            " or check the address."
        ),
    ),
    "self_signed": Code(
        Verdict.UNREACHABLE,
        _(
            "The certificate of %(host)s is signed by no CA, but by itself. If it is yours, add it"
            " to the row as its CA certificate."
        ),
    ),
    "certificate_expired": Code(
        Verdict.UNREACHABLE,
        _(
            "The certificate of %(host)s, or of its CA, has expired. Let it be renewed,"
            " and see that this machine's clock is right."
        ),
    ),
    "certificate_not_yet_valid": Code(
        Verdict.UNREACHABLE,
        _(
            "The certificate of %(host)s, or of its CA, is not valid yet."
            " See that this machine's clock is right, and that of the registry."
        ),
    ),
    "certificate_other_name": Code(
        Verdict.UNREACHABLE,
        _(
            "%(host)s has no certificate for this name. Enter the name that its certificate has,"
            " or let it be issued for this one."
        ),
    ),
    "client_certificate": Code(
        Verdict.UNREACHABLE,
        _(
            "%(host)s asks for a client certificate, which this site cannot show."
            " Let this site in without one, or over another address."
        ),
    ),
    "weak_tls": Code(
        Verdict.UNREACHABLE,
        _(
            "%(host)s speaks a version of TLS, or has a key or signature, that is too weak for this"
            " site. Let its TLS be brought up to date."
        ),
    ),
    "no_tls": Code(
        Verdict.UNREACHABLE,
        _(
            "%(host)s does not answer with TLS that this site can use."
            " Check the port, and whether the address begins with https."
        ),
    ),
    "proxy_unreachable": Code(
        Verdict.UNREACHABLE,
        _(
            "The proxy of this site, %(host)s, cannot be reached. Check the setting PROXY,"
            " and that the proxy runs."
        ),
    ),
    "proxy_auth": Code(
        Verdict.UNREACHABLE,
        _(
            "The proxy of this site, %(host)s, wants a name and password, or refused those that it"
            " has. Put them into the setting PROXY."
        ),
    ),
    "proxy_refused": Code(
        Verdict.UNREACHABLE,
        _(
            "The proxy of this site, %(host)s, refuses to call this address. Let it be permitted"
            " there, or name it in the setting NO_PROXY."
        ),
    ),
    "proxy_failed": Code(
        Verdict.UNREACHABLE,
        _(
            "Through the proxy of this site, %(host)s, came an error instead of an answer."
            " Check that the proxy can reach this address, and that something answers there."
        ),
    ),
    "server_error": Code(
        Verdict.UNREACHABLE, _("%(host)s failed with an error of its own. Try again later.")
    ),
    "bad_answer": Code(
        Verdict.UNREACHABLE, _("%(host)s sent an answer that cannot be understood.")
    ),
    "too_large": Code(
        Verdict.UNREACHABLE, _("%(host)s sent more than this site is willing to read.")
    ),
    "redirected": Code(
        Verdict.UNREACHABLE,
        _("%(host)s redirects to a place that this site will not follow. Check the address."),
    ),
}


def sentence(code: str, **params: object) -> str:
    """The English sentence of `code` with its `params` filled in.

    Raises KeyError for a code that is not in the catalogue, or a missing parameter.
    """
    return CODES[code].sentence % params
