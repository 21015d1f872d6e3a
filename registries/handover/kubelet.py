"""A CredentialProviderResponse for the kubelet (KEP-2133).

Source: kubernetes/kubelet, pkg/apis/credentialprovider/v1/types.go.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from registries.handover.credential import PullCredential
from registries.handover.form import JSON, Form, Options, Paths, dump, first_end, kubernetes_key
from registries.text import gettext_noop as _

VERSION = "credentialprovider.kubelet.k8s.io/v1"
# Seconds for which the kubelet keeps what does not end by itself: it may be revoked.
KEPT = 300


def _key(credential: PullCredential) -> str:
    # Unlike the file's, the response's keys are hosts and paths of images alone.
    return kubernetes_key(credential) if credential.path else credential.host


def _render(credentials: Sequence[PullCredential], options: Options) -> str:
    # A key for the one image that was asked for, where the credential is not for the whole host:
    # compared by characters, a prefix would miss the repository that is called so itself.
    own = options.repository if credentials[0].path else ""
    is_general = not own and not options.shares_host
    return dump(
        {
            "apiVersion": VERSION,
            "kind": "CredentialProviderResponse",
            "cacheKeyType": "Registry" if is_general else "Image",
            "cacheDuration": f"{_seconds(credentials)}s",
            "auth": {
                own or _key(each): {"username": each.username, "password": each.password}
                for each in credentials
            },
        }
    )


def _seconds(credentials: Sequence[PullCredential]) -> int:
    """At most half of what is left."""
    if (end := first_end(credentials)) is None:
        return KEPT
    return max(0, int((end - datetime.now(UTC)).total_seconds() / 2))


kubelet = Form(
    slug="kubelet",
    label=_("Kubelet: image credential provider"),
    content_type=JSON,
    render=_render,
    key=_key,
    paths=Paths.KEPT,
    globs=True,
)
