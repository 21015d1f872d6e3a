"""Azure Container Registry: a service principal that may pull."""

from dataclasses import replace

from registries.credentials import AzurePrincipal, Basic, Credential
from registries.endpoint import Endpoint, Proof
from registries.kinds import cleaning
from registries.kinds.base import HowTo, Kind, Link, Method, Values, Variable
from registries.kinds.shared import SECRET_LENGTH, URL, origin_of
from registries.text import gettext_noop as _


def _credential(values: Values, _host: str | None, _prefix: str) -> Credential:
    client, secret = values["clientid"], values["clientsecret"]
    tenant = values.get("tenantid")
    return AzurePrincipal(tenant, client, secret) if tenant else Basic(client, secret)


# The regional names are of 2026: learn.microsoft.com/azure/container-registry, "Azure Container
# Registry endpoint reference". azurecr.de is missing on purpose: Microsoft closed that cloud in
# 2021 and removed it from its tools (https://github.com/Azure/azure-sdk-for-python/issues/27822).
# Whoever owns the name today would receive the secret of every row without an address.
HOSTS = tuple(
    f"{{name}}.{between}azurecr.{ending}"
    for between in ("", "{location}.geo.")
    for ending in ("io", "cn", "us")
)


def _endpoint(values: Values, host: str | None) -> Endpoint:
    host_url = f"https://{host}" if host else None
    return Endpoint(
        url=origin_of(values["url"]) if "url" in values else host_url,
        fixed_realm=True,
        proof=Proof.EXCHANGE if "tenantid" in values else Proof.TOKEN,
        # `pull` alone does not list tags: https://github.com/renovatebot/renovate/issues/14708
        actions="pull,metadata_read",
    )


acr = Kind(
    slug="acr",
    label=_("Azure Container Registry"),
    summary=_("Client ID and secret of a service principal"),
    hosts=HOSTS,
    variables=(
        replace(
            URL,
            label=_("Login server"),
            help=_(
                "As the Azure portal shows it."
                " Leave empty for any login server; a check then needs an image to try."
            ),
            required=False,
            placeholder="https://example.azurecr.io",
        ),
        Variable(
            name="clientid",
            label=_("Client ID"),
            help=_("The application's id, a GUID."),
            required=True,
            clean=cleaning.user,
        ),
        Variable(
            name="clientsecret",
            label=_("Client secret"),
            help=_("The secret's value, not its id."),
            required=True,
            secret=True,
            max_length=SECRET_LENGTH,
            clean=cleaning.opaque,
        ),
        Variable(
            name="tenantid",
            label=_("Tenant ID"),
            help=_("With it, sign-in goes through Microsoft Entra ID."),
            clean=cleaning.tenant,
            pattern=f"^(?:{cleaning.TENANT_PATTERN})$",
        ),
    ),
    methods=(
        Method("principal", _("Service principal"), ("clientid", "clientsecret")),
        Method(
            "entra",
            _("Service principal, through Microsoft Entra ID"),
            ("tenantid", "clientid", "clientsecret"),
            _("For registries that refuse the client secret itself."),
        ),
    ),
    howto=HowTo(
        _("Create a service principal"),
        (
            _(
                "In the [Azure portal](https://portal.azure.com/), open **Microsoft Entra ID**,"
                " then **App registrations**."
            ),
            _("Choose **New registration** and name it after this site."),
            _("Copy the **Application (client) ID**: it is the client ID here."),
            _("Under **Certificates & secrets**, add a client secret and copy its value at once."),
            _("Open your container registry, then **Access control (IAM)**."),
            _("Choose **Add role assignment** and give the application the role **AcrPull**."),
        ),
        (
            _("A new role can take some minutes before the registry honours it."),
            _("Client secrets expire: note the date, and replace the secret here in time."),
            _(
                "azurecr.de is not called: Microsoft closed its German cloud in 2021, and nothing"
                " shows that the name is still its own."
            ),
        ),
        (
            Link(
                _("Azure: sign in with a service principal"),
                "https://learn.microsoft.com/azure/container-registry/container-registry-auth-service-principal",
            ),
        ),
    ),
    credential=_credential,
    endpoint=_endpoint,
    exchanged_by="tenantid",
    exchanged_hours=3,
)
