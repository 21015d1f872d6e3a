"""The catalogue of the codes of checks and errors, with what the operator has to do.

Every error of a registry, a library or the network gets one of these codes. Their own messages are
neither shown nor stored. A sentence may have `%(name)s` placeholders for host names and the like.
This module uses only the standard library.
"""

from enum import StrEnum
from typing import NamedTuple

from registries.text import gettext_noop


class Verdict(StrEnum):
    """The result of a check."""

    VALID = "valid"
    ANONYMOUS = "anonymous"
    UNPROVEN = "unproven"
    REJECTED = "rejected"
    MISCONFIGURED = "misconfigured"
    THROTTLED = "throttled"
    UNREACHABLE = "unreachable"


class Code(NamedTuple):
    """The verdict of a code, and a sentence for the operator.

    `verdict` is None for codes that are about an image: the verdict is then that of the sign-in.
    """

    verdict: Verdict | None
    sentence: str


class Stranger(StrEnum):
    """How a registry treats an invented account, which shows whether it checks passwords.

    It is stored on the row, so that an account is invented only once.
    """

    REFUSED = "refused"
    LET_IN = "let_in"
    UNANSWERED = "unanswered"


# The steps of a check, in this order.
STEPS = ("name", "tls", "registry", "credentials", "image", "stranger")


class Step(NamedTuple):
    """One of `STEPS`: whether it succeeded, and how many seconds it took.

    `passed` is None if the step had no clear result, or was not tried (then it took no time). Steps
    that are not needed are left out: an IP address is not looked up, and a pooled connection needs
    neither a lookup nor TLS.
    """

    slug: str
    passed: bool | None
    seconds: float


_ = gettext_noop

