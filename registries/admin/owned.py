"""Rows that a file owns: what it changed, and the page that releases one."""

from typing import Any, NamedTuple, cast

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Field
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst
from django.utils.translation import gettext, override

from registries import services
from registries.admin.base import Pages
from registries.kinds import KINDS
from registries.models import ChangedMeanwhile, Registry, SourceChange
from registries.models.source import SourceAction

RELEASE = "registries.release_registry"


def label_of(column: str) -> str:
    return str(cast("Field[Any, Any]", Registry._meta.get_field(column)).verbose_name)


class ShownSourceChange(NamedTuple):
    """A change that applying a file made, as the page shows it."""

    change: SourceChange

    @property
    def sentence(self) -> str:
        """What was done, and to which fields, by their labels."""
        action = capfirst(
            str(dict(SourceAction.choices).get(self.change.action, self.change.action))
        )
        fields = [self._label(name) for name in self.change.fields.split(",") if name]
        return f"{action}: {', '.join(fields)}" if fields else action

    def _label(self, name: str) -> str:
        row = self.change.registry
        kind = KINDS.get(row.kind) if row else None
        if kind and name in kind.by_name:
            return gettext(kind.by_name[name].label)
        return capfirst(label_of(name))


class OwnedPages(Pages):
    """The page that asks before a row is released, and then does it."""

    def release_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then let people change a row again that a file owns."""
        row = self.get_object(request, unquote(object_id))
        if not (request.user.has_perm(RELEASE) and self.has_view_permission(request, row)):
            raise PermissionDenied
        if row is None:
            return self.gone(request, object_id)
        if not row.source:
            text = gettext("No file owns “%(name)s”.") % {"name": row}
            self.message_user(request, text, messages.WARNING)
            return self.to(request, "change", row.pk)
        if request.method != "POST":
            title = gettext("Release “%(name)s”?") % {"name": row}
            return self.page(request, "release", title=title, row=row)
        source = row.source
        try:
            services.release(row)
        except ChangedMeanwhile:
            text = gettext("“%(name)s” was changed meanwhile. Review it, then release it again.")
            self.refuse(request, [text % {"name": row}])
            return self.to(request, "change", row.pk)
        with override(None):  # as Django keeps the labels
            label = label_of("source")
        change = {"fields": [label], "values": {label: [source, ""]}}
        self.log_change(request, row, [{"changed": change}])
        text = gettext("The file “%(source)s” no longer owns “%(name)s”.")
        message = text % {"source": source, "name": row}
        self.message_user(request, message, messages.SUCCESS)
        return self.to(request, "change", row.pk)
