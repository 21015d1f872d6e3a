"""Form: a format in which credentials are handed over; and functions that several forms share."""

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from registries.handover.credential import HUB, HUB_KEY, PullCredential

JSON, YAML, TEXT = "application/json", "application/yaml", "text/plain; charset=utf-8"


class Paths(Enum):
    """For which images the readers of a form use a credential that is for a prefix."""

    SUPPORTED = "supported"  # for images under the prefix
    IGNORED = "ignored"  # for all images of the host
    PER_IMAGE = "per image"  # for the one image or host that they request


@dataclass(frozen=True, slots=True)
class Options:
    """What a form may contain besides the credentials.

    name, namespace: of a Kubernetes Secret.
    server: the host as the program spelled it.
    repository: host and path of the requested image, if one was requested.
    shares_host: whether other registries are for some images of the same host.
    ids: of the registries.
    fingerprint: a text that changes with the credentials, and from which they cannot be guessed.
    """

    name: str = ""
    namespace: str = ""
    server: str = ""
    repository: str = ""
    shares_host: bool = False
    ids: tuple[int, ...] = ()
    fingerprint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A format in which credentials are handed over.

    label: the programs that read it.
    content_type: of the HTTP response.
    render: returns the text.
    key: returns how the form names the host or prefix that a credential is for.
    many: whether it can hold several registries.
    globs: whether a host may have `*` in place of a label.
    max_bytes: how long the text may be; 0 for no limit.
    """

    slug: str
    label: str
    content_type: str
    render: Callable[[Sequence[PullCredential], Options], str] = field(repr=False)
    key: Callable[[PullCredential], str]
    paths: Paths
    many: bool = False
    globs: bool = False
    max_bytes: int = 0


def docker_key(credential: PullCredential) -> str:
    """Return the key of docker's config.json: the host alone.

    Source: docker/cli, cli/config/configfile/file.go, getAuthConfigKey.
    """
    return HUB_KEY if credential.host == HUB else credential.host


def namespaced_key(credential: PullCredential) -> str:
    """Return the key of containers-auth.json(5): the host, or a namespace on it."""
    return credential.place


def kubernetes_key(credential: PullCredential) -> str:
    """Return the key of a pull secret.

    The kubelet compares it with the image's name character by character, so a path ends with a
    slash. Source: kubernetes, pkg/credentialprovider/keyring.go, URLsMatch.
    """
    return f"{credential.place}/" if credential.path else docker_key(credential)


def basic_auth(credential: PullCredential) -> str:
    """Return `user:password` in padded base64, as all these files have it."""
    pair = f"{credential.username}:{credential.password}"
    return base64.b64encode(pair.encode()).decode()


def auths(entries: Iterable[tuple[str, Mapping[str, str]]]) -> str:
    """Return a file like docker's config.json."""
    return dump_json({"auths": dict(entries)})


def bare_auths(credentials: Iterable[PullCredential], key: Callable[[PullCredential], str]) -> str:
    """Return a file like docker's whose entries have only `auth`, which all readers accept."""
    return auths((key(credential), {"auth": basic_auth(credential)}) for credential in credentials)


def dockerconfigjson(credentials: Iterable[PullCredential]) -> str:
    """Return the content of a Secret of the type kubernetes.io/dockerconfigjson, like kubectl's."""
    return auths(
        (
            kubernetes_key(credential),
            {
                "username": credential.username,
                "password": credential.password,
                "auth": basic_auth(credential),
            },
        )
        for credential in credentials
    )


def dump_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def rfc3339(time: datetime | None) -> str:
    """Return the time as RFC 3339 writes it, in whole seconds of UTC; empty for None."""
    if time is None:
        return ""
    # Rounded down, so that a credential never seems to last longer than it does.
    return time.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def earliest_expiry(credentials: Iterable[PullCredential]) -> datetime | None:
    """Return when the first of the credentials expires; None if none does."""
    times = [credential.expires_at for credential in credentials if credential.expires_at]
    return min(times, default=None)
