"""The view that answers Prometheus. It authenticates and refuses as the API does."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.gzip import gzip_page
from rest_framework import serializers
from rest_framework.request import Request

from registries.api.base import ReadOnlyView
from registries.api.params import later
from registries.api.permissions import limits_of
from registries.text import gettext_noop as _
from registries.throttles import MetricsThrottle, ReadThrottle

YES, NO = "true", "false"


class MetricsParams(serializers.Serializer[Any]):
    per_registry = serializers.ChoiceField(
        (YES, NO),
        default=YES,
        error_messages={
            "invalid_choice": later(_("Choose one of: %(values)s."), values=f"{YES}, {NO}")
        },
    )


# Nothing of a request is in the answer, so its size tells nothing.
@method_decorator(gzip_page, name="dispatch")
class MetricsView(ReadOnlyView):
    """The site's figures, in Prometheus' text format, or in OpenMetrics if that is accepted."""

    params_class = MetricsParams
    throttle_classes = (ReadThrottle, MetricsThrottle)

    def get(self, request: Request) -> HttpResponse:
        """Return the metrics that the caller may see."""
        try:
            # prometheus_client takes long to load, and few processes of a site are ever asked.
            from registries.metrics.collecting import Figures  # noqa: PLC0415
            from registries.metrics.writing import write  # noqa: PLC0415
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] != "prometheus_client":
                raise
            raise ImproperlyConfigured(
                "The metrics need prometheus_client: install django-registries[metrics]."
            ) from None
        per_registry = self.params["per_registry"] == YES
        figures = Figures(limits_of(request), request.user.has_perm, per_registry=per_registry)
        text, content_type = write(figures, request.headers.get("Accept", ""))
        return HttpResponse(text, content_type=content_type)
