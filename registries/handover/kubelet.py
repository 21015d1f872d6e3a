"""A CredentialProviderResponse for the kubelet (KEP-2133).

Source: kubernetes/kubelet, pkg/apis/credentialprovider/v1/types.go.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from registries.handover.credential import PullCredential
from registries.handover.form import (
    JSON,
    Form,
    Options,
    Paths,
    dump_json,
    earliest_expiry,
    kubernetes_key,
)
from registries.text import gettext_noop as _

VERSION = "credentialprovider.kubelet.k8s.io/v1"
# For how many seconds the kubelet caches a long-lived credential, which may be revoked.
CACHE_SECONDS = 300


def _key(credential: PullCredential) -> str:
    # Docker Hub's key is its host here, and not its address as in docker's files.
    return kubernetes_key(credential) if credential.path else credential.host


def _render(credentials: Sequence[PullCredential], options: Options) -> str:
    # The key of a prefix ends with a slash, so it does not match a repository of exactly that name.
    # The key is the requested image instead.
    repository = options.repository if credentials[0].path else ""
    is_for_all = not repository and not options.shares_host
    return dump_json(
        {
            "apiVersion": VERSION,
            "kind": "CredentialProviderResponse",
            "cacheKeyType": "Registry" if is_for_all else "Image",
            "cacheDuration": f"{_seconds(credentials)}s",
            "auth": {
                repository or _key(login): {"username": login.username, "password": login.password}
                for login in credentials
            },
        }
    )


def _seconds(credentials: Sequence[PullCredential]) -> int:
    """Return half of the time until the first credential expires."""
    if (expires_at := earliest_expiry(credentials)) is None:
        return CACHE_SECONDS
    return max(0, int((expires_at - datetime.now(UTC)).total_seconds() / 2))


kubelet = Form(
    slug="kubelet",
    label=_("Kubelet: image credential provider"),
    content_type=JSON,
    render=_render,
    key=_key,
    paths=Paths.SUPPORTED,
    globs=True,
)
