"""The URLs of the API, for `include()` under any prefix."""

from django.urls import path, re_path
from rest_framework.routers import SimpleRouter

from registries.api import documentation, handover, handovers, views

app_name = "registries_api"

router = SimpleRouter(use_regex_path=False)
router.register("registries", views.RegistryViewSet)
router.register("images", views.ImageViewSet, "image")
router.register("handovers", handovers.HandoverViewSet)
router.register("kinds", views.KindViewSet, "kind")

urlpatterns = [
    path("", documentation.RootView.as_view(), name="root"),
    *router.urls,
    path("resolve/", views.ResolveView.as_view(), name="resolve"),
    path("handover/", handover.HandoverView.as_view(), name="handover"),
    path("schema/", documentation.SchemaView.as_view(), name="schema"),
    path("docs/", documentation.DocsView.as_view(), name="docs"),
    # All other URLs get a 404 in JSON.
    re_path("", views.NotFoundView.as_view()),
]
