"""The audit of hand-overs: `handovers/`, for who may see it."""

from typing import Any

from django.db.models import QuerySet
from django_filters import FilterSet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import serializers
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from registries.api.base import ReadOnlyViewSet
from registries.api.filters import choice_filter
from registries.api.pagination import Pages
from registries.api.params import NumberField, PageParams
from registries.api.permissions import MayRead, MaySeeHandovers, limits_of
from registries.api.serializers import TIME, OptionalField, with_example
from registries.handover import FORMS
from registries.models import Handover, Registry
from registries.models.handover import ENTRUSTED, HANDED_OVER, Way

REFUSED = "refused"


@with_example(
    id=12,
    handed_at=TIME,
    code=HANDED_OVER,
    form="kubernetes",
    registry=7,
    name="Acme",
    kind="ghcr",
    asked="#7",
    places=["ghcr.io/acme"],
    is_short=False,
    expires_at=None,
    way="api",
    user="cluster",
    token="production",  # noqa: S106 - its name
    token_key="0123456789abcde",  # noqa: S106 - its beginning
    address="192.0.2.1",
)
class HandoverSerializer(serializers.Serializer[Handover]):
    """A hand-over, or the refusal of one. It never contains the credential."""

    id = serializers.IntegerField(min_value=0)
    handed_at = serializers.DateTimeField()
    code = serializers.CharField(
        help_text=f"`{HANDED_OVER}`, `{ENTRUSTED}`, or why it was refused."
    )
    form = OptionalField()
    registry = serializers.IntegerField(
        source="registry_id", min_value=0, allow_null=True, help_text="Null if it is deleted."
    )
    name = OptionalField(source="registry_name")
    kind = OptionalField()
    asked = OptionalField(help_text="The image, host or registries in the request.")
    places = serializers.SerializerMethodField(help_text="What the credentials are for.")
    is_short = serializers.BooleanField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    way = serializers.ChoiceField(choices=Way.values)
    user = OptionalField(source="user_name")
    token = OptionalField(help_text="The name of the access token.")
    token_key = OptionalField(help_text="What the access token begins with.")
    address = OptionalField(help_text="Where the request came from.")

    def get_places(self, handover: Handover) -> list[str]:
        return handover.places.split()


class HandoverListParams(PageParams):
    registry = NumberField(
        required=False, min_value=0, max_value=10**18 - 1, help_text="Only of this registry, by id."
    )


class HandoverFilter(FilterSet):
    # The library takes filters out of the class, so that its own `form` stays.
    form = choice_filter(  # type: ignore[assignment]
        FORMS, lookup_expr="exact", help_text="Only in this form."
    )
    outcome = choice_filter(
        (HANDED_OVER, REFUSED, ENTRUSTED),
        method="filter_outcome",
        help_text="Only what was handed over, what was refused, or where other servers may receive"
        " stored secrets since.",
    )

    def filter_outcome(self, rows: QuerySet[Handover], name: str, value: str) -> QuerySet[Handover]:
        if value == REFUSED:
            return rows.exclude(code__in=(HANDED_OVER, ENTRUSTED))
        return rows.filter(code=value)


class HandoverViewSet(ListModelMixin, ReadOnlyViewSet):
    queryset = Handover.objects.order_by("-handed_at", "-pk")
    serializer_class = HandoverSerializer
    permission_classes = (MayRead, MaySeeHandovers)
    filter_backends = (DjangoFilterBackend,)
    filterset_class = HandoverFilter
    pagination_class = Pages
    params_class = HandoverListParams

    def get_queryset(self) -> Any:
        """Return what was handed over of the registries that the access token is for."""
        rows = super().get_queryset()
        if not (limits := limits_of(self.request)).names_all:
            rows = rows.filter(registry__in=Registry.objects.within(limits).values("pk"))
        registry = getattr(self, "params", {}).get("registry")
        return rows if registry is None else rows.filter(registry=registry)

    def get_param_names(self) -> list[str]:
        return [*HandoverFilter.base_filters, *super().get_param_names()]

    def list(self, request: Request) -> Response:
        """List what was handed over and what was refused, the newest first, in pages."""
        return super().list(request)
