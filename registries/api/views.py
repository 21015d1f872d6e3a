"""The views of the API."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.decorators import action
from rest_framework.generics import GenericAPIView, get_object_or_404
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from registries import services
from registries.api import image_serializers, kind_serializers, params, serializers
from registries.api.base import ReadOnlyView, ReadOnlyViewSet
from registries.api.errors import NoRegistry
from registries.api.filters import RegistryFilter
from registries.api.pagination import Pages
from registries.api.permissions import (
    MayQuery,
    MayRead,
    NotCrossSite,
    TokenLimited,
    limits_of,
)
from registries.kinds import KINDS
from registries.limits import Limits
from registries.models import Check, Registry
from registries.reference import Reference
from registries.resolving.explain import explain
from registries.schema import describe
from registries.throttles import OutgoingThrottle, ReadThrottle

if TYPE_CHECKING:
    from registries.client.client import Manifest

# The policies of views that make the site call a registry.
OUTGOING: dict[str, Any] = {
    "permission_classes": (MayRead, MayQuery, NotCrossSite),
    "throttle_classes": (ReadThrottle, OutgoingThrottle),
}


class RegistryViewSet(ListModelMixin, RetrieveModelMixin, ReadOnlyViewSet):
    queryset = serializers.columns(Registry.objects.order_by("name_key"))
    serializer_class = serializers.RegistrySerializer
    filter_backends = (DjangoFilterBackend,)
    filterset_class = RegistryFilter
    pagination_class = Pages
    lookup_value_converter = "int"

    def get_queryset(self) -> Any:
        """Return the rows that the access token is for."""
        rows: Any = super().get_queryset()
        return rows.within(limits_of(self.request))

    def filter_queryset(self, queryset: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        return super().filter_queryset(queryset) if self.action == "list" else queryset

    def get_params_class(self) -> type[Serializer[Any]]:
        return params.PageParams if self.action == "list" else super().get_params_class()

    def get_param_names(self) -> list[str]:
        filters = RegistryFilter.base_filters if self.action == "list" else ()
        return [*filters, *super().get_param_names()]

    def get_registry(self, repository: str) -> Registry:
        """Return the registry with its secrets, to call it. Raises TokenLimited."""
        limits = limits_of(self.request)
        row = get_object_or_404(Registry.objects.within(limits), pk=self.kwargs["pk"])
        check_image(limits, row, f"{services.home_of(row)}/{repository}")
        return row

    def list(self, request: Request) -> Response:
        """List the registries, in pages."""
        return super().list(request)

    def retrieve(self, request: Request, pk: int) -> Response:
        """Return one registry."""
        return super().retrieve(request, pk)

    @action(detail=True, serializer_class=serializers.ChecksSerializer)
    def checks(self, request: Request, pk: int) -> Response:
        """List the last checks of a registry, the newest first."""
        row = self.get_object()
        rows = Check.objects.filter(registry=row["id"], is_recent__in=[True])
        checks = serializers.past_checks(rows)
        return Response(self.get_serializer({"checks": checks}).data)

    @action(
        detail=True,
        params_class=params.TagsParams,
        serializer_class=image_serializers.TagsSerializer,
        **OUTGOING,
    )
    def tags(self, request: Request, pk: int) -> Response:
        """List the tags of a repository, as the registry returns them now."""
        repository = self.params["repository"]
        tags = _tags(self.get_registry(repository), repository, self.params)
        data = {"repository": repository, **tags}
        return Response(self.get_serializer(data).data)

    @action(
        detail=True,
        params_class=params.DigestParams,
        serializer_class=image_serializers.DigestSerializer,
        faults=("platform_not_found",),
        **OUTGOING,
    )
    def digest(self, request: Request, pk: int) -> Response:
        """Return the digest and platforms of a tag, as the registry returns them now."""
        repository, reference = self.params["repository"], self.params["reference"]
        platform = self.params.get("platform")
        manifest = services.get_manifest(
            self.get_registry(repository), repository, reference, platform=platform
        )
        data = {
            "repository": repository,
            "reference": reference,
            **_manifest(manifest),
        }
        return Response(self.get_serializer(data).data)


class ImageViewSet(ReadOnlyViewSet):
    """Tags and digests by the name of an image."""

    @action(
        detail=False,
        params_class=params.ImageTagsParams,
        serializer_class=image_serializers.ImageTagsSerializer,
        faults=("no_registry",),
        **OUTGOING,
    )
    def tags(self, request: Request) -> Response:
        """List the tags of an image's repository, from the registry that is used for the image."""
        image = self.params["image"]
        row, reference = _resolve(image, limits_of(request))
        tags = _tags(row, reference.repository, self.params, reference.match_host)
        data = {
            "image": image,
            "registry": _shown(row, limits_of(request)),
            "repository": reference.repository,
            **tags,
        }
        return Response(self.get_serializer(data).data)

    @action(
        detail=False,
        params_class=params.ImageDigestParams,
        serializer_class=image_serializers.ImageDigestSerializer,
        faults=("no_registry", "platform_not_found"),
        **OUTGOING,
    )
    def digest(self, request: Request) -> Response:
        """Return the digest of an image, from the registry that is used for it."""
        image = self.params["image"]
        row, reference = _resolve(image, limits_of(request))
        manifest = services.get_manifest(
            *(row, reference.repository, reference.version),
            host=reference.match_host,
            platform=self.params.get("platform"),
        )
        data = {
            "image": image,
            "registry": _shown(row, limits_of(request)),
            "repository": reference.repository,
            "reference": reference.version,
            **_manifest(manifest),
        }
        return Response(self.get_serializer(data).data)


