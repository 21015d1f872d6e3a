"""The addresses of the read API."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.decorators import action
from rest_framework.generics import GenericAPIView, get_object_or_404
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from registries import services
from registries.api import params, serializers
from registries.api.base import ReadOnlyView, ReadOnlyViewSet
from registries.api.errors import NoRegistry
from registries.api.filters import RegistryFilter
from registries.api.pagination import Pages
from registries.api.permissions import (
    FromNoOtherSite,
    MayQuery,
    MayRead,
    OutgoingThrottle,
    ReadThrottle,
)
from registries.kinds import KINDS
from registries.models import Check, Registry
from registries.reference import Reference
from registries.resolving.explain import explain
from registries.schema import describe

if TYPE_CHECKING:
    from registries.client.client import Manifest

# What makes the site call a registry.
OUTGOING: dict[str, Any] = {
    "permission_classes": (MayRead, MayQuery, FromNoOtherSite),
    "throttle_classes": (ReadThrottle, OutgoingThrottle),
}


class RegistryViewSet(ListModelMixin, RetrieveModelMixin, ReadOnlyViewSet):
    queryset = serializers.columns(Registry.objects.order_by("name_key"))
    serializer_class = serializers.RegistrySerializer
    filter_backends = (DjangoFilterBackend,)
    filterset_class = RegistryFilter
    pagination_class = Pages
    lookup_value_converter = "int"

    def filter_queryset(self, queryset: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        return super().filter_queryset(queryset) if self.action == "list" else queryset

    def get_params_class(self) -> type[Serializer[Any]]:
        return params.PageParams if self.action == "list" else super().get_params_class()

    def get_param_names(self) -> list[str]:
        filters = RegistryFilter.base_filters if self.action == "list" else ()
        return [*filters, *super().get_param_names()]

    def get_row(self) -> Registry:
        """The registry to ask, with its secrets."""
        return get_object_or_404(Registry, pk=self.kwargs["pk"])

    def list(self, request: Request) -> Response:
        """The registries, a page at a time."""
        return super().list(request)

    def retrieve(self, request: Request, pk: int) -> Response:
        """One registry."""
        return super().retrieve(request, pk)

    @action(detail=True, serializer_class=serializers.ChecksSerializer)
    def checks(self, request: Request, pk: int) -> Response:
        """The last checks of a registry, the newest first."""
        row = self.get_object()
        past = Check.objects.filter(registry=row["id"], is_recent__in=[True])
        checks = serializers.past_checks(past)
        return Response(self.get_serializer({"checks": checks}).data)

    @action(
        detail=True,
        params_class=params.TagsParams,
        serializer_class=serializers.TagsSerializer,
        **OUTGOING,
    )
    def tags(self, request: Request, pk: int) -> Response:
        """The tags of a repository, as the registry lists them now."""
        repository = self.params["repository"]
        tags = _tags(self.get_row(), repository, self.params)
        data = {"repository": repository, **tags}
        return Response(self.get_serializer(data).data)

    @action(
        detail=True,
        params_class=params.DigestParams,
        serializer_class=serializers.DigestSerializer,
        faults=("platform_not_found",),
        **OUTGOING,
    )
    def digest(self, request: Request, pk: int) -> Response:
        """The digest of a tag, and the platforms behind it, as the registry has them now."""
        repository, reference = self.params["repository"], self.params["reference"]
        platform = self.params.get("platform")
        manifest = services.get_manifest(self.get_row(), repository, reference, platform=platform)
        data = {
            "repository": repository,
            "reference": reference,
            **_manifest(manifest),
        }
        return Response(self.get_serializer(data).data)


class ImageViewSet(ReadOnlyViewSet):
    """By an image's name, from the registry that the image is read with."""

    @action(
        detail=False,
        params_class=params.ImageTagsParams,
        serializer_class=serializers.ImageTagsSerializer,
        faults=("no_registry",),
        **OUTGOING,
    )
    def tags(self, request: Request) -> Response:
        """The tags of an image's repository, from the registry that the image is read with."""
        image = self.params["image"]
        row, reference = _resolved(image)
        tags = _tags(row, reference.repository, self.params, reference.match_host)
        data = {
            "image": image,
            "registry": row,
            "repository": reference.repository,
            **tags,
        }
        return Response(self.get_serializer(data).data)

    @action(
        detail=False,
        params_class=params.ImageDigestParams,
        serializer_class=serializers.ImageDigestSerializer,
        faults=("no_registry", "platform_not_found"),
        **OUTGOING,
    )
    def digest(self, request: Request) -> Response:
        """The digest of an image, from the registry that it is read with."""
        image = self.params["image"]
        row, reference = _resolved(image)
        manifest = services.get_manifest(
            *(row, reference.repository, reference.version),
            host=reference.match_host,
            platform=self.params.get("platform"),
        )
        data = {
            "image": image,
            "registry": row,
            "repository": reference.repository,
            "reference": reference.version,
            **_manifest(manifest),
        }
        return Response(self.get_serializer(data).data)


