"""What a form of hand-over is: a value, as a kind is; and what several forms share."""

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
    """What the program that reads a form makes of a credential for a prefix alone."""

    KEPT = "kept"  # uses it for images under the prefix
    CUT = "cut"  # sends it to the whole host
    ASKED = "asked"  # asks for one image or host at a time, and uses it for that


@dataclass(frozen=True, slots=True)
class Options:
    """What a form says besides the credentials.

    name, namespace: of a Kubernetes Secret. server: the host as the program asked for it.
    repository: host and path of the one image that was asked for, if it was one. shares_host:
    other registries are for some images of the same host. ids: of the registries. fingerprint: a
    text that differs when the credentials do, and from which nobody can find them.
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
    """One form in which credentials are handed over.

    label: which programs read it. content_type: of the answer over HTTP.
    render: the text, from the credentials and what else is to be said.
    key: how the form names what a credential is for.
    many: several registries fit into one. globs: hosts may have `*` for a label.
    longest: bytes that the text may have; 0 where nothing limits it.
    """

    slug: str
    label: str
    content_type: str
    render: Callable[[Sequence[PullCredential], Options], str] = field(repr=False)
    key: Callable[[PullCredential], str]
    paths: Paths
    many: bool = False
    globs: bool = False
    longest: int = 0


def docker_key(credential: PullCredential) -> str:
    """As docker's config.json names a registry: by its host alone.

    Source: docker/cli, cli/config/configfile/file.go, getAuthConfigKey.
    """
    return HUB_KEY if credential.host == HUB else credential.host


def namespaced_key(credential: PullCredential) -> str:
    """As containers-auth.json(5) names a registry, or a namespace on it."""
    return credential.place


def kubernetes_key(credential: PullCredential) -> str:
    """As the kubelet compares it with an image: by characters, so a path ends with a slash.

    Source: kubernetes, pkg/credentialprovider/keyring.go, URLsMatch.
    """
    return f"{credential.place}/" if credential.path else docker_key(credential)


def auth(credential: PullCredential) -> str:
    """User name and password as all these files have them: padded base64 with a colon."""
    pair = f"{credential.username}:{credential.password}"
    return base64.b64encode(pair.encode()).decode()


def auths(entries: Iterable[tuple[str, Mapping[str, str]]]) -> str:
    """A file of docker's shape."""
    return dump({"auths": dict(entries)})


def bare_auths(credentials: Iterable[PullCredential], key: Callable[[PullCredential], str]) -> str:
    """A file of docker's shape with `auth` alone: every reader takes it."""
    return auths((key(each), {"auth": auth(each)}) for each in credentials)


def dockerconfigjson(credentials: Iterable[PullCredential]) -> str:
    """What a Secret of the type kubernetes.io/dockerconfigjson holds, as kubectl writes it."""
    return auths(
        (
            kubernetes_key(each),
            {"username": each.username, "password": each.password, "auth": auth(each)},
        )
        for each in credentials
    )


def dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def moment(time: datetime | None) -> str:
    """A time as RFC 3339 has it, in whole seconds of UTC; empty for none."""
    if time is None:
        return ""
    # Cut, not rounded: it never seems to last longer than it does.
    return time.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def first_end(credentials: Iterable[PullCredential]) -> datetime | None:
    """When the first of them ends; None where none does."""
    return min((each.expires_at for each in credentials if each.expires_at), default=None)
