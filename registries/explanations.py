"""What each code of `registries.verdicts` means, why it happens, and what to do: the long answer.

Results of checks carry the catalogue's one sentence about one host; these are about any host. This
module uses only the standard library.
"""

from typing import NamedTuple

from registries.text import gettext_noop as _
from registries.verdicts import Verdict


class Explanation(NamedTuple):
    """Sentences about a code, for whoever sees it for the first time."""

    meaning: str
    cause: str
    remedy: str


VERDICTS: dict[Verdict, str] = {
    Verdict.VALID: _("The registry accepted these credentials, and would reject wrong ones."),
    Verdict.ANONYMOUS: _("No credentials are stored, and the registry is open to guests."),
    Verdict.UNPROVEN: _("The registry also accepts wrong credentials, or none. Nothing is proven."),
    Verdict.REJECTED: _("The registry rejected the credentials."),
    Verdict.MISCONFIGURED: _("The row has to be changed before it can work."),
    Verdict.THROTTLED: _("The registry limits the number of requests."),
    Verdict.UNREACHABLE: _("The registry did not respond, or sent an invalid response."),
}

EXPLANATIONS: dict[str, Explanation] = {
    "signed_in": Explanation(
        _("The sign-in works."),
        _("The registry accepted the stored credentials, and it would have refused wrong ones."),
        _("Nothing has to be done."),
    ),
    "public": Explanation(
        _("The registry answers, and it is open to guests."),
        _("No credentials are stored in this row, so the site came as a guest."),
        _(
            "Nothing has to be done for public images. Check with the name of an image to see "
            "whether guests can read it."
        ),
    ),
    "public_by_image": Explanation(
        _("The registry answers, but does not say yet what guests can read."),
        _("This registry decides that for each image, and no credentials are stored in this row."),
        _("Check with the name of an image."),
    ),
    "no_access_to_image": Explanation(
        _("The sign-in works, but this image cannot be read."),
        _(
            "The account has no access to the image, or its name is wrong. Registries often "
            "answer the same to both."
        ),
        _(
            "Compare the name with the registry's own pages, and let the account read the image "
            "there."
        ),
    ),
    "repository_not_found": Explanation(
        _("The sign-in works, but there is no such repository."),
        _("The name has a typing error, or the repository was moved or deleted."),
        _("Copy the name from the registry's own pages."),
    ),
    "name_refused": Explanation(
        _("The sign-in works, but the registry does not accept this repository name."),
        _(
            "A part of the name is missing. Some registries want an account or a project before "
            "the repository."
        ),
        _("Enter the full name as the registry shows it."),
    ),
    "tag_not_found": Explanation(
        _("The sign-in works, but the repository has no such tag or digest."),
        _(
            "The tag was never pushed, or it was deleted. Without a tag, the site asks for "
            "“latest”."
        ),
        _("Choose a tag that the registry lists."),
    ),
    "platform_not_found": Explanation(
        _("The image exists, but not for this platform."),
        _("It was built for other systems or processors only."),
        _("Choose another platform, or have the image built for this one."),
    ),
    "open_registry": Explanation(
        _("Nobody knows whether these credentials are right."),
        _("The registry lets everybody in, also without credentials, so it never looks at them."),
        _("Remove the credentials, or have the registry ask for a sign-in."),
    ),
    "accepts_any_password": Explanation(
        _("Nobody knows whether these credentials are right."),
        _(
            "The registry also accepted an account that the site invented. Some servers check "
            "passwords only when an image is read."
        ),
        _("Check with the name of a private image."),
    ),
    "no_proof": Explanation(
        _("Nobody knows whether these credentials are right."),
        _("The registry answered without saying whose account it saw."),
        _("Check with the name of a private image."),
    ),
    "bad_credentials": Explanation(
        _("The registry rejected the credentials."),
        _(
            "The password or token was mistyped, changed, revoked or has expired, or the account "
            "is locked."
        ),
        _("Create a new token at the registry and enter it. The steps stand beside the form."),
    ),
    "credentials_ended": Explanation(
        _("The credentials have ended, and the registry rejected them."),
        _(
            "Tokens are made for a limited time. Somebody entered this one's last day, or the token"
            " or the registry said it."
        ),
        _(
            "Create a new token at the registry and enter it. If the day is wrong, correct it in"
            " the form."
        ),
    ),
    "ghost_token": Explanation(
        _("The credentials are wrong, although the registry did not say so."),
        _("It gave the site the token of a guest instead of one for the account."),
        _(
            "Enter the credentials again. Where the account has a second factor, use an access "
            "token instead of its password."
        ),
    ),
    "untrusted_realm": Explanation(
        _("The registry wants the credentials sent to a server that this row does not name."),
        _(
            "Registries may have a token server with another host. The site sends credentials "
            "only to servers that somebody entered, so it sent nothing."
        ),
        _(
            "If the server is the registry's own, enter its address as the token server. If not, "
            "somebody may stand between this site and the registry."
        ),
    ),
    "foreign_realm": Explanation(
        _("The registry wants the credentials sent to a server that does not belong to it."),
        _(
            "The service's own token servers are known, and this is none of them. A proxy may "
            "answer in the service's place, so nothing was sent."
        ),
        _("Check the network between this site and the registry, and the setting ENDPOINTS."),
    ),
    "insecure_realm": Explanation(
        _("The registry wants the credentials sent without encryption."),
        _(
            "Its token server has an address with http://, where anybody on the way can read a "
            "password. Nothing was sent."
        ),
        _(
            "Switch the token server to https, and correct its address in the registry's "
            "configuration."
        ),
    ),
    "guests_refused": Explanation(
        _("The registry lets no guests in."),
        _("No credentials are stored in this row, so the site came as a guest."),
        _("Add credentials to this row, or check with the name of a public image."),
    ),
    "credentials_required": Explanation(
        _("The registry asks for a password."),
        _("No credentials are stored in this row."),
        _("Add credentials to this row."),
    ),
    "no_registry_scope": Explanation(
        _("The token is right, but it may not read the registry."),
        _("It was created without the scope read_registry."),
        _("Create a token with the scope read_registry, and enter it here."),
    ),
    "no_permission": Explanation(
        _("The credentials are right, but they may not read the registry."),
        _("The account or role that they belong to lacks a permission."),
        _("Give the owner of the credentials read access at the registry."),
    ),
    "secret_unreadable": Explanation(
        _("This site cannot read the stored secrets, so nothing was sent."),
        _(
            "The encryption key is another one than when they were saved, or somebody changed "
            "the row's address or certificate in the database."
        ),
        _("Put the old key back into the site's settings, or enter the secrets again."),
    ),
    "unreadable_key": Explanation(
        _("The private key cannot be read."),
        _("A part of it is missing, or it is in another format than PEM."),
        _("Paste the whole key again, with its BEGIN and END lines."),
    ),
    "unreadable_ca": Explanation(
        _("The CA certificate of this row cannot be read."),
        _("A part of it is missing, or it is in another format than PEM."),
        _("Paste the whole certificate again, with its BEGIN and END lines."),
    ),
    "unreadable_ca_bundle": Explanation(
        _("The CA certificates that this site trusts cannot be read."),
        _("The setting CA_BUNDLE names a file that is missing, unreadable or no PEM."),
        _("Correct the setting CA_BUNDLE, and restart the site."),
    ),
    "unknown_region": Explanation(
        _("Amazon has no registry in this region."),
        _("The region has a typing error, or Amazon does not offer ECR there."),
        _("Correct the region. It is a part of the registry's host name, such as eu-west-1."),
    ),
    "unknown_tenant": Explanation(
        _("Microsoft Entra ID does not know this tenant."),
        _("The tenant ID has a typing error, or it belongs to another cloud of Microsoft."),
        _("Copy the tenant ID from the overview page of Microsoft Entra ID."),
    ),
    "incomplete": Explanation(
        _("Something that this kind of registry needs is missing."),
        _("The row was changed outside of its form, or another version of this site made it."),
        _("Open the row, correct what the form marks, and save it."),
    ),
    "blocked_address": Explanation(
        _("This site may not call the registry's IP address, so nothing was sent."),
        _(
            "The host name leads to a private or reserved address. The site calls those only if "
            "its operator allowed it."
        ),
        _(
            "Check the DNS, and the address if this row has one. If the registry is in a private "
            "network, allow that with the setting ALLOW_PRIVATE_ADDRESSES."
        ),
    ),
    "https_needed": Explanation(
        _("The registry only answers over https."),
        _("The row's address begins with http://."),
        _("Change http:// to https:// in the address."),
    ),
    "clock_skew": Explanation(
        _("The clock of this site's server is wrong."),
        _(
            "The cloud checks the time in each request, and rejects what is some minutes old or "
            "from the future."
        ),
        _("Set the clock, and have it synchronized."),
    ),
    "not_a_registry": Explanation(
        _("Something answers there, but it is no container registry."),
        _(
            "The address leads to a website or to another port, or the registry is behind a path "
            "or a proxy."
        ),
        _(
            "Check host and port of the address: that of a registry's web page is often another "
            "one. If this row has no address, find out what answers in the registry's place."
        ),
    ),
    "site_refused": Explanation(
        _("The registry blocks this site, so no credentials were sent."),
        _(
            "Its firewall or its list of allowed networks does not contain the IP address of "
            "this site."
        ),
        _("Allow this site's IP address at the registry."),
    ),
    "token_server_refused": Explanation(
        _("The server that checks the credentials blocks this site."),
        _(
            "After many wrong sign-ins some servers block an address for a while. It may also be "
            "a firewall."
        ),
        _("Wait an hour and check again. If it stays, contact the operator of the server."),
    ),
    "bad_token_server": Explanation(
        _("The token server does not know this registry."),
        _("The addresses of the registry and of its token server do not belong together."),
        _("Check both addresses."),
    ),
    "unsupported_scheme": Explanation(
        _("The registry asks for a sign-in method that this site does not have."),
        _("This site knows Basic and Bearer, as docker does."),
        _("Have the registry accept one of these, or use an address at which it does."),
    ),
    "image_needed": Explanation(
        _("This row does not say which registry to call."),
        _("It is for several hosts, and has neither an address nor a prefix."),
        _("Check with the name of an image, or set an address or a prefix."),
    ),
    "image_elsewhere": Explanation(
        _("The image is on a host that this row is not for."),
        _("Each row sends its credentials to its own hosts only."),
        _("Choose an image of this registry, or the row of the image's host."),
    ),
    "invalid_reference": Explanation(
        _("This is not the name of an image."),
        _("It has characters that image names do not have, or a part is missing."),
        _("Enter the name as for docker pull, such as ghcr.io/acme/app:1.0."),
    ),
    "rate_limited": Explanation(
        _("The registry asks this site to pause."),
        _(
            "Too many requests came from this account or this IP address. Guests often have a "
            "lower limit."
        ),
        _("Wait, and check again later. With credentials the limit may be higher."),
    ),
    "dns": Explanation(
        _("The host name cannot be resolved."),
        _(
            "It has a typing error, or the DNS that this site uses does not know it or does not "
            "answer."
        ),
        _("Check the DNS and the network of this site, and the address if this row has one."),
    ),
    "refused": Explanation(
        _("Nothing accepts connections there."),
        _("The registry is not running, listens on another port, or a firewall refuses this site."),
        _("Check the port, that the registry is running, and the firewall."),
    ),
    "connection": Explanation(
        _("The connection was lost before the registry had answered."),
        _("The registry or a proxy closed it, or the network failed for a moment."),
        _("Check again. If it stays, check the network and the registry's log."),
    ),
    "timeout": Explanation(
        _("The registry did not answer in time."),
        _("It is overloaded or not reachable, or a firewall silently drops what this site sends."),
        _(
            "Check the network and the firewall, and the address if this row has one. The "
            "setting TIMEOUT says how long the site waits."
        ),
    ),
    "list_timeout": Explanation(
        _("The list of tags did not arrive in time."),
        _("The repository has very many tags, and the registry sends them in many pages."),
        _("Ask for fewer tags, or raise the setting LIST_TIMEOUT."),
    ),
    "tls": Explanation(
        _("The certificate of the server is not trusted."),
        _(
            "A private CA issued it, the server does not send its whole chain, or a proxy "
            "answers in its place."
        ),
        _(
            "Enter the certificate of the CA in this row if you know it. Else find out who "
            "answers there."
        ),
    ),
    "self_signed": Explanation(
        _("The server's certificate was issued by itself."),
        _("Nobody whom this site trusts confirms whose server it is."),
        _("If the server is yours, enter its certificate in this row as CA certificate."),
    ),
    "certificate_expired": Explanation(
        _("The server's certificate, or that of its CA, has expired."),
        _("It was not renewed in time. A wrong clock of this site's server has the same effect."),
        _("Have the certificate renewed. Check that the clock of this site's server is right."),
    ),
    "certificate_not_yet_valid": Explanation(
        _("The server's certificate, or that of its CA, is not valid yet."),
        _("One of the two servers has a wrong clock, or the certificate begins later."),
        _("Check the clocks of this site's server and of the registry."),
    ),
    "certificate_other_name": Explanation(
        _("The server's certificate is for another host name."),
        _("The address is an IP address or another name of the server, or another server answers."),
        _(
            "Enter the address with the name that the certificate has, or have one issued for "
            "this name."
        ),
    ),
    "client_certificate": Explanation(
        _("The server wants a certificate from this site."),
        _("It only lets in clients that have one (mutual TLS), which this site does not support."),
        _("Let this site in without one, or use another address of the registry."),
    ),
    "weak_tls": Explanation(
        _("The server's encryption is too weak."),
        _("It has an old TLS version, or a key or signature that is no longer considered safe."),
        _("Update the TLS configuration of the server, or its certificate."),
    ),
    "no_tls": Explanation(
        _("The server does not answer with TLS."),
        _("The port is for plain http, or for something else."),
        _("Check the port. If the registry has no TLS, the address begins with http://."),
    ),
    "proxy_unreachable": Explanation(
        _("This site's own proxy does not answer."),
        _("It is not running, or the setting PROXY has a wrong address."),
        _("Check the setting PROXY, and that the proxy is running."),
    ),
    "proxy_auth": Explanation(
        _("This site's own proxy refuses its sign-in."),
        _("The setting PROXY has no user name and password, or wrong ones."),
        _("Correct them in the setting PROXY."),
    ),
    "proxy_refused": Explanation(
        _("This site's own proxy does not let it call the registry."),
        _("The proxy only allows some hosts or ports."),
        _("Allow the registry there, or add it to the setting NO_PROXY."),
    ),
    "proxy_failed": Explanation(
        _("This site's own proxy could not reach the registry."),
        _("The registry is not running, or the proxy has no way to it."),
        _("Check that the registry is running, and that the proxy can reach it."),
    ),
    "server_error": Explanation(
        _("The registry has an error of its own."),
        _("It, or a proxy before it, answered with a status of 500 or more."),
        _("Check again later. If it stays, look into the registry's log."),
    ),
    "bad_answer": Explanation(
        _("The registry's answer cannot be used."),
        _(
            "It is not what the protocol of registries asks for. Another program or a proxy may "
            "answer there."
        ),
        _(
            "Check again later. If it stays, check the address, or what answers in the "
            "registry's place."
        ),
    ),
    "too_large": Explanation(
        _("The answer is larger than this site reads."),
        _("Registries send short answers here. Something else may answer."),
        _("Check the address, or what answers in the registry's place."),
    ),
    "redirected": Explanation(
        _("The registry redirects to an address that this site does not follow."),
        _(
            "It leads to another scheme or in a circle, or to an address that this site may not "
            "call."
        ),
        _(
            "If this row has an address, enter the one to which it finally leads. Else check "
            "what answers in the registry's place."
        ),
    ),
}
