"""The addresses of the read API."""

import json
from dataclasses import asdict
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from rest_framework.request import Request

from registries import services
from registries.api import filters, pagination, serializers
from registries.api.base import ReadView
from registries.api.parameters import Grammar, Parameter
from registries.api.permissions import OutgoingThrottle, ReadThrottle
from registries.explain import explain
from registries.kinds import KINDS
from registries.models import Registry
from registries.reference import Reference, parse_repository, parse_version
from registries.schema import describe


class Registries(ReadView):
    """The registries, a page at a time."""

    shape = "Registries"
    parameters = (*filters.PARAMETERS, *pagination.PARAMETERS)

    def answer(self, wanted: dict[str, Any]) -> dict[str, Any]:
        rows = serializers.columns(filters.filtered(Registry.objects.all(), wanted))
        address = self.request.build_absolute_uri()
        return pagination.page(rows, wanted, address, serializers.registry)


class OneRegistry(ReadView):
    """One registry."""

    shape = "Registry"

    def answer(self, wanted: dict[str, Any]) -> dict[str, Any]:
        row = serializers.columns(Registry.objects.filter(pk=self.kwargs["id"])).first()
        if row is None:
            raise Http404
        return serializers.registry(row)


class OutgoingView(ReadView):
    """An address that makes the site call a registry."""

    throttle_classes = (ReadThrottle, OutgoingThrottle)
    asks_a_registry = True

    def row(self) -> Registry:
        """The row to ask. Raises Http404."""
        row = Registry.objects.filter(pk=self.kwargs["id"]).first()
        if row is None:
            raise Http404
        return row


REPOSITORY = Parameter(
    name="repository",
    help="The repository's path, without host, tag and digest.",
    read=Grammar(parse_repository, ("library/nginx",)),
    required=True,
)


class Tags(OutgoingView):
    """The tags of a repository, as the registry lists them now."""

    shape = "Tags"
    parameters = (REPOSITORY,)

    def answer(self, wanted: dict[str, Any]) -> dict[str, Any]:
        return {**wanted, "tags": services.list_tags(self.row(), wanted["repository"])}


class Digest(OutgoingView):
    """The digest of a tag, and the platforms behind it, as the registry has them now."""

    shape = "Digest"
    parameters = (
        REPOSITORY,
        Parameter(
            name="reference",
            help="A tag or a digest.",
            read=Grammar(parse_version, ("latest", f"sha256:{'0' * 64}")),
            required=True,
        ),
    )

    def answer(self, wanted: dict[str, Any]) -> dict[str, Any]:
        found = services.get_manifest(self.row(), wanted["repository"], wanted["reference"])
        return {**wanted, **serializers.manifest(found)}


class Kinds(ReadView):
    """Every kind of registry: its variables, its rules, how to get credentials."""

    shape = "Kinds"

    def answer(self, wanted: dict[str, Any]) -> list[dict[str, Any]]:
        return [describe(kind, gettext) for kind in KINDS.values()]


class OneKind(ReadView):
    """One kind of registry."""

    shape = "Kind"

    def answer(self, wanted: dict[str, Any]) -> dict[str, Any]:
        kind = KINDS.get(self.kwargs["slug"])
        if kind is None:
            raise Http404
        return describe(kind, gettext)


class Resolve(ReadView):
    """Which registry an image is read with, and why."""

    shape = "Resolved"
    parameters = (
        Parameter(
            name="image",
            help="An image's name, as in docker pull.",
            read=Grammar(Reference.parse, ("nginx", "ghcr.io/acme/app:1.0")),
            required=True,
        ),
    )

    def answer(self, wanted: dict[str, Any]) -> dict[str, Any]:
        reference = Reference.parse(wanted["image"])
        row, why = explain(reference)
        return {
            **wanted,
            "reference": asdict(reference),
            "registry": None if row is None else serializers.chosen(row),
            "why": [sentence.render(gettext) for sentence in why],
        }


class Document(ReadView):
    """What this API is, as an OpenAPI document."""

    def answer(self, wanted: dict[str, Any]) -> dict[str, Any]:
        from registries.api.openapi import document  # noqa: PLC0415 - loads the generator

        return document(self.request.path.rstrip("/").rpartition("/")[0])


class Docs(Document):
    """The OpenAPI document as a page to read."""

    def get(self, request: Request, **path: Any) -> HttpResponse:
        found = self.answer(self.wanted())
        shapes = found["components"]["schemas"].items()
        context = {
            "document": found,
            "shapes": {name: json.dumps(shape, indent=2) for name, shape in shapes},
        }
        return render(request, "registries/api_docs.html", context)


class Nothing(ReadView):
    """Every address that the API does not have."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise Http404