def check_image(limits: Limits, row: Registry | None, image: str) -> None:
    """Raise TokenLimited if an access token is not for an image, nor for the row that is used."""
    if not (limits.names_all or limits.cover(image) or (row and limits.name(row.pk))):
        raise TokenLimited


def _shown(row: Registry | None, limits: Limits) -> Registry | None:
    """Return the row that is used for an image, if an access token may see it."""
    if row is None or limits.names_all or limits.name(row.pk):
        return row
    return row if Registry.objects.within(limits).filter(pk=row.pk).exists() else None


def _resolve(image: str, limits: Limits) -> tuple[Registry, Reference]:
    """Return the row that is used for an image, and its reference.

    Raises NoRegistry and TokenLimited.
    """
    reference = Reference.from_pasted(image)
    row = Registry.objects.resolve(reference)
    check_image(limits, row, reference.place)
    if row is None:
        raise NoRegistry
    return row, reference


def _tags(
    row: Registry, repository: str, params: Mapping[str, Any], host: str | None = None
) -> dict[str, Any]:
    """Return the requested tags. One more is requested to find out whether there are more."""
    limit = params.get("n")
    options = {"prefix": params.get("prefix"), "last": params.get("last")}
    n = None if limit is None else limit + 1
    tags = services.list_tags(row, repository, host, n=n, **options)
    return {"tags": tags[:limit], "more": limit is not None and len(tags) > limit}


def _manifest(manifest: "Manifest") -> dict[str, Any]:
    return {
        "digest": manifest.digest,
        "media_type": manifest.media_type,
        "platforms": manifest.platforms,
    }


class KindViewSet(ReadOnlyViewSet):
    serializer_class = kind_serializers.KindSerializer
    lookup_field = "slug"
    lookup_value_converter = "str"

    def list(self, request: Request) -> Response:
        """List the kinds of registry: their variables, their rules, how to get credentials."""
        return Response([describe(kind, gettext) for kind in KINDS.values()])

    def retrieve(self, request: Request, slug: str) -> Response:
        """Return one kind of registry."""
        if slug not in KINDS:
            raise Http404
        return Response(describe(KINDS[slug], gettext))


class ResolveView(ReadOnlyView, GenericAPIView[Any]):
    params_class = params.ImageParams
    serializer_class = image_serializers.ResolvedSerializer

    def get(self, request: Request) -> Response:
        """Return the registry that is used for an image, and why."""
        reference = Reference.from_pasted(self.params["image"])
        row, why = explain(reference)
        limits = limits_of(request)
        check_image(limits, row, reference.place)
        if not limits.names_all:
            # The others name registries that the token may not see.
            why = why[: 2 if row is None or _shown(row, limits) else 1]
        data = {
            "image": self.params["image"],
            "reference": asdict(reference),
            "registry": _shown(row, limits),
            "why": [sentence.render(gettext) for sentence in why],
        }
        return Response(self.get_serializer(data).data)


class NotFoundView(ReadOnlyView):
    """Answers 404 for every other URL."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise Http404

    def read_params(self, request: Request) -> dict[str, Any]:
        return {}
