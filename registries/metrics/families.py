"""The metrics: name, type, labels and help text of each. docs/metrics.md shows them as a table."""

from typing import NamedTuple

ROW = ("id", "kind", "name")


class Family(NamedTuple):
    """One metric.

    kind: its type in Prometheus. own: whether it has series for each registry or host, which
    `per_registry=false` leaves out. whole: whether it counts for the whole site, so that an access
    token for some registries does not get it. permission: what it needs besides the permission to
    view registries.
    """

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str
    own: bool = False
    whole: bool = False
    permission: str = ""


BUILD = Family("registries_build_info", "gauge", ("version",), "The installed version; always 1.")
REGISTRIES = Family(
    "registries_registries",
    "gauge",
    ("kind", "state", "verdict"),
    "Registries by kind, state (authenticated or anonymous) and verdict of the last check (none if"
    " there was no check since the last change).",
)
DUE = Family("registries_due", "gauge", ("kind",), "Registries whose check is due.")
OVERDUE = Family(
    "registries_overdue",
    "gauge",
    ("kind",),
    "Registries whose check is due for more than 10 minutes.",
)
RUNNING = Family(
    "registries_checks_running", "gauge", ("kind",), "Registries that are checked now."
)
CHECKS = Family(
    "registries_checks_total",
    "counter",
    ("kind", "verdict"),
    "Checks since the site began, whoever started them.",
    whole=True,
)
SECONDS = Family(
    "registries_check_duration_seconds",
    "histogram",
    ("kind",),
    "How long these checks took.",
    whole=True,
)
HANDOVERS = Family(
    "registries_handovers_total",
    "counter",
    ("form", "outcome"),
    "Credentials that were handed over since the site began (outcome handed_over), and requests"
    " that were refused, by the reason.",
    whole=True,
    permission="registries.view_handover",
)
NOTIFICATIONS = Family(
    "registries_notifications",
    "gauge",
    ("status",),
    "Notifications that are kept, each once for each receiver, by status: pending, retrying (an"
    " attempt failed, and others follow), sent or failed.",
    whole=True,
    permission="registries.view_notification",
)
RECEIVERS_OFF = Family(
    "registries_notification_receivers_off",
    "gauge",
    (),
    "Receivers in NOTIFY that are turned off, because they answered 410 (Gone).",
    whole=True,
    permission="registries.view_notification",
)
HOSTS = Family(
    "registries_host_registries",
    "gauge",
    ("host", "verdict"),
    "Registries by the host that their last check called, and its verdict.",
    own=True,
)
FINE = Family(
    "registries_registry_fine",
    "gauge",
    ROW,
    "1 if the registry is fine, 0 if it needs attention; no value before its first check.",
    own=True,
)
CHECKED = Family(
    "registries_registry_last_check_timestamp_seconds",
    "gauge",
    ROW,
    "When the registry was checked last, in seconds since 1970.",
    own=True,
)
SUCCEEDED = Family(
    "registries_registry_last_success_timestamp_seconds",
    "gauge",
    ROW,
    "When a check of the registry was fine last, in seconds since 1970.",
    own=True,
)
ENDS = Family(
    "registries_registry_credentials_end_timestamp_seconds",
    "gauge",
    ROW,
    "When the registry's credentials end, in seconds since 1970: the beginning of that day.",
    own=True,
)
PULLS = Family(
    "registries_registry_pulls_remaining",
    "gauge",
    ROW,
    "How many pulls the registry still allowed at the last check, if it told that.",
    own=True,
)
PULLS_LIMIT = Family(
    "registries_registry_pulls_limit",
    "gauge",
    ROW,
    "How many pulls the registry allows in its period, if it told that.",
    own=True,
)

FAMILIES = (
    *(BUILD, REGISTRIES, DUE, OVERDUE, RUNNING, CHECKS, SECONDS, HANDOVERS),
    *(NOTIFICATIONS, RECEIVERS_OFF),
    *(HOSTS, FINE, CHECKED, SUCCEEDED, ENDS, PULLS, PULLS_LIMIT),
)
