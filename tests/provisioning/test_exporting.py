"""What is exported, and that applying it changes nothing."""

from datetime import date
from typing import Any

import pytest
import trustme
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registries import services
from registries.kinds import KINDS
from registries.models import Registry
from registries.provisioning import document
from registries.provisioning.applying import apply
from registries.provisioning.planning import Options, plan
from tests.factories import create
from tests.kinds.facts import FACTS
from tests.kinds.samples import SAMPLES as VALUES
from tests.provisioning.conftest import actions

pytestmark = pytest.mark.django_db

# Names that YAML and TOML might take for something else, and letters of several alphabets.
NAMES = st.sampled_from(["null", "yes", "1.0", "~", "- x", "a: b", "#", "é", "名", "😀"]) | st.text(
    "aB1 .:#-'\"\\é名{}[]&*!|>%@`,?", min_size=1, max_size=100
).filter(str.strip)
CA = trustme.CA().cert_pem.bytes().decode()


def fill(monkeypatch: pytest.MonkeyPatch, file: Any) -> None:
    """Set the variables that a file refers to, to what the rows hold."""
    for entry in file.content["registries"]:
        row = Registry.objects.get(name=entry["name"])
        for name, reference in entry.get("secrets", {}).items():
            monkeypatch.setenv(reference["env"], getattr(row, name).reveal())


def assert_unchanged(monkeypatch: pytest.MonkeyPatch, file: Any) -> None:
    """Its rows are adopted as they are, and what is exported then changes nothing."""
    fill(monkeypatch, file)
    for number, written in enumerate((file.as_yaml(), file.as_toml())):
        name = ("file.yaml", "file.toml")[number]
        found = document.read([(name, written.encode())])
        if not number:
            adopted = apply(found, Options(adopt=True))
            assert {step.fields for step in adopted.steps} == {()}
        assert set(actions(plan(found, Options())).values()) == {"unchanged"}
    again = services.export("main")
    assert again.content["registries"] == file.content["registries"]


@pytest.mark.parametrize("slug", KINDS)
@given(data=st.data())
@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_applying_what_was_exported_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, slug: str, data: st.DataObject
) -> None:
    """Whatever the name is, whichever way it signs in, and whatever else is set."""
    Registry.objects.filter(is_default=False).delete()
    kind = KINDS[slug]
    method = data.draw(st.sampled_from([each for each in kind.methods if not each.default_only]))
    of_others = {name for each in kind.methods for name in each.variables}
    names = {*method.variables, *(set(kind.by_name) - of_others)}
    values = {name: FACTS[slug].sample.get(name, VALUES[name]) for name in names}
    row = Registry(kind=slug, name=data.draw(NAMES), **values)
    row.verify_tls = data.draw(st.booleans())
    row.ca_certificate = data.draw(st.sampled_from(["", CA]))
    row.handover = data.draw(st.sampled_from(["none", "any"]))
    row.check_every = data.draw(st.sampled_from([None, 0, 3600]))
    if row.has_credentials:
        row.expires_on = data.draw(st.sampled_from([None, date(2030, 1, 31)]))
    row.full_clean()
    row.save()
    assert_unchanged(monkeypatch, services.export())


def test_rows_with_alike_names_have_variables_of_their_own() -> None:
    for name in ("A b", "A-b", "Ä"):
        create("hub", name=name, login="acme", password="fake", token=None, auth=None)
    file = services.export()
    names = [each["secrets"]["password"]["env"] for each in file.content["registries"]]
    start = "REGISTRIES_SECRET_"
    assert names == [f"{start}A_B_PASSWORD", f"{start}A_B_PASSWORD_2", f"{start}PASSWORD"]


def test_no_secret_and_no_untouched_default_row_is_exported() -> None:
    row = create("gcr")
    file = services.export()
    assert [each["name"] for each in file.content["registries"]] == [row.name]
    for written in (file.as_yaml("https://x.example/s"), file.as_toml("https://x.example/s")):
        assert "PRIVATE KEY" not in written
        assert written.splitlines()[0].endswith("https://x.example/s")
