"""The serializers of responses about images: which registry is used, tags and digests."""

from typing import Any

from rest_framework import serializers

from registries.api.serializers import STATES, OptionalField, with_example
from registries.models import Registry

# Values for the examples in the OpenAPI document.
DIGEST, AMD64, ARM64 = ("sha256:" + letter * 64 for letter in "012")

DIGEST_PATTERN = r"^sha(256:[0-9a-f]{64}|384:[0-9a-f]{96}|512:[0-9a-f]{128})$"


def digest_field(**kwargs: Any) -> serializers.RegexField:
    return serializers.RegexField(DIGEST_PATTERN, **kwargs)


class ChosenSerializer(serializers.Serializer[Registry]):
    """The registry that was chosen for an image."""

    id = serializers.IntegerField(min_value=0)
    name = serializers.CharField()
    kind = serializers.CharField()
    state = serializers.ChoiceField(choices=STATES)

    def to_representation(self, instance: Registry) -> dict[str, Any]:
        # The property `state` would load every secret from the database.
        state = STATES[instance.has_secrets]
        return {"id": instance.pk, "name": instance.name, "kind": instance.kind, "state": state}


CHOSEN = {"id": 7, "name": "Acme", "kind": "ghcr", "state": "authenticated"}
TAGS = {"repository": "acme/app", "tags": ["1.0", "1.1", "latest"], "more": False}


@with_example(**TAGS)
class TagsSerializer(serializers.Serializer[Any]):
    repository = serializers.CharField()
    tags = serializers.ListField(child=serializers.CharField())
    more = serializers.BooleanField(help_text="Whether there are more tags. Only set with `n`.")


class ImageSerializer(serializers.Serializer[Any]):
    image = serializers.CharField()
    registry = ChosenSerializer(
        allow_null=True, help_text="Null where the access token is not for this registry."
    )


@with_example(image="ghcr.io/acme/app", registry=CHOSEN, **TAGS)
class ImageTagsSerializer(ImageSerializer, TagsSerializer):
    pass


class PlatformSerializer(serializers.Serializer[Any]):
    os = serializers.CharField()
    architecture = serializers.CharField()
    variant = OptionalField()
    digest = digest_field()


MANIFEST = {
    "repository": "acme/app",
    "reference": "1.1",
    "digest": DIGEST,
    "media_type": "application/vnd.oci.image.index.v1+json",
    "platforms": [
        {"os": "linux", "architecture": "amd64", "variant": None, "digest": AMD64},
        {"os": "linux", "architecture": "arm64", "variant": "v8", "digest": ARM64},
    ],
}


@with_example(**MANIFEST)
class DigestSerializer(serializers.Serializer[Any]):
    repository = serializers.CharField()
    reference = serializers.CharField()
    digest = digest_field()
    media_type = OptionalField()
    platforms = PlatformSerializer(many=True)


@with_example(image="ghcr.io/acme/app:1.1", registry=CHOSEN, **MANIFEST)
class ImageDigestSerializer(ImageSerializer, DigestSerializer):
    pass


class ReferenceSerializer(serializers.Serializer[Any]):
    host = serializers.CharField()
    repository = serializers.CharField()
    tag = OptionalField()
    digest = digest_field(allow_null=True)


@with_example(
    image="ghcr.io/acme/app:1.1",
    reference={"host": "ghcr.io", "repository": "acme/app", "tag": "1.1", "digest": None},
    registry=CHOSEN,
    why=[
        "The image's full name is ghcr.io/acme/app:1.1; its registry is ghcr.io.",
        "“Acme” is for images under ghcr.io/acme.",
        "No other registry is for this image.",
    ],
)
class ResolvedSerializer(serializers.Serializer[Any]):
    image = serializers.CharField()
    reference = ReferenceSerializer()
    registry = ChosenSerializer(allow_null=True)
    why = serializers.ListField(child=serializers.CharField())