def _resolved(image: str) -> tuple[Registry, Reference]:
    """The row that an image is read with, and the image's full name. Raises NoRegistry."""
    reference = Reference.from_pasted(image)
    row = Registry.objects.resolve(reference)
    if row is None:
        raise NoRegistry
    return row, reference


def _tags(
    row: Registry, repository: str, params: Mapping[str, Any], host: str | None = None
) -> dict[str, Any]:
    """The tags that are asked for; one more than those tells whether there are others."""
    most = params.get("n")
    some = {"prefix": params.get("prefix"), "last": params.get("last")}
    n = None if most is None else most + 1
    tags = services.list_tags(row, repository, host, n=n, **some)
    return {"tags": tags[:most], "more": most is not None and len(tags) > most}


def _manifest(manifest: "Manifest") -> dict[str, Any]:
    return {
        "digest": manifest.digest,
        "media_type": manifest.media_type,
        "platforms": manifest.platforms,
    }


class KindViewSet(ReadOnlyViewSet):
    serializer_class = serializers.KindSerializer
    lookup_field = "slug"
    lookup_value_converter = "str"

    def list(self, request: Request) -> Response:
        """Every kind of registry: its variables, its rules, how to get credentials."""
        return Response([describe(kind, gettext) for kind in KINDS.values()])

    def retrieve(self, request: Request, slug: str) -> Response:
        """One kind of registry."""
        if slug not in KINDS:
            raise Http404
        return Response(describe(KINDS[slug], gettext))


class ResolveView(ReadOnlyView, GenericAPIView[Any]):
    params_class = params.ImageParams
    serializer_class = serializers.ResolvedSerializer

    def get(self, request: Request) -> Response:
        """Which registry an image is read with, and why."""
        reference = Reference.from_pasted(self.params["image"])
        row, why = explain(reference)
        data = {
            "image": self.params["image"],
            "reference": asdict(reference),
            "registry": row,
            "why": [sentence.render(gettext) for sentence in why],
        }
        return Response(self.get_serializer(data).data)


class SchemaView(ReadOnlyView):
    """What this API is, as an OpenAPI document."""

    def get(self, request: Request) -> Response:
        from registries.api.openapi import document  # noqa: PLC0415 - loads the generator

        return Response(document(self.request.path.rstrip("/").rpartition("/")[0]))


class DocsView(ReadOnlyView):
    """The OpenAPI document as a page to read."""

    def get(self, request: Request) -> HttpResponse:
        context = {"has_reader": apps.is_installed("drf_spectacular_sidecar")}
        return render(request, "registries/api_docs.html", context)


class NothingView(ReadOnlyView):
    """Every address that the API does not have."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise Http404

    def read_params(self, request: Request) -> dict[str, Any]:
        return {}
