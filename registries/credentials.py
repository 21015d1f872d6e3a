"""What signs in to a registry: values that know neither kinds nor HTTP.

A kind turns the variables of a row into one of these; the client turns it into requests.
No secret is ever part of a `repr`.
"""

import json
from dataclasses import dataclass, field
from typing import Literal

# What may stand between the parts of a JSON text (RFC 8259, section 2), beside spaces.
LINES = "\t\n\r"
# The login with which Google takes a key file in base64, which the tool's line breaks may divide.
BASE64_KEY = "_json_key_base64"


@dataclass(frozen=True, slots=True)
class Anonymous:
    """No credentials: what the registry shows to everybody."""


@dataclass(frozen=True, slots=True)
class Basic:
    """A user name and a password, access token or robot token, as in RFC 7617.

    The user name may be a secret as well: DigitalOcean takes its token as both.
    """

    username: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AwsKeys:
    """An IAM access key, exchanged for a registry password at the ECR API.

    `service` is `ecr` for private registries, which belong to `region`, or `ecr-public` for
    public.ecr.aws, whose only API is in us-east-1.
    """

    region: str
    access_key: str
    secret_access_key: str = field(repr=False)
    service: Literal["ecr", "ecr-public"] = "ecr"


@dataclass(frozen=True, slots=True)
class GoogleServiceAccount:
    """A Google service account's e-mail and PEM key, exchanged for a one-hour access token."""

    client_email: str
    private_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AzurePrincipal:
    """A Microsoft Entra service principal, exchanged for an ACR refresh token by its tenant."""

    tenant_id: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class IdentityToken:
    """A registry's own refresh token, posted to its token server instead of a password."""

    token: str = field(repr=False)


Credential = Anonymous | Basic | AwsKeys | GoogleServiceAccount | AzurePrincipal


def is_key_file(username: str, password: str) -> bool:
    """Whether a password is a whole key file, which may have several lines: `LINES` belong to it.

    RFC 7617 forbids control characters in passwords, but Google and Yandex take a JSON key as one,
    which docker sends as it is
    (https://docs.cloud.google.com/artifact-registry/docs/docker/authentication#json-key,
    https://yandex.cloud/docs/container-registry/operations/authentication#sa-json). Nothing of it
    can split the header, which carries base64.
    """
    if username == BASE64_KEY:
        return True
    # No error gets out: those of the parser carry the secret with them.
    try:
        return isinstance(json.loads(password), dict)
    except (ValueError, RecursionError):
        return False
