"""The query parameters, as serializers. Unknown ones are errors, and errors never repeat values."""

from collections.abc import Callable, Collection
from typing import Any
from urllib.parse import unquote_to_bytes

from django.http import QueryDict
from django.utils.functional import lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from registries.api.errors import InvalidQuery, UnknownParameter
from registries.reference import (
    IMAGE_PATTERN,
    MAX_PATH,
    PLATFORM_PATTERN,
    REPOSITORY_PATTERN,
    TAG_PATTERN,
    VERSION_PATTERN,
    InvalidReference,
    Reference,
    parse_platform,
    parse_repository,
    parse_tag,
    parse_version,
)

# More parameters than any view accepts. Longer queries are not parsed.
MAX_PARAMETERS = 50
MAY_BE_EMPTY = {"search"}


def read_query(query: str, names: Collection[str]) -> QueryDict:
    """Parse a raw query string as UTF-8, whatever the charset of the request is.

    Raises InvalidQuery, UnknownParameter if a name is not one of `names`, and ValidationError if a
    parameter occurs twice or has no value.
    """
    try:
        unquote_to_bytes(query.encode("ascii")).decode()
    except UnicodeError:
        raise InvalidQuery from None
    if query.count("&") >= MAX_PARAMETERS:
        raise InvalidQuery
    params = QueryDict(query, encoding="utf-8")
    if not params.keys() <= set(names):
        raise UnknownParameter(names)
    errors = {
        name: _("Enter this parameter only once.")
        if values[1:]
        else _("Enter a value, or leave this parameter out.")
        for name, values in params.lists()
        if values[1:] or not (values[0] or name in MAY_BE_EMPTY)
    }
    if errors:
        raise ValidationError(errors)
    return params


def later(sentence: str, **parts: object) -> Any:
    """Return a sentence that is translated, and filled with its parts, when it is shown."""
    return lazy(lambda: gettext(sentence) % parts, str)()


class TextField(serializers.CharField):
    """A text that is not changed. REST framework's own field also accepts numbers."""

    default_error_messages = {"required": _("This is required.")}

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class GrammarField(TextField):
    """A text that is validated by a parser, such as those of `registries.reference`."""

    def __init__(
        self, parse: Callable[[str], Any], pattern: str, *examples: str, **options: Any
    ) -> None:
        super().__init__(**options)
        self.parse = parse
        schema: Any = extend_schema_field(
            {"type": "string", "pattern": pattern, "examples": examples}
        )
        schema(self)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        try:
            self.parse(text)
        except InvalidReference as error:
            raise ValidationError(gettext(str(error))) from None
        return text


class NumberField(serializers.IntegerField):
    """A whole number in plain digits. REST framework's own field also accepts `1.0`."""

    def to_internal_value(self, data: Any) -> int:
        if not (data.isascii() and data.isdigit()):
            self.fail("invalid")
        return super().to_internal_value(data)


class PageParams(serializers.Serializer[Any]):
    page = NumberField(
        default=1,
        min_value=1,
        max_value=10**18 - 1,
        help_text="The number of the page, starting at 1.",
    )
    page_size = NumberField(
        default=50, min_value=1, max_value=500, help_text="The number of registries on a page."
    )


class ImageParams(serializers.Serializer[Any]):
    image = GrammarField(
        *(Reference.from_pasted, IMAGE_PATTERN, "nginx", "ghcr.io/acme/app:1.0"),
        help_text="An image's name, as in docker pull. It may start with https://, oci:// or"
        " docker://.",
    )


class RepositoryParams(serializers.Serializer[Any]):
    repository = GrammarField(
        *(parse_repository, REPOSITORY_PATTERN, "library/nginx"),
        max_length=MAX_PATH,
        help_text="The repository's path, without host, tag and digest.",
    )


class SomeTagsParams(serializers.Serializer[Any]):
    prefix = GrammarField(
        *(parse_tag, TAG_PATTERN, "1.2"),
        required=False,
        help_text="Only return tags with this prefix.",
    )
    last = GrammarField(
        *(parse_tag, TAG_PATTERN, "1.2.3"),
        required=False,
        help_text="Only return tags after this one, sorted. Use the last tag of the previous page.",
    )
    n = NumberField(
        required=False,
        min_value=1,
        max_value=10_000,
        help_text="The maximum number of tags, which are sorted. `more` says whether there are"
        " others.",
    )


class ReferenceParams(serializers.Serializer[Any]):
    reference = GrammarField(
        *(parse_version, VERSION_PATTERN, "latest", f"sha256:{'0' * 64}"),
        help_text="A tag or a digest.",
    )


class PlatformParams(serializers.Serializer[Any]):
    platform = GrammarField(
        *(parse_platform, PLATFORM_PATTERN, "linux/arm64", "linux/arm/v7"),
        required=False,
        help_text="Return the digest of this platform's manifest in an index. A single manifest has"
        " no platform and is returned as it is.",
    )


class TagsParams(RepositoryParams, SomeTagsParams):
    pass


class DigestParams(RepositoryParams, ReferenceParams, PlatformParams):
    pass


class ImageTagsParams(ImageParams, SomeTagsParams):
    pass


class ImageDigestParams(ImageParams, PlatformParams):
    pass
