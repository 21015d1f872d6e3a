"""What is said of Azure Container Registry."""

from registries.credentials import AzurePrincipal, Basic
from registries.endpoint import Endpoint, Proof
from tests.fakes.clouds import TENANT, Azure, AzureTenant
from tests.kinds.facts.base import SECRET, Case, Facts
from tests.kinds.samples import SAMPLES

PRINCIPAL = ("clientid", "clientsecret")
SIGNED_IN = (SAMPLES["clientid"], SECRET)

FACTS = Facts(
    sample={
        "clientid": "00000000-1111-2222-3333-444444444444",
        "clientsecret": "fake-client-secret",
        "url": "https://example.azurecr.io",
    },
    variables={"clientid", "clientsecret", "url", "tenantid"},
    errors=lambda provided: {"clientid", "clientsecret"} - provided,
    credentials=[
        (("clientid", "clientsecret"), "a.azurecr.io", "", Basic(*SIGNED_IN)),
        (
            ("clientid", "clientsecret", "tenantid"),
            None,
            "",
            AzurePrincipal(SAMPLES["tenantid"], *SIGNED_IN),
        ),
    ],
    endpoints=[
        (
            {},
            "a.azurecr.io",
            Endpoint(url="https://a.azurecr.io", actions="pull,metadata_read", fixed_realm=True),
        ),
        ({}, None, Endpoint(url=None, actions="pull,metadata_read", fixed_realm=True)),
        (
            {"url": "https://a.azurecr.io", "tenantid": "contoso.com"},
            None,
            Endpoint(
                url="https://a.azurecr.io",
                actions="pull,metadata_read",
                fixed_realm=True,
                proof=Proof.EXCHANGE,
            ),
        ),
        (
            {},
            "a.eastus.geo.azurecr.io",
            Endpoint(
                url="https://a.eastus.geo.azurecr.io",
                actions="pull,metadata_read",
                fixed_realm=True,
            ),
        ),
    ],
    hosts=[
        ("acme.azurecr.io", {}),
        ("acme.azurecr.cn", {}),
        ("acme-h4sh.azurecr.us", {}),
        ("acme.eastus2.geo.azurecr.io", {}),
        ("acme-h4sh.germanywestcentral.geo.azurecr.io", {}),
        ("acme.chinanorth3.geo.azurecr.cn", {}),
        ("acme.usgovvirginia.geo.azurecr.us", {}),
    ],
    look_alikes=[
        "azurecr.io",
        ".azurecr.io",
        "acme.azurecrxio",
        "acme.azurecr.io.evil.com",
        "acme.evil.azurecr.io",
        "-acme.azurecr.io",
        "acme-.azurecr.io",
        "acme.azurecr.com",
        # Of a cloud that Microsoft closed: whose it is today nobody can show.
        "acme.azurecr.de",
        "acme.germanynorth.geo.azurecr.de",
        # Where the layers of images are: no registry.
        "acme.eastus.data.azurecr.io",
        "eastus.geo.azurecr.io",
        "acme.evil.eastus.geo.azurecr.io",
        "acme.eastus.geo.azurecr.io.evil.com",
        "acme.eastus.evil.azurecr.io",
        "acme.eastus.geoxazurecr.io",
        "acme_x.azurecr.io",
    ],
    registries={
        "acr": Case("acr", Azure, PRINCIPAL, host="acme.azurecr.io", none=None),
        "acr tenant": Case(
            "acr",
            AzureTenant,
            PRINCIPAL,
            host="acme.azurecr.io",
            fixed=(("tenantid", TENANT),),
            none=None,
        ),
    },
)
