"""A cloud identity becomes what its registry takes: a password, or an identity token.

The clouds' SDKs do the talking, over our own transport. Each costs its price only in the process
that signs in with it first.
"""

from registries.client.deadline import Deadline
from registries.client.exchange.base import Exchanged
from registries.client.transport import Transport
from registries.credentials import AwsKeys, AzurePrincipal, GoogleServiceAccount

__all__ = ["Exchanged", "exchange"]


def exchange(
    credential: AwsKeys | GoogleServiceAccount | AzurePrincipal,
    *,
    registry: str | None,
    transport: Transport,
    deadline: Deadline,
) -> Exchanged:
    """Sign in to the cloud that `credential` belongs to.

    registry: origin of the registry to sign in to; only Azure's exchange asks for it.
    Raises ClientError; what is raised holds no secret.
    """
    # ruff: noqa: PLC0415 - each of these modules imports an SDK
    match credential:
        case AwsKeys():
            from registries.client.exchange import aws

            return aws.exchange(credential, transport, deadline)
        case GoogleServiceAccount():
            from registries.client.exchange import google

            return google.exchange(credential, transport, deadline)
        case AzurePrincipal():
            from registries.client.exchange import azure

            return azure.exchange(credential, registry, transport, deadline)
