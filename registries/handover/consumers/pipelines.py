"""Pipelines that build, test and deploy."""

from dataclasses import replace

from registries.handover.consumers.consumer import (
    DELETE,
    HELPER,
    NAME_HELPER,
    Consumer,
    Page,
    Step,
)
from registries.handover.docker import docker as docker_form
from registries.handover.form import Paths
from registries.handover.gitlab import gitlab as gitlab_form
from registries.handover.json import json as json_form
from registries.text import gettext_noop as _

gitlab_ci = Consumer(
    slug="gitlab-ci",
    label=_("GitLab CI"),
    summary=_("images that jobs run in"),
    form=gitlab_form,
    file="docker-auth-config.json",
    many=True,
    steps=(
        Step(
            _(
                "Copy it. In the project or group, open Settings, CI/CD, Variables, add the"
                " variable DOCKER_AUTH_CONFIG and paste it as the value."
            )
        ),
        Step(
            _("Or set it with GitLab's command line."),
            "glab variable set DOCKER_AUTH_CONFIG --group GROUP < @file@",
        ),
        Step(
            _("Use the image in a job."),
            """\
test:
  image: @image@""",
            ".gitlab-ci.yml",
        ),
        DELETE,
    ),
    notes=(
        _(
            "Protect the variable if only protected branches need it. GitLab cannot mask it"
            " because it has several lines, so no job should print its environment."
        ),
        _(
            "The runner uses it for “image” and “services”. If a job copies it into docker's"
            " config.json, docker uses an entry for a prefix for the whole host."
        ),
    ),
    renewal=(
        Step(
            _(
                "The job's image is pulled before its script runs, so the runner itself has to"
                " ask. Install the credential helper on the runner's machine."
            )
        ),
        HELPER,
        Step(
            _("Enter it in the configuration of the runner's account."),
            NAME_HELPER.code,
            "~/.docker/config.json",
        ),
    ),
    pages=(
        Page(
            _("GitLab: use an image from a private registry"),
            "https://docs.gitlab.com/ci/docker/using_docker_images/",
        ),
    ),
)

github_actions = Consumer(
    slug="github-actions",
    label=_("GitHub Actions"),
    summary=_("docker/login-action in workflows"),
    # docker/login-action signs in to a whole host, and cannot use the prefix that this form has.
    form=replace(json_form, paths=Paths.IGNORED),
    file="credentials.json",
    steps=(
        Step(
            _("Store the user name and the password as two secrets of the repository."),
            """\
jq -j .username @file@ | gh secret set REGISTRY_USERNAME --repo OWNER/REPO
jq -j .password @file@ | gh secret set REGISTRY_PASSWORD --repo OWNER/REPO""",
        ),
        Step(
            _("Sign in before the first step that pulls."),
            """\
- uses: docker/login-action@v3
  with:
    registry: @host@
    username: ${{ secrets.REGISTRY_USERNAME }}
    password: ${{ secrets.REGISTRY_PASSWORD }}""",
            ".github/workflows/build.yml",
        ),
        DELETE,
    ),
    notes=(
        _(
            "These are two secrets, because GitHub can hide a secret in logs only if its whole"
            " text appears there."
        ),
        _("To run a whole job in an image, use the two secrets under “container.credentials”."),
    ),
    renewal=(
        Step(
            _(
                "Let the workflow ask this site, with an access token that can only be used to"
                " fetch this registry's credentials. Store the token as the secret"
                " REGISTRIES_TOKEN."
            ),
            """\
- run: |
    umask 077
    mkdir -p ~/.docker
    curl -fsS -H "Authorization: Bearer $TOKEN" -o ~/.docker/config.json \\
      -d form=docker -d registry=@id@ @handover@
  env:
    TOKEN: ${{ secrets.REGISTRIES_TOKEN }}""",
            ".github/workflows/build.yml",
            is_token=True,
        ),
    ),
    pages=(
        Page(
            _("GitHub: using secrets in workflows"),
            "https://docs.github.com/actions/security-for-github-actions/security-guides/using-secrets-in-github-actions",
        ),
        Page(_("docker/login-action"), "https://github.com/docker/login-action"),
    ),
)

jenkins = Consumer(
    slug="jenkins",
    label=_("Jenkins"),
    summary=_("pipelines that run docker"),
    form=docker_form,
    file="config.json",
    many=True,
    steps=(
        Step(
            _(
                "In Jenkins, open Manage Jenkins, Credentials, and add a “Secret file”. Upload"
                " the file, and enter the ID “@name@”. The file must be called config.json."
            )
        ),
        Step(
            _("Use it where the pipeline pulls the image."),
            """\
withCredentials([file(credentialsId: '@name@', variable: 'DOCKER_AUTH')]) {
    sh 'DOCKER_CONFIG=$(dirname "$DOCKER_AUTH") docker pull @image@'
}""",
            "Jenkinsfile",
        ),
        DELETE,
    ),
    notes=(
        _("Jenkins removes the file from the agent after the block."),
        _("Store the credential in the folder of the jobs that need it, not for all of Jenkins."),
    ),
    renewal=(HELPER, NAME_HELPER),
    pages=(
        Page(
            _("Jenkins: using credentials"),
            "https://www.jenkins.io/doc/book/using/using-credentials/",
        ),
        Page(_("Jenkins: Credentials Binding"), "https://plugins.jenkins.io/credentials-binding/"),
    ),
)
