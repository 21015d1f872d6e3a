"""The addresses of the read API, for `include()` under any prefix."""

from django.urls import path, re_path

from registries.api import outgoing, views

app_name = "registries_api"

urlpatterns = [
    path("registries/", views.Registries.as_view(), name="registries"),
    path("registries/<int:id>/", views.OneRegistry.as_view(), name="registry"),
    path("registries/<int:id>/checks/", views.Checks.as_view(), name="checks"),
    path("registries/<int:id>/tags/", outgoing.Tags.as_view(), name="tags"),
    path("registries/<int:id>/digest/", outgoing.Digest.as_view(), name="digest"),
    path("images/tags/", outgoing.ImageTags.as_view(), name="image_tags"),
    path("images/digest/", outgoing.ImageDigest.as_view(), name="image_digest"),
    path("kinds/", views.Kinds.as_view(), name="kinds"),
    path("kinds/<str:slug>/", views.OneKind.as_view(), name="kind"),
    path("resolve/", views.Resolve.as_view(), name="resolve"),
    path("schema/", views.Document.as_view(), name="schema"),
    path("docs/", views.Docs.as_view(), name="docs"),
    # Last: what is nowhere else is answered in JSON as well.
    re_path("", views.Nothing.as_view()),
]
