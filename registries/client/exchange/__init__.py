"""Exchanges a cloud identity for a password or an identity token of the cloud's registry.

This is done by the clouds' SDKs over our own transport. Each SDK is imported when it is first used.
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

    registry: the origin of the registry, which only Azure's exchange needs.
    Raises ClientError, which contains no secret.
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
