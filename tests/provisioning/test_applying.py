"""What applying a file changes, and what it leaves alone."""

from typing import Any
from unittest.mock import Mock

import pytest
import trustme
from cryptography.fernet import Fernet
from django.db import OperationalError

from registries import services
from registries.models import ChangedMeanwhile, Registry, SourceChange
from registries.models.resetting import DEFAULTS
from registries.provisioning import applying, document, planning
from registries.provisioning.document import COMMON
from registries.provisioning.faults import Busy, NotApplied
from registries.provisioning.planning import Options
from registries.reencryption import reencrypt
from registries.verdicts import Verdict
from tests.factories import create
from tests.provisioning.conftest import (
    GHCR,
    HUB,
    SECRET,
    Write,
    applied,
    faults,
    fields,
    planned,
)

pytestmark = pytest.mark.django_db


def row(name: str = "Builds") -> Registry:
    return Registry.objects.get(name=name)


def state() -> list[Any]:
    """All columns of all rows."""
    return list(Registry.objects.order_by("pk").values())


def history() -> list[tuple[str, str, str]]:
    """What stands in the history, the oldest first."""
    changes = SourceChange.objects.order_by("pk")
    return [(each.registry_name, each.action, each.fields) for each in changes]


def test_a_plan_writes_nothing(write: Write) -> None:
    before = state()
    assert planned(write(HUB, GHCR)) == {"Builds": "create", "Packages": "create"}
    assert state() == before


def test_rows_are_created_and_stay_as_they_are(write: Write) -> None:
    """A second time nothing is written, and what was checked stays so."""
    assert applied(write(HUB, GHCR)) == {"Builds": "create", "Packages": "create"}
    found = row()
    assert found.values() == {"login": "acme", "password": SECRET}
    assert (found.prefix, found.source) == ("docker.io/acme", "team")
    assert SECRET not in str(found.applied)
    Registry.objects.filter(pk=found.pk).update(check_verdict=Verdict.VALID)
    before = state()
    assert applied(write(HUB, GHCR)) == {"Builds": "unchanged", "Packages": "unchanged"}
    assert state() == before
    assert history() == [
        ("Builds", "created", "login,password,prefix"),
        ("Packages", "created", "username,token"),
    ]


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        ({"set": {"login": "other"}}, ("login",)),
        ({"prefix": "docker.io/other"}, ("prefix",)),
        ({"handover": "any"}, ("handover",)),
        ({"verify_tls": False}, ("verify_tls",)),
        ({"check_every": 3600}, ("check_every",)),
        ({"check_every": "0"}, ("check_every",)),
        ({"expires_on": "2030-01-31"}, ("expires_on",)),
        ({"secrets": {"token": {"env": "REGISTRIES_SECRET_HUB"}}}, ("password", "token")),
        ({"set": None, "secrets": None}, ("login", "password")),
        ({"name": "Renamed", "was": "Builds"}, ("name",)),
    ],
)
def test_what_changed_in_the_file_is_changed(
    write: Write, change: dict[str, Any], changed: tuple[str, ...]
) -> None:
    applied(write(HUB))
    pk = row().pk
    path = write({**HUB, **change})
    name = change.get("name", "Builds")
    assert fields(services.plan_files([path])) == {name: changed}
    assert applied(path) == {name: "change"}
    assert row(name).pk == pk
    assert applied(path) == {name: "unchanged"}
    assert history()[1:] == [(name, "changed", ",".join(changed))]


