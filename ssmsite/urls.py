"""The site's addresses; `/healthz` is answered before them, in `ssmsite.views`."""

from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import include, path
from django.utils.translation import gettext_lazy as _

from ssmsite import crowds, programs, views
from ssmsite.home import home

admin.site.site_title = admin.site.site_header = _("Container registries")

urlpatterns = [
    path("", home, name="home"),
    path("favicon.ico", views.icon),
    # Found before the admin's own, which lets nobody in but who may use the admin.
    path("login/", crowds.few_at_once(views.SignIn.as_view()), name="login"),
    path("logout/", LogoutView.as_view(next_page="home"), name="logout"),
    path("admin/login/", crowds.few_at_once(admin.site.login)),
    path("admin/", admin.site.urls),
    path("api/", include("registries.api.urls")),
    path("metrics", include("registries.metrics.urls")),
    path("registries.schema.json", views.file_schema),
    path("programs/", programs.programs, name="programs"),
    path("programs/<str:name>", programs.program, name="program"),
]

handler400 = views.bad_request
handler403 = views.forbidden
handler404 = views.not_found
handler500 = views.server_error
