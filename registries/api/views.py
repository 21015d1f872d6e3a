"""The addresses of the read API."""

import json
from dataclasses import asdict
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from rest_framework.request import Request

from registries.api import filters, pagination, serializers
from registries.api.base import ReadView
from registries.api.parameters import IMAGE
from registries.explain import explain
from registries.kinds import KINDS
from registries.models import Check, Registry
from registries.reference import Reference
from registries.schema import describe


class Registries(ReadView):
    """The registries, a page at a time."""

    shape = "Registries"
    has_tag = True
    parameters = (*filters.PARAMETERS, *pagination.PARAMETERS)

    def answer(self, wanted: dict[str, Any]) -> dict[str, Any]:
        rows = serializers.columns(filters.filtered(Registry.objects.all(), wanted))
        address = self.request.build_absolute_uri()
        return pagination.page(rows, wanted, address, serializers.registry)


class OneRegistry(ReadView):
    """One registry."""

    shape = "Registry"
    has_tag = True

    def answer(self, wanted: dict[str, Any]) -> dict[str, Any]:
        row = serializers.columns(Registry.objects.filter(pk=self.kwargs["id"])).first()
        if row is None:
            raise Http404
        return serializers.registry(row)


class Checks(ReadView):
    """The last checks of a registry, the newest first."""

    shape = "Checks"

    def answer(self, wanted: dict[str, Any]) -> dict[str, Any]:
        row = Registry.objects.filter(pk=self.kwargs["id"])
        if not row.exists():
            raise Http404
        return {"checks": serializers.checks(Check.objects.filter(registry__in=row))}


class Kinds(ReadView):
    """Every kind of registry: its variables, its rules, how to get credentials."""

    shape = "Kinds"
    has_tag = True

    def answer(self, wanted: dict[str, Any]) -> list[dict[str, Any]]:
        return [describe(kind, gettext) for kind in KINDS.values()]


class OneKind(ReadView):
    """One kind of registry."""

    shape = "Kind"
    has_tag = True

    def answer(self, wanted: dict[str, Any]) -> dict[str, Any]:
        kind = KINDS.get(self.kwargs["slug"])
        if kind is None:
            raise Http404
        return describe(kind, gettext)


class Resolve(ReadView):
    """Which registry an image is read with, and why."""

    shape = "Resolved"
    parameters = (IMAGE,)

    def answer(self, wanted: dict[str, Any]) -> dict[str, Any]:
        reference = Reference.from_pasted(wanted["image"])
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
        from registries.api.examples import EXAMPLES  # noqa: PLC0415 - for this page alone

        found = self.answer(self.wanted())
        shapes = [
            (name, json.dumps(shape, indent=2), json.dumps(EXAMPLES.get(name), indent=2))
            for name, shape in found["components"]["schemas"].items()
        ]
        context = {"document": found, "shapes": shapes}
        return render(request, "registries/api_docs.html", context)


class Nothing(ReadView):
    """Every address that the API does not have."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise Http404