CODES: dict[str, Code] = {
    # The registry accepted the sign-in.
    "signed_in": Code(Verdict.VALID, _("The registry accepted these credentials.")),
    "public": Code(
        Verdict.ANONYMOUS,
        _(
            "The registry is open to guests, and no credentials are stored. Enter an image"
            " to check whether guests can read it."
        ),
    ),
    "public_by_image": Code(
        Verdict.ANONYMOUS,
        _(
            "The registry responds, and decides for each image whether guests can read it."
            " No credentials are stored. Enter an image to check it."
        ),
    ),
    # The sign-in succeeded, but the image cannot be read.
    "no_access_to_image": Code(
        None,
        _(
            "The sign-in works, but the image cannot be read. Check that its name is right"
            " and that this account has access to it."
        ),
    ),
    "repository_not_found": Code(
        None, _("The sign-in works, but the registry has no such repository. Check the name.")
    ),
    "name_refused": Code(
        None,
        _(
            "The sign-in works, but the registry does not accept this repository name."
            " Enter the full name as the registry shows it."
        ),
    ),
    "tag_not_found": Code(
        None,
        _(
            "The sign-in works, but the repository has no such tag or digest. Check the"
            " image's name."
        ),
    ),
    "platform_not_found": Code(
        None, _("The image exists, but not for this platform. Choose another platform.")
    ),
    # Nothing could be proven.
    "open_registry": Code(
        Verdict.UNPROVEN,
        _(
            "The registry is open to everybody, so these credentials could not be tested."
            " Remove them, or require a sign-in on the registry."
        ),
    ),
    "accepts_any_password": Code(
        Verdict.UNPROVEN,
        _(
            "The registry also accepts an invented account, so these credentials could not"
            " be tested. Check with a private image."
        ),
    ),
    "no_proof": Code(
        Verdict.UNPROVEN,
        _("The registry responded, but did not confirm the account. Check with a private image."),
    ),
    # Refused.
    "bad_credentials": Code(
        Verdict.REJECTED,
        _("The registry rejected these credentials. Enter them again, or create new ones."),
    ),
    "credentials_ended": Code(
        Verdict.REJECTED,
        _(
            "The registry rejected these credentials, which ended on %(ended_on)s. Create new"
            " ones and enter them."
        ),
    ),
    "ghost_token": Code(
        Verdict.REJECTED,
        _(
            "The registry treated this account as a guest, so the credentials are wrong."
            " Enter them again, or use an access token."
        ),
    ),
    # The row has to be changed.
    "untrusted_realm": Code(
        Verdict.MISCONFIGURED,
        _(
            "The registry asks for the credentials to be sent to %(host)s. Nothing was"
            " sent, because this row does not name that server. If it is the registry's"
            " token server, add it to the row: %(realm)s"
        ),
    ),
    "foreign_realm": Code(
        Verdict.MISCONFIGURED,
        _(
            "The registry asks for the credentials to be sent to %(host)s, which does not"
            " belong to it. Nothing was sent. Check the network between this site and the"
            " registry, and the setting ENDPOINTS."
        ),
    ),
    "insecure_realm": Code(
        Verdict.MISCONFIGURED,
        _(
            "The registry asks for the credentials to be sent to %(host)s without"
            " encryption. Nothing was sent. Switch its token server to https."
        ),
    ),
    "guests_refused": Code(
        Verdict.MISCONFIGURED,
        _(
            "The registry refuses guests, and no credentials are stored. Add credentials to"
            " this row, or check with a public image."
        ),
    ),
    "credentials_required": Code(
        Verdict.MISCONFIGURED,
        _("The registry requires credentials. Add them to this row."),
    ),
    "no_registry_scope": Code(
        Verdict.MISCONFIGURED,
        _(
            "The token is valid, but it may not read the registry. Create one with the"
            " scope read_registry."
        ),
    ),
    "no_permission": Code(
        Verdict.MISCONFIGURED,
        _(
            "The credentials are valid, but they may not read the registry. Give their"
            " owner read access to it."
        ),
    ),
    "secret_unreadable": Code(
        Verdict.MISCONFIGURED,
        _(
            "The stored secrets cannot be decrypted, or they were entered for another"
            " address or certificate. Nothing was sent. Restore the encryption key or the"
            " previous settings, or enter the secrets again."
        ),
    ),
    "unreadable_key": Code(
        Verdict.MISCONFIGURED,
        _(
            "The private key cannot be read. Paste the whole PEM key, including the BEGIN and"
            " END lines."
        ),
    ),
    "unreadable_ca": Code(
        Verdict.MISCONFIGURED,
        _(
            "The CA certificate of this row cannot be read. Paste the whole PEM text,"
            " including the BEGIN and END lines."
        ),
    ),
    "unreadable_ca_bundle": Code(
        Verdict.MISCONFIGURED,
        _("The CA certificates of this site cannot be read. Correct the setting CA_BUNDLE."),
    ),
    "unknown_region": Code(
        Verdict.MISCONFIGURED,
        _("There is no Amazon ECR in this region. Correct the region."),
    ),
    "unknown_tenant": Code(
        Verdict.MISCONFIGURED,
        _("Microsoft Entra ID has no such tenant. Correct the tenant ID."),
    ),
    "incomplete": Code(
        Verdict.MISCONFIGURED, _("This row is incomplete. Open it, correct it and save it again.")
    ),
    "blocked_address": Code(
        Verdict.MISCONFIGURED,
        _(
            "%(host)s has an IP address that this site may not call. Nothing was sent."
            " Check the address. Private networks are allowed by the setting"
            " ALLOW_PRIVATE_ADDRESSES."
        ),
    ),
    "https_needed": Code(
        Verdict.MISCONFIGURED,
        _("%(host)s requires https. Change http:// to https:// in the address."),
    ),
    "clock_skew": Code(
        Verdict.MISCONFIGURED,
        _(
            "The clock of this site's server is wrong, so %(host)s rejects its signatures."
            " Set the clock, and keep it synchronized."
        ),
    ),
    "not_a_registry": Code(
        Verdict.MISCONFIGURED,
        _("%(host)s responds, but it is not a container registry. Check the address."),
    ),
    "site_refused": Code(
        Verdict.MISCONFIGURED,
        _(
            "%(host)s is a registry, but it blocks this site. No credentials were sent."
            " Allow this site's IP address in the registry's firewall."
        ),
    ),
    "token_server_refused": Code(
        Verdict.MISCONFIGURED,
        _(
            "%(host)s blocks this site, so the credentials could not be tested. The block"
            " may be temporary or come from a firewall. Wait an hour, or contact the"
            " operator of the server."
        ),
    ),
    "bad_token_server": Code(
        Verdict.MISCONFIGURED,
        _(
            "The token server at %(host)s does not know this registry. Check the addresses"
            " of the registry and of its token server."
        ),
    ),
    "unsupported_scheme": Code(
        Verdict.MISCONFIGURED,
        _("The registry requires a sign-in method that this site does not support."),
    ),
    "image_needed": Code(
        Verdict.MISCONFIGURED,
        _("This row does not say which registry to call. Add its address, or check with an image."),
    ),
    "image_elsewhere": Code(
        Verdict.MISCONFIGURED,
        _(
            "The image is on %(host)s, which this row is not for. Choose"
            " another image or another row."
        ),
    ),
    "invalid_reference": Code(
        Verdict.MISCONFIGURED, _("This is not an image name. Enter it as for docker pull.")
    ),
    # The registry asks for a pause.
    "rate_limited": Code(
        Verdict.THROTTLED, _("%(host)s limits the number of requests. Try again later.")
    ),
    # There was no response, or an invalid one.
    "dns": Code(
        Verdict.UNREACHABLE, _("The host name %(host)s cannot be resolved. Check the address.")
    ),
    "refused": Code(
        Verdict.UNREACHABLE,
        _("%(host)s refused the connection. Check the port, and that the registry is running."),
    ),
    "connection": Code(
        Verdict.UNREACHABLE,
        _("The connection to %(host)s was lost. Check the network, and try again."),
    ),
    "timeout": Code(
        Verdict.UNREACHABLE,
        _("%(host)s did not respond in time. Check the address and the network."),
    ),
    "list_timeout": Code(
        Verdict.UNREACHABLE,
        _(
            "%(host)s did not send all pages of its list in time. Request fewer tags, or"
            " raise the setting LIST_TIMEOUT."
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
            "The certificate of %(host)s is self-signed. If it is yours, add it to the row"
            " as CA certificate."
        ),
    ),
    "certificate_expired": Code(
        Verdict.UNREACHABLE,
        _(
            "The certificate of %(host)s or of its CA has expired. Have it renewed, and"
            " check that the clock of this site's server is right."
        ),
    ),
    "certificate_not_yet_valid": Code(
        Verdict.UNREACHABLE,
        _(
            "The certificate of %(host)s or of its CA is not valid yet. Check the clocks of"
            " this site's server and of the registry."
        ),
    ),
    "certificate_other_name": Code(
        Verdict.UNREACHABLE,
        _(
            "The certificate of %(host)s is for another name. Enter an address with that"
            " name, or have a certificate issued for this one."
        ),
    ),
    "client_certificate": Code(
        Verdict.UNREACHABLE,
        _(
            "%(host)s requires a client certificate, which this site does not support."
            " Allow this site without one, or use another address."
        ),
    ),
    "weak_tls": Code(
        Verdict.UNREACHABLE,
        _(
            "The TLS version, key or signature of %(host)s is too weak. Update its TLS"
            " configuration."
        ),
    ),
    "no_tls": Code(
        Verdict.UNREACHABLE,
        _(
            "%(host)s does not respond with TLS that this site supports. Check the port,"
            " and whether the address should start with http://."
        ),
    ),
    "proxy_unreachable": Code(
        Verdict.UNREACHABLE,
        _(
            "This site's proxy %(host)s cannot be reached. Check the setting PROXY, and"
            " that the proxy is running."
        ),
    ),
    "proxy_auth": Code(
        Verdict.UNREACHABLE,
        _(
            "This site's proxy %(host)s requires a user name and password, or rejected"
            " them. Correct them in the setting PROXY."
        ),
    ),
    "proxy_refused": Code(
        Verdict.UNREACHABLE,
        _(
            "This site's proxy %(host)s does not allow this address. Allow it there, or add"
            " it to the setting NO_PROXY."
        ),
    ),
    "proxy_failed": Code(
        Verdict.UNREACHABLE,
        _(
            "This site's proxy %(host)s returned an error. Check that the proxy can reach"
            " this address, and that the registry is running."
        ),
    ),
    "server_error": Code(
        Verdict.UNREACHABLE, _("%(host)s returned a server error. Try again later.")
    ),
    "bad_answer": Code(
        Verdict.UNREACHABLE,
        _("%(host)s sent an invalid response. Check the address, and try again later."),
    ),
    "too_large": Code(
        Verdict.UNREACHABLE,
        _("%(host)s sent a response that is too large for this site. Check the address."),
    ),
    "redirected": Code(
        Verdict.UNREACHABLE,
        _("%(host)s redirects to an address that this site does not follow. Check the address."),
    ),
}


def sentence(code: str, **params: object) -> str:
    """Return the English sentence of `code` with its `params`.

    Raises KeyError for an unknown code or a missing parameter.
    """
    return CODES[code].sentence % params
