"""The CI/CD variable DOCKER_AUTH_CONFIG, from which GitLab Runner pulls a job's image.

docker's CLI reads this variable too. It ignores all of it if an entry has more than `auth`
(docker/cli, cli/config/configfile/file.go, parseEnvConfig).
"""

from registries.handover.credential import PullCredential
from registries.handover.form import JSON, Form, Paths, bare_auths, docker_key
from registries.text import gettext_noop as _


def _key(credential: PullCredential) -> str:
    return credential.place if credential.path else docker_key(credential)


gitlab = Form(
    slug="gitlab",
    label=_("GitLab CI: DOCKER_AUTH_CONFIG"),
    content_type=JSON,
    render=lambda credentials, _options: bare_auths(credentials, _key),
    key=_key,
    paths=Paths.SUPPORTED,
    many=True,
)
