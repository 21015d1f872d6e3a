"""Credentials, independent of kinds and of HTTP.

A kind makes one of them from a row's variables, and the client uses it in requests. No `repr`
contains a secret.
"""

import json
from dataclasses import dataclass, field
from typing import Literal

# The white space of JSON besides the space itself (RFC 8259, section 2).
LINES = "\t\n\r"
# Google's login for a key file in base64, which may contain the line breaks of base64 tools.
BASE64_KEY = "_json_key_base64"


@dataclass(frozen=True, slots=True)
class Anonymous:
    """No credentials, for public images."""


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
    """Return whether a password is a key file, which may contain the characters in `LINES`.

    RFC 7617 forbids control characters in passwords, but Google and Yandex accept a JSON key as
    password, which docker sends as it is
    (https://docs.cloud.google.com/artifact-registry/docs/docker/authentication#json-key,
    https://yandex.cloud/docs/container-registry/operations/authentication#sa-json). Nothing of it
    can split the header, which carries base64.
    """
    if username == BASE64_KEY:
        return True
    # The errors of the parser contain the secret, so none is raised from here.
    try:
        return isinstance(json.loads(password), dict)
    except (ValueError, RecursionError):
        return False
