"""The notifications: what was sent to whom, what failed and why, and a test message."""

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from registries import conf, outbox, services
from registries.admin.audit import AuditPages
from registries.admin.filters import NOTIFICATION_FILTERS
from registries.admin.shown_notifications import (
    OFF,
    ON,
    STATUSES,
    ShownChange,
    ShownNotification,
)
from registries.admin.times import stamp
from registries.checking import clock
from registries.models import Delivery, GoneReceiver, Notification, StateChange
from registries.models.notification import Status
from registries.notifying.collecting import next_at
from registries.notifying.delivering import send_again, send_test

SEND = "registries.send_notification"
# What is due for so long is sent by nobody.
GRACE = timedelta(minutes=10)
# Between two test messages: each holds a thread of the web server, and may annoy the receivers.
BETWEEN_TESTS = timedelta(seconds=10)
# The most changes of a notification that its page lists.
MOST_CHANGES = 100


class NotificationPages(AuditPages):
    """The list of notifications, and the page of one. Only sending is possible."""

    list_select_related = ()
    list_display = ("subject",)
    list_filter = NOTIFICATION_FILTERS
    search_fields = ("subject", "user_name", "changes__registry_name")
    search_help_text = _("Subject, registry or person")
    change_list_template = "admin/registries/registry/notifications.html"
    change_form_template = "admin/registries/registry/notification.html"
    lead = _("Who was told what about registries, and what failed.")
    none_yet, all_of_them = _("No notifications yet"), _("All notifications")
    line = "registries/notification_line.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("deliveries")

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        if not search_term:
            return queryset, False
        found, has_duplicates = super().get_search_results(
            request, Notification.objects.filter(pk=OuterRef("pk")), search_term
        )
        del has_duplicates
        return queryset.filter(Exists(found)), False

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        name = "registries_notification_"
        urls = [
            path("test/", wrap(self.test_view), name=f"{name}test"),
            path("enable/<int:pk>/", wrap(self.enable_view), name=f"{name}enable"),
            path("<int:pk>/again/", wrap(self.again_view), name=f"{name}again"),
        ]
        for url in urls:
            url.callback = services.outside_transactions(url.callback)
        return [*urls, *super().get_urls()]

    def as_shown(self, event: Notification) -> ShownNotification:
        return ShownNotification(event)

    def about(self, event: Any) -> Any:
        """Nothing: a notification may be about many rows."""
        return event.registry_name and super().about(event) if hasattr(event, "registry") else ""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        gone = {off.receiver: off for off in GoneReceiver.objects.all()}
        over = timezone.now() - GRACE
        waiting = StateChange.objects.filter(notification=None)
        late = Delivery.objects.filter(status=Status.PENDING, due_at__lt=over)
        sent_at = next_at(waiting.db)
        receivers = [(item, gone.get(outbox.key_of(item))) for item in conf.get().notify]
        # Changes can wait for hours for others, and need somebody only if there is a receiver.
        context = {
            "receivers": [
                (item, off, stamp(off.gone_at) if off else "") for item, off in receivers
            ],
            "waiting": waiting.count(),
            # What is due already is sent soon, or by nobody.
            "sent_at": stamp(sent_at) if sent_at and sent_at > clock.now(waiting.db) else "",
            "is_stuck": late.exists(),
            "may_send": request.user.has_perm(SEND),
            "gone_look": OFF,
            "on_look": ON,
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        shown = ShownNotification(kwargs["obj"])
        changes = shown.notification.changes.all()
        may_see_rows = request.user.has_perm("registries.view_registry")
        context |= {
            "title": shown.title,
            "subtitle": None,
            "shown": shown,
            "facts": [(label, value) for label, value in shown.facts if value],
            "all_of_them": self.all_of_them,
            "changes": [
                ShownChange(change, self.about(change) if may_see_rows else change.registry_name)
                for change in changes.select_related("registry")[:MOST_CHANGES]
            ],
            "count": changes.count(),
            "may_send_again": request.user.has_perm(SEND)
            and (
                shown.look is STATUSES[Status.FAILED]
                or (not shown.deliveries and bool(conf.get().notify))
            )
            and shown.notification.kind != Notification.TEST,
        }
        return admin.ModelAdmin.render_change_form(self, request, context, *args, **kwargs)

    # Sending

    @method_decorator(require_POST)
    def test_view(self, request: HttpRequest) -> HttpResponse:
        """Send a test message to all receivers, and show how that went."""
        self._permit(request)
        if not conf.get().notify:
            self.message_user(request, gettext("The setting NOTIFY is empty."), messages.ERROR)
            return HttpResponseRedirect(self._url("changelist"))
        if _is_tested():
            text = gettext("A test message was sent just now. Wait 10 seconds before the next one.")
            self.message_user(request, text, messages.ERROR)
            return HttpResponseRedirect(self._url("changelist"))
        notification = send_test(request.user.get_username())
        failed = notification.deliveries.exclude(status=Status.SENT).count()
        if failed:
            words = ngettext(
                "%(count)d receiver did not get the test message.",
                "%(count)d receivers did not get the test message.",
                failed,
            )
            self.message_user(request, words % {"count": failed}, messages.ERROR)
        else:
            text = gettext("All receivers took the test message. See whether it arrived.")
            self.message_user(request, text, messages.SUCCESS)
        return HttpResponseRedirect(self._url("change", notification.pk))

    @method_decorator(require_POST)
    def again_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Let a notification be sent again to the receivers that did not get it."""
        self._permit(request)
        notification = Notification.objects.filter(pk=pk).first()
        if notification is None:
            raise Http404
        if send_again(notification):
            text = gettext("The notification is sent again, by run_checks or send_notifications.")
            self.message_user(request, text, messages.SUCCESS)
        else:
            text = gettext("The receivers are no longer in NOTIFY, or are turned off.")
            self.message_user(request, text, messages.ERROR)
        return HttpResponseRedirect(self._url("change", pk))

    @method_decorator(require_POST)
    def enable_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send to a webhook again that said it was gone."""
        self._permit(request)
        GoneReceiver.objects.filter(pk=pk).delete()
        text = gettext("The receiver is enabled. Failed notifications can be sent again.")
        self.message_user(request, text, messages.SUCCESS)
        return HttpResponseRedirect(self._url("changelist"))

    def _permit(self, request: HttpRequest) -> None:
        if not (self.has_view_permission(request) and request.user.has_perm(SEND)):
            raise PermissionDenied

    def _url(self, page: str, *args: Any) -> str:
        name = f"admin:registries_notification_{page}"
        return reverse(name, args=args, current_app=self.admin_site.name)


def _is_tested() -> bool:
    """Return whether anybody has just sent a test message, or is sending one now."""
    last, now = Notification.objects.filter(kind=Notification.TEST).first(), timezone.now()
    if last is None:
        return False
    being_sent = last.deliveries.filter(status=Status.PENDING, leased_until__gt=now)
    return abs(now - last.created_at) < BETWEEN_TESTS or being_sent.exists()
