"""The validation of rows: the errors of each variable, which say what to do."""

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from registries import conf
from registries.kinds import KINDS
from registries.models import certificates, lookalikes, names
from registries.reference import InvalidReference, parse_prefix, without_scheme
from registries.secrets.sealing import Secret

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from registries.models.registry import Registry


# The length of the column, and the longest path of a repository.
MAX_PREFIX = 255
# The first and the last year in which credentials can end: others are typing errors.
FIRST_YEAR, LAST_YEAR = 2000, 2199
# Why a stored secret has to be entered again, by the code of the change.
MISDIRECTED = {
    "address_changed": _(
        "The address changed. Enter it again to confirm that it may go to the new address."
    ),
    "unverified": _(
        "Without verification, any server that answers at this address can receive this."
        " Enter it again to confirm."
    ),
    "ca_changed": _(
        "The trusted CA changed, so other servers can receive this. Enter it again to confirm."
    ),
}


def valid_period(seconds: int) -> None:
    """Raise ValidationError for a time between two checks that is too short or too long."""
    try:
        conf.every(seconds)
    except ValueError:
        message = _("Enter %(least)d to %(most)d seconds, or 0 for never.")
        params = {"least": conf.MINUTE, "most": conf.MONTH}
        raise ValidationError(message, "period", params) from None


class Errors:
    """Collects ValidationErrors by field."""

    def __init__(self) -> None:
        self.by_field: dict[str, list[ValidationError]] = {}

    def add(self, name: str, message: Any, code: str) -> None:
        self.by_field.setdefault(name, []).append(ValidationError(message, code=code))

    def raise_any(self) -> None:
        if self.by_field:
            raise ValidationError(self.by_field)


def clean(row: "Registry") -> None:
    """Normalise the row and check the rules of its kind. Raises ValidationError."""
    errors = Errors()
    clean_name(row, errors)
    clean_settings(row, errors)
    errors.raise_any()


def clean_settings(row: "Registry", errors: Errors) -> None:
    """Normalise and check all but the name. The database is not asked about an unsaved row."""
    if row.kind in KINDS:  # the field `kind` itself reports an unknown kind
        if row.kind != row.stored_value("kind", row.kind):
            errors.add(
                "kind",
                _("The kind of a registry cannot be changed. Add another registry instead."),
                "changed",
            )
        if row.is_default and row.declaration.default_name is None:
            errors.add("kind", _("This kind has no default row."), "no_default")
        _clean_variables(row, errors)
        _clean_prefix(row, errors)
        _clean_handover(row, errors)
    _clean_ca_certificate(row, errors)
    _clean_end(row, errors)
    if row.kind in KINDS:
        if row.is_entrusting:
            row.entrust_secrets()
        _clean_destination(row, errors)


def clean_name(row: "Registry", errors: Errors, *, is_unique: bool = False) -> None:
    """Normalise the name, and look for another row that has it or one that looks like it.

    is_unique: whether the caller knows that no other row has it.
    """
    row.name = names.tidy(row.name or "")
    if names.has_invisible(row.name):
        invisible = _("This name contains invisible characters. Type it again.")
        errors.add("name", invisible, "invisible")
        return
    key = row.name_key = names.key(row.name)
    if not key:
        errors.add("name", _("This is required."), "required")
    if max(len(row.name) - names.MAX_NAME, len(key) - names.MAX_KEY) > 0:
        errors.add("name", _("Choose a shorter name."), "too_long")
    if key and not is_unique and _others(row).filter(name_key=key).exists():
        errors.add("name", _("Another registry has this name. Choose a different one."), "unique")
        return
    alike = {names.key(reading) for reading in lookalikes.readings(row.name)}
    if alike and (twin := _others(row).filter(name_key__in=alike).only("name").first()):
        message = gettext(
            "This looks like “%(name)s”, but uses letters of another alphabet."
            " Choose a different name."
        )
        errors.add("name", message % {"name": twin.name}, "lookalike")


def _others(row: "Registry") -> "QuerySet[Registry]":
    return type(row)._base_manager.exclude(pk=row.pk)


@sensitive_variables()
def _clean_variables(row: "Registry", errors: Errors) -> None:
    values = {name: row.raw_value(name) for name in row.provided()}
    # A sealed secret was checked when it was entered, and rules only ask whether it is set.
    sealed = {
        name for name, value in values.items() if isinstance(value, Secret) and value.is_sealed
    }
    raw = {
        name: value.reveal() if isinstance(value, Secret) else value
        for name, value in values.items()
        if name not in sealed
    }
    cleaned, problems = row.declaration.clean(raw)
    for name in {*raw, *cleaned}:
        setattr(row, name, cleaned.get(name))
    broken = {problem.variable for problem in problems}
    provided = {*cleaned, *sealed, *broken}
    problems = [*problems, *row.declaration.problems(provided, is_default=row.is_default)]
    for problem in problems:
        errors.add(problem.variable, problem.text.render(gettext), problem.code)


def _clean_destination(row: "Registry", errors: Errors) -> None:
    """Ask again for the secrets that would be sent to somebody they were not entered for."""
    for name, code in row.misdirected_secrets().items():
        errors.add(name, MISDIRECTED[code], code)


def _clean_prefix(row: "Registry", errors: Errors) -> None:
    row.prefix = row.prefix or ""
    if not row.prefix:
        return
    try:
        row.prefix = parse_prefix(_with_host(row, without_scheme(row.prefix.strip())))
    except InvalidReference as error:
        errors.add("prefix", gettext(str(error)), "invalid")
        return
    host = row.prefix.partition("/")[0]
    if not row.may_answer_for(host):
        message = gettext(
            "This registry cannot be used for images on %(host)s. Enter a"
            " prefix on one of its own hosts."
        )
        errors.add("prefix", message % {"host": host}, "foreign_host")
    elif len(row.prefix) > MAX_PREFIX:
        message = gettext("Shorten this to %(max)s characters.")
        errors.add("prefix", message % {"max": MAX_PREFIX}, "too_long")


def _clean_handover(row: "Registry", errors: Errors) -> None:
    # What is no choice at all is the field's own error.
    if row.handover == "short" and row.declaration.exchanged_by is None:
        message = _("This kind has no short-lived credentials: choose nothing, or any.")
        errors.add("handover", message, "never_short")


def _clean_end(row: "Registry", errors: Errors) -> None:
    if row.expires_on is None or not row.is_end_changed:
        return
    if not FIRST_YEAR <= row.expires_on.year <= LAST_YEAR:
        message = gettext("Enter a day from %(first)d to %(last)d.")
        params = {"first": FIRST_YEAR, "last": LAST_YEAR}
        errors.add("expires_on", message % params, "out_of_range")
    elif not row.has_credentials:
        message = gettext("There are no credentials that could end. Leave this empty.")
        errors.add("expires_on", message, "anonymous")


def _with_host(row: "Registry", prefix: str) -> str:
    """Return a prefix that begins with a host, if the row can only mean one."""
    first = prefix.partition("/")[0]
    if not first or first == "localhost" or not {".", ":", "@"}.isdisjoint(first):
        return prefix
    host = row.declaration.prefix_host(row.plain_values())
    return f"{host}/{prefix}" if host else prefix


def _clean_ca_certificate(row: "Registry", errors: Errors) -> None:
    row.ca_certificate = (row.ca_certificate or "").strip()
    if row.ca_certificate:
        try:
            row.ca_certificate = certificates.read(row.ca_certificate)
        except certificates.InvalidCertificate as error:
            row.ca_certificate = ""
            errors.add("ca_certificate", gettext(str(error)), "invalid")
