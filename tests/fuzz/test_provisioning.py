"""Files of registries: a document, or its faults, and soon; what stands in it is not quoted."""

import json
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from registries.provisioning import document
from registries.provisioning.faults import NotApplied
from tests.fuzz.bounds import bounded
from tests.fuzz.texts import almost, anything, objects

fuzz, quick = settings.get_profile("fuzz"), settings.get_profile("fuzz-kind")

LINES = ("version: 1\n", "source: a\n", "registries:\n", "- name: a\n", "  kind: hub\n", "  set:")
value = anything | st.none() | st.integers() | st.booleans() | st.just([1]) | st.just({"a": {}})
reference = objects(env=value, file=value) | value
entry = objects(
    name=value, kind=st.sampled_from(["hub", "custom"]) | value, was=value, verify_tls=value,
    set=objects(login=value, url=value) | value, secrets=objects(password=reference) | value,
    handover=value, check_every=value, prefix=value,
)  # fmt: skip
files = objects(version=st.just(1), source=st.just("a"), registries=st.lists(entry, max_size=3))


@quick
@given(almost(*LINES))
@bounded
def test_texts(text: str) -> None:
    for name in ("a.yaml", "a.toml"):
        with suppress(NotApplied):
            document.read([(name, text.encode())])


@fuzz
@given(files)
@bounded
def test_files(file: object) -> None:
    with suppress(NotApplied):
        found = document.read([("a.yaml", json.dumps(file).encode())])
        assert all(each.name and each.kind in {"hub", "custom"} for each in found.declared)
