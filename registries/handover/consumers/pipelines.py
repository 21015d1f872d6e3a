"""Pipelines that build, test and deliver."""

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
            _("Name the image in a job."),
            """\
test:
  image: @image@""",
            ".gitlab-ci.yml",
        ),
        DELETE,
    ),
    notes=(
        _(
            "Protect the variable if protected branches alone need it. GitLab cannot mask it, as it"
            " has several lines: no job should print its environment."
        ),
        _(
            "The runner uses it for “image” and “services”. Where a job copies it into docker's"
            " config.json, docker uses the entry of a prefix for the whole host."
        ),
    ),
    renewal=(
        Step(
            _(
                "The job's image is pulled before its script runs, so the runner has to ask: put"
                " the credential helper on the machine of the runner."
            )
        ),
        HELPER,
        Step(
            _("Name it in the configuration of the account that the runner has there."),
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
    # It signs in to the whole host, though the form could say for which part of it.
    form=replace(json_form, paths=Paths.CUT),
    file="credentials.json",
    steps=(
        Step(
            _("Store user name and password as two secrets of the repository."),
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
            "GitHub hides secrets in logs by their whole text, so these are two secrets and not one"
            " JSON."
        ),
        _("For the image of a whole job, name the two secrets under “container.credentials”."),
    ),
    renewal=(
        Step(
            _(
                "Have the workflow ask this site, with an access token that may hand over"
                " credentials, and for this registry alone. Store it as the secret"
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
                "In Jenkins, open Manage Jenkins, Credentials, and add one of the kind “Secret"
                " file”: upload the file, and enter the ID “@name@”. Its name has to stay"
                " config.json."
            )
        ),
        Step(
            _("Use it where the pipeline pulls."),
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
        _("Keep the credential in the folder of the jobs that need it, not for all of Jenkins."),
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
