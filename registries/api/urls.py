"""The addresses of the read API, for `include()` under any prefix."""

from django.urls import path, re_path

from registries.api import views

app_name = "registries_api"

urlpatterns = [
    path("registries/", views.Registries.as_view(), name="registries"),
    path("registries/<int:id>/", views.OneRegistry.as_view(), name="registry"),
    path("registries/<int:id>/tags/", views.Tags.as_view(), name="tags"),
    path("registries/<int:id>/digest/", views.Digest.as_view(), name="digest"),
    path("kinds/", views.Kinds.as_view(), name="kinds"),
    path("kinds/<str:slug>/", views.OneKind.as_view(), name="kind"),
    path("resolve/", views.Resolve.as_view(), name="resolve"),
    path("schema/", views.Document.as_view(), name="schema"),
    path("docs/", views.Docs.as_view(), name="docs"),
    # Last: what is nowhere else is answered in JSON as well.
    re_path("", views.Nothing.as_view()),
]
