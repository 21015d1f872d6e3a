"""The address of the metrics, for `include()` under any name."""

from django.urls import path

from registries.metrics.views import MetricsView

app_name = "registries_metrics"

urlpatterns = [path("", MetricsView.as_view(), name="metrics")]
