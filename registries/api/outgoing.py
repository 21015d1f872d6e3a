"""The addresses that make the site call a registry: tags and digests, by row or by image."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.http import Http404

from registries import services
from registries.api import serializers
from registries.api.base import ReadView
from registries.api.errors import NoRegistry, PlatformNotFound
from registries.api.parameters import IMAGE, Grammar, Number, Parameter
from registries.api.permissions import MayQuery, MayRead, OutgoingThrottle, ReadThrottle
from registries.models import Registry
from registries.reference import (
    MAX_PATH,
    PLATFORM_PATTERN,
    REPOSITORY_PATTERN,
    TAG_PATTERN,
    VERSION_PATTERN,
    Reference,
    parse_platform,
    parse_repository,
    parse_tag,
    parse_version,
)

if TYPE_CHECKING:
    from registries.client.client import Manifest, Platform

REPOSITORY = Parameter(
    name="repository",
    help="The repository's path, without host, tag and digest.",
    read=Grammar(parse_repository, REPOSITORY_PATTERN, ("library/nginx",), MAX_PATH),
    required=True,
)
REFERENCE = Parameter(
    name="reference",
    help="A tag or a digest.",
    read=Grammar(parse_version, VERSION_PATTERN, ("latest", f"sha256:{'0' * 64}")),
    required=True,
)
SOME_TAGS = (
    Parameter(
        name="prefix",
        help="Only tags that begin so.",
        read=Grammar(parse_tag, TAG_PATTERN, ("1.2",)),
    ),
    Parameter(
        name="last",
        help="Only tags behind this one, sorted: the last of the page before.",
        read=Grammar(parse_tag, TAG_PATTERN, ("1.2.3",)),
    ),
    Parameter(
        name="n",
        help="At most so many tags, sorted; `more` tells whether there are others behind them.",
        read=Number(most=10_000),
    ),
)
PLATFORM = Parameter(
    name="platform",
    help="Of an index, the digest of this platform's manifest. A single manifest, which names no"
    " platform, is answered as it is.",
    read=Grammar(parse_platform, PLATFORM_PATTERN, ("linux/arm64", "linux/arm/v7")),
)
# Of one architecture these are what no variant means (containerd's platforms package).
VARIANTS = {"amd64": "v1", "arm": "v7", "arm64": "v8"}


class OutgoingView(ReadView):
    """An address that makes the site call a registry."""

    permission_classes = (MayRead, MayQuery)
    throttle_classes = (ReadThrottle, OutgoingThrottle)
    asks_a_registry = True

    def row(self) -> Registry:
        """The row to ask. Raises Http404."""
        row = Registry.objects.filter(pk=self.kwargs["id"]).first()
        if row is None:
            raise Http404
        return row


class Tags(OutgoingView):
    """The tags of a repository, as the registry lists them now."""

    shape = "Tags"
    parameters = (REPOSITORY, *SOME_TAGS)

    def answer(self, wanted: dict[str, Any]) -> dict[str, Any]:
        repository = wanted["repository"]
        return {"repository": repository, **_tags(self.row(), repository, wanted)}


class Digest(OutgoingView):
    """The digest of a tag, and the platforms behind it, as the registry has them now."""

    shape = "Digest"
    faults = ("platform_not_found",)
    parameters = (REPOSITORY, REFERENCE, PLATFORM)

    def answer(self, wanted: dict[str, Any]) -> dict[str, Any]:
        repository, version = wanted["repository"], wanted["reference"]
        found = services.get_manifest(self.row(), repository, version)
        return {
            "repository": repository,
            "reference": version,
            **_manifest(found, wanted["platform"]),
        }


class ImageTags(OutgoingView):
    """The tags of an image's repository, from the registry that the image is read with."""

    shape = "ImageTags"
    faults = ("no_registry",)
    parameters = (IMAGE, *SOME_TAGS)

    def answer(self, wanted: dict[str, Any]) -> dict[str, Any]:
        row, reference = _resolved(wanted["image"])
        return {
            "image": wanted["image"],
            "registry": serializers.chosen(row),
            "repository": reference.repository,
            **_tags(row, reference.repository, wanted, host=reference.match_host),
        }


class ImageDigest(OutgoingView):
    """The digest of an image, from the registry that it is read with."""

    shape = "ImageDigest"
    faults = ("no_registry", "platform_not_found")
    parameters = (IMAGE, PLATFORM)

    def answer(self, wanted: dict[str, Any]) -> dict[str, Any]:
        row, reference = _resolved(wanted["image"])
        found = services.get_manifest(
            row, reference.repository, reference.version, host=reference.match_host
        )
        return {
            "image": wanted["image"],
            "registry": serializers.chosen(row),
            "repository": reference.repository,
            "reference": reference.version,
            **_manifest(found, wanted["platform"]),
        }


def _resolved(image: str) -> tuple[Registry, Reference]:
    """The row that an image is read with, and the image's full name. Raises NoRegistry."""
    reference = Reference.from_pasted(image)
    row = Registry.objects.resolve(reference)
    if row is None:
        raise NoRegistry
    return row, reference


def _tags(
    row: Registry, repository: str, wanted: Mapping[str, Any], host: str | None = None
) -> dict[str, Any]:
    """The tags that are asked for; one more than those tells whether there are others."""
    most = wanted["n"]
    some = {"prefix": wanted["prefix"], "last": wanted["last"]}
    n = None if most is None else most + 1
    tags = services.list_tags(row, repository, host, n=n, **some)
    return {"tags": tags[:most], "more": most is not None and len(tags) > most}


def _manifest(found: "Manifest", platform: str | None) -> dict[str, Any]:
    """A manifest in JSON; of an index, the part for one platform. Raises PlatformNotFound."""
    shown = serializers.manifest(found)
    if platform is None or not found.platforms:
        return shown
    system, architecture, *variant = platform.split("/")
    asked = (system, architecture, variant[0] if variant else VARIANTS.get(architecture, ""))
    for each, each_shown in zip(found.platforms, shown["platforms"], strict=True):
        if _named(each) == asked:
            media_type = each.media_type or None
            return {"digest": each.digest, "media_type": media_type, "platforms": [each_shown]}
    raise PlatformNotFound


def _named(platform: "Platform") -> tuple[str, str, str]:
    variant = platform.variant or VARIANTS.get(platform.architecture, "")
    return platform.os, platform.architecture, variant
