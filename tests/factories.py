"""Rows of every kind, complete and valid, with values that are obviously fake."""

from functools import cache
from itertools import count
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from registries.models import Registry

_numbers = count(1)


@cache
def pem() -> str:
    """A private key that was made for this run and opens nothing."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


PEM = pem()

# Complete rows with credentials, one of each kind.
SAMPLES: dict[str, dict[str, str]] = {
    "acr": {
        "clientid": "00000000-1111-2222-3333-444444444444",
        "clientsecret": "fake-client-secret",
        "url": "https://example.azurecr.io",
    },
    "custom": {
        "url": "https://registry.example:5000",
        "login": "johndoe",
        "password": "fake-password",
    },
    "ecr": {
        "region": "eu-west-1",
        "accesskey": "AKIAFAKEFAKEFAKEFAKE",
        "secretaccesskey": "fake-secret-access-key",
    },
    "forgejo": {"url": "https://forgejo.example", "login": "johndoe", "password": "fake-password"},
    "gcr": {"clientemail": "reader@example.iam.gserviceaccount.com", "privatekey": PEM},
    "ghcr": {"username": "johndoe", "token": "fake-token"},
    "gitea": {"url": "https://gitea.example", "login": "johndoe", "password": "fake-password"},
    "gitlab": {
        "url": "https://registry.gitlab.example",
        "authurl": "https://gitlab.example",
        "token": "fake-token",
    },
    "hub": {"login": "johndoe", "password": "fake-password"},
    "lscr": {"username": "johndoe", "token": "fake-token"},
    "quay": {"namespace": "acme", "account": "robot", "token": "fake-token"},
}


def build(slug: str, **columns: Any) -> Registry:
    """An unsaved row of a kind; `columns` replace the sample's, None takes one away."""
    columns.setdefault("name", f"{slug} {next(_numbers)}")
    return Registry(kind=slug, **{**SAMPLES[slug], **columns})


def create(slug: str, **columns: Any) -> Registry:
    """A saved row of a kind, checked by its rules first."""
    row = build(slug, **columns)
    row.full_clean()
    row.save()
    return row
