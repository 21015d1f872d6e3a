"""The programs for other machines: a page about them, and each as a file to download.

Everybody may have them: they hold no secret, and a machine that downloads one has not signed in.
"""

from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_safe

from registries.programs import credentials

CONTENT = Path(credentials.__file__).read_bytes()
SHA256 = sha256(CONTENT).hexdigest()
NAMES = (credentials.HELPER, credentials.PROVIDER)


class Program(NamedTuple):
    """A program on the page; `folder` is where it belongs on the machine that runs it."""

    name: str
    title: str
    purpose: str
    folder: str


def _programs() -> tuple[Program, ...]:
    return (
        Program(
            credentials.HELPER,
            _("Credential helper"),
            _(
                "Docker, Podman, Skopeo, Helm and others run it when they need credentials for a"
                " registry, so none are stored on that machine."
            ),
            "/usr/local/bin",
        ),
        Program(
            credentials.PROVIDER,
            _("Credential provider for the kubelet"),
            _(
                "The kubelet runs it on each node before it pulls an image, so the cluster needs no"
                " pull secrets."
            ),
            "/usr/local/lib/kubelet-providers",
        ),
    )


# The frame says who is signed in.
@never_cache
@require_safe
def programs(request: HttpRequest) -> HttpResponse:
    """Show what each program is for, how it is installed, and its checksum."""
    site = request.build_absolute_uri("/")
    context = {
        **admin.site.each_context(request),
        "title": _("Programs"),
        "site": site.rstrip("/"),
        "programs": _programs(),
        "sha256": SHA256,
    }
    return render(request, "programs.html", context)


@cache_control(no_cache=True)
@require_safe
def program(_request: HttpRequest, name: str) -> HttpResponse:
    """Return a program as a file."""
    if name not in NAMES:
        raise Http404
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(CONTENT, content_type="text/x-python; charset=utf-8", headers=headers)