def test_a_secret_that_changed_where_it_is(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    applied(write(HUB))
    monkeypatch.setenv("REGISTRIES_SECRET_HUB", "fake-rotated\n")
    assert applied(write(HUB)) == {"Builds": "change"}
    assert row().password.reveal() == "fake-rotated"


@pytest.mark.parametrize("change", [{"url": "https://b.example"}, {"verify_tls": False}])
def test_a_new_address_gets_the_secrets_anew(write: Write, change: dict[str, Any]) -> None:
    """Without them, `save` refuses to send stored secrets elsewhere."""
    secrets = {"password": {"env": "REGISTRIES_SECRET_HUB"}}
    entry = {"name": "Own", "kind": "custom", "secrets": secrets}
    values = {"url": "https://a.example", "login": "acme"}
    applied(write({**entry, "set": values}))
    common = {name: value for name, value in change.items() if name == "verify_tls"}
    values |= {name: value for name, value in change.items() if name == "url"}
    assert applied(write({**entry, **common, "set": values})) == {"Own": "change"}
    assert row("Own").values()["password"] == SECRET


def test_what_is_no_longer_named_is_reset_and_what_never_was_stays(write: Write) -> None:
    """An operator who takes `verify_tls: false` out expects that it is verified again."""
    applied(write({**HUB, "verify_tls": False}))
    Registry.objects.filter(name="Builds").update(handover="any")
    del (fewer := {**HUB})["prefix"]
    assert fields(services.apply_files([write(fewer)]))["Builds"] == ("prefix", "verify_tls")
    assert (row().handover, row().verify_tls, row().prefix) == ("any", True, "")


def test_what_is_newly_named_is_recorded_though_nothing_changes(write: Write) -> None:
    """Taken out again, it is reset, whoever changed it meanwhile. The check stays."""
    applied(write(HUB))
    Registry.objects.filter(name="Builds").update(check_verdict=Verdict.VALID)
    version, path = row().version, write({**HUB, "handover": "none"})
    assert planned(path) == applied(path) == {"Builds": "unchanged"}
    assert (row().version, row().check_verdict) == (version, Verdict.VALID)
    assert len(history()) == 1
    Registry.objects.filter(name="Builds").update(handover="any")
    assert applied(write(HUB)) == {"Builds": "drift"}
    assert row().handover == "none"


# Owners


def test_a_row_of_nobody_is_adopted_only_when_asked(write: Write) -> None:
    """One that is the same already is not written but for its owner, and stays checked."""
    pk = create("hub", name="Builds", token=None, login="acme", password=SECRET, auth=None).pk
    Registry.objects.filter(pk=pk).update(check_verdict=Verdict.VALID, prefix="docker.io/acme")
    before = state()
    assert faults(write(HUB)) == [("registries[0]", "not_owned")]
    assert state() == before
    assert applied(write(HUB), adopt=True) == {"Builds": "adopt"}
    assert (row().pk, row().source, row().check_verdict) == (pk, "team", Verdict.VALID)
    assert history() == [("Builds", "adopted", "")]


def test_an_adopted_row_keeps_nothing_that_decides_who_gets_the_secrets(write: Write) -> None:
    """Somebody may have prepared a row of that name, with another host, no TLS, or for all."""
    entry = {
        "name": "Prepared",
        "kind": "acr",
        "set": {"clientid": "acme"},
        "secrets": {"clientsecret": {"env": "REGISTRIES_SECRET_HUB"}},
    }
    create(
        "acr",
        name="Prepared",
        url=None,
        prefix="evil.azurecr.io",
        verify_tls=False,
        ca_certificate=trustme.CA().cert_pem.bytes().decode(),
        handover="any",
        check_every=3600,
    )
    changed = ("clientid", "clientsecret", "prefix", "ca_certificate", "handover", "verify_tls")
    assert fields(services.plan_files([write(entry)], Options(adopt=True))) == {"Prepared": changed}
    assert applied(write(entry), adopt=True) == {"Prepared": "adopt"}
    assert {name: getattr(row("Prepared"), name) for name in COMMON} == {
        **DEFAULTS,
        "check_every": 3600,
    }
    assert row("Prepared").clientsecret.reveal() == SECRET


def test_an_untouched_default_row_is_everybodys(write: Write) -> None:
    """Nothing of anybody is lost, and a new site has them all."""
    assert applied(write({**HUB, "name": "Docker Hub"})) == {"Docker Hub": "adopt"}
    assert row("Docker Hub").is_default
    applied(write({**HUB, "name": "Docker Hub"}, source="team"))


def test_a_row_of_another_source_is_left_alone(write: Write) -> None:
    applied(write(HUB, source="others"))
    before = state()
    assert faults(write(HUB, GHCR), adopt=True) == [("registries[0]", "not_owned")]
    assert state() == before


def test_the_kind_of_a_row_stays(write: Write) -> None:
    applied(write(HUB))
    assert faults(write({**GHCR, "name": "Builds"})) == [("registries[0]", "not_owned")]


def test_a_released_row_is_nobodys(write: Write) -> None:
    applied(write(HUB))
    services.release(row())
    assert (row().source, row().applied) == ("", None)
    assert row().password.reveal() == SECRET
    assert faults(write(HUB)) == [("registries[0]", "not_owned")]


# Drift


def test_drift_is_distinguished_from_a_change(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is as it was: somebody changed the row. Applying restores it."""
    applied(write(HUB))
    found = row()
    found.password, found.prefix = "fake-typed-by-hand", ""
    found.save()
    plan = services.plan_files([write(HUB)])
    [step] = plan.steps
    assert (step.action, step.fields, step.drifted) == ("drift", *[("password", "prefix")] * 2)
    monkeypatch.setenv("REGISTRIES_SECRET_HUB", "fake-rotated")
    [step] = services.plan_files([write({**HUB, "set": {"login": "other"}})]).steps
    assert (step.action, step.drifted) == ("change", ("password", "prefix"))
    assert applied(write(HUB)) == {"Builds": "drift"}
    assert (row().password.reveal(), row().prefix) == ("fake-rotated", "docker.io/acme")


def test_a_secret_that_cannot_be_read_is_written_again(write: Write, use_keys: Any) -> None:
    applied(write(HUB))
    use_keys(Fernet.generate_key())
    assert fields(services.apply_files([write(HUB)])) == {"Builds": ("password",)}
    assert row().password.reveal() == SECRET


def test_a_change_of_keys_is_no_change(write: Write, use_keys: Any) -> None:
    """`reencrypt_registries` makes the fingerprints anew; what drifted still has."""
    old, new = Fernet.generate_key(), Fernet.generate_key()
    use_keys(old)
    applied(write(HUB, GHCR))
    drifted = row("Packages")
    drifted.username = "by-hand"
    drifted.save()
    use_keys(new, old)
    list(reencrypt())
    use_keys(new)
    assert planned(write(HUB, GHCR)) == {"Builds": "unchanged", "Packages": "drift"}


# Pruning


def test_orphans_stay_unless_pruned(write: Write) -> None:
    applied(write(HUB, GHCR))
    assert applied(write(GHCR)) == {"Builds": "orphan", "Packages": "unchanged"}
    assert planned(write(GHCR), prune=True)["Builds"] == "delete"
    assert applied(write(GHCR), prune=True)["Builds"] == "delete"
    assert not Registry.objects.filter(name="Builds").exists()
    assert history()[-1] == ("Builds", "deleted", "")


def test_a_default_row_is_reset_instead(write: Write) -> None:
    default = {**HUB, "name": "Docker Hub"}
    applied(write(default, GHCR))
    assert applied(write(GHCR), prune=True)["Docker Hub"] == "reset"
    found = row("Docker Hub")
    assert (found.state, found.source, found.applied) == ("anonymous", "", None)


def test_the_brake(write: Write) -> None:
    """More than half is pruned only by another word; rows of nobody and of others never are."""
    create("ghcr", name="By hand")
    applied(write(GHCR, source="others"))
    applied(write(HUB, {**GHCR, "name": "Two"}, {**HUB, "name": "Three"}))
    before = state()
    for path in (write(), write(HUB)):
        assert faults(path, prune=True) == [("", "prune_brake")]
    assert state() == before
    assert set(applied(write(), prune_all=True).values()) == {"delete"}
    assert set(Registry.objects.filter(is_default=False).values_list("name", flat=True)) == {
        "By hand",
        "Packages",
    }


def test_a_name_that_is_pruned_is_free(write: Write) -> None:
    """A rename to the name of a row that goes, all in one run."""
    applied(write(HUB, GHCR, {**HUB, "name": "Old"}))
    path = write(HUB, {**GHCR, "name": "Old2", "was": "Packages"})
    assert applied(path, prune=True) == {"Old": "delete", "Builds": "unchanged", "Old2": "change"}


def test_a_rename_onto_a_row_of_nobody_leaves_an_orphan(write: Write) -> None:
    """The other row is adopted, and what would have been renamed is told."""
    applied(write(HUB, GHCR))
    create("hub", name="Other")
    path = write({**HUB, "name": "Other", "was": "Builds"}, GHCR)
    told = {"Builds": "orphan", "Other": "adopt", "Packages": "unchanged"}
    assert planned(path, adopt=True) == told
    assert applied(path, adopt=True, prune=True) == {**told, "Builds": "delete"}


@pytest.mark.parametrize("is_gone", [False, True])
def test_an_orphan_that_is_released_meanwhile_is_not_pruned(
    write: Write, monkeypatch: pytest.MonkeyPatch, is_gone: bool
) -> None:
    """It may hold an operator's own credentials by then, or be deleted: it is begun anew."""
    applied(write(HUB, GHCR))
    prune = applying._prune

    def released(*arguments: Any) -> SourceChange | None:
        services.release(row())
        if is_gone:
            row().delete()
        return prune(*arguments)

    monkeypatch.setattr(applying, "_prune", released)
    # The fake's own change is rolled back with the rest, so that it happens each time.
    with pytest.raises(Busy):
        services.apply_files([write(GHCR)], Options(prune=True))
    assert row().source == "team"


def test_a_row_becomes_one_of_the_declared_ones(write: Write) -> None:
    """Whatever a document says: else one's secrets went to the address of the other."""
    applied(write(HUB))
    declared = [
        document.load([write({**HUB, "name": name, "was": "Builds"})]).declared[0] for name in "AB"
    ]
    plan = planning.plan(document.Document("team", tuple(declared)), Options())
    assert {step.name: step.action for step in plan.steps} == {"A": "change", "B": "create"}


# All or nothing


def test_one_wrong_row_stops_all(write: Write) -> None:
    applied(write(HUB))
    before = state()
    wrong = {**GHCR, "secrets": {"token": {"env": "REGISTRIES_SECRET_GONE"}}}
    path = write({**HUB, "prefix": ""}, wrong)
    assert faults(path) == [("registries[1].secrets.token", "unresolved")]
    assert state() == before


def test_a_wrong_secret_is_not_quoted(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """An htpasswd line instead of base64, in a row that is new and in one that is there."""
    applied(write(HUB))
    monkeypatch.setenv("REGISTRIES_SECRET_X", "acme:$2y$05$fake-canary")
    secrets = {"auth": {"env": "REGISTRIES_SECRET_X"}}
    entries = [{"name": name, "kind": "hub", "secrets": secrets} for name in ("Builds", "New")]
    with pytest.raises(NotApplied) as caught:
        services.apply_files([write(*entries)])
    assert {fault.code for fault in caught.value.faults} == {"hashed"}
    assert "fake-canary" not in f"{caught.value} {caught.value.__context__}"


def test_a_reference_that_vanished_between_plan_and_write(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """#78: the first of two rows is written already when the other secret is found missing."""
    before, take_turn = state(), applying._take_turn

    def vanish(*arguments: str) -> None:
        take_turn(*arguments)
        monkeypatch.delenv("REGISTRIES_SECRET_GHCR")

    monkeypatch.setattr(applying, "_take_turn", vanish)
    monkeypatch.setattr("registries.provisioning.planning.BATCH", 1)
    assert faults(write(HUB, GHCR)) == [("registries[1].secrets.token", "unresolved")]
    assert state() == before


@pytest.mark.parametrize(
    ("error", "told", "tries"),
    [
        (OperationalError("database is locked"), Busy, 1),
        (OperationalError(1205, "Lock wait timeout exceeded"), Busy, 1),
        (OperationalError(1213, "Deadlock found"), Busy, applying.TRIES),
        (OperationalError("disk I/O error"), OperationalError, 1),
    ],
)
def test_others_hold_the_database(
    write: Write,
    monkeypatch: pytest.MonkeyPatch,
    error: OperationalError,
    told: type[Exception],
    tries: int,
) -> None:
    """Who waited long enough for a lock does not wait again; what is broken is not called busy."""
    monkeypatch.setattr(applying, "_take_turn", take_turn := Mock(side_effect=error))
    with pytest.raises(told):
        services.apply_files([write(HUB)])
    assert take_turn.call_count == tries


@pytest.mark.parametrize("times", [1, 3])
def test_somebody_saves_a_row_meanwhile(
    write: Write, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """It is begun anew, and given up where that goes on."""
    applied(write(HUB))
    save, left = Registry.save, [None] * times

    def disturbed(self: Registry, *arguments: Any, **options: Any) -> None:
        if left and self.name == "Packages":
            left.pop()
            raise ChangedMeanwhile
        save(self, *arguments, **options)

    monkeypatch.setattr(Registry, "save", disturbed)
    path = write({**HUB, "prefix": ""}, GHCR)
    if times == 1:
        assert applied(path) == {"Builds": "change", "Packages": "create"}
        return
    with pytest.raises(Busy):
        services.apply_files([path], Options())
    assert row().prefix == "docker.io/acme"
