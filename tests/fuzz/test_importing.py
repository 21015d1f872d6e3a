"""Files to import: entries, or Unreadable, and soon."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from registries.importing import FORMS, Unreadable
from registries.importing.entry import Entry, Refused
from tests.fuzz.bounds import bounded
from tests.fuzz.texts import almost, anything, objects

fuzz, quick = settings.get_profile("fuzz"), settings.get_profile("fuzz-kind")

NAMES = ("auths", "hosts", "hostRules", "regopts", "registries", "data", "image_registry")
LINES = (
    *("{", "}", "[", "]", ":", "- ", "\n", '"', "'", "\\", "#", "=", "//", "/*", "&a", "*a", "!!x"),
    *("DIUN_REGOPTS_0_NAME=docker.io", "DOCKER_ONE_EXAMPLE_USERNAME=", "RENOVATE_HOST_RULES=[{"),
    *("docker run -e ", "- WUD_REGISTRY_HUB_A_TOKEN=", "WUD_REGISTRY_HUB_A_TOKEN: ", "\\\n", "$"),
    *("WUD_REGISTRY_HUB_A_LOGIN=", "DD_REGISTRY_GCR_A_X=", "services:\n  ", "[[image_registry]]\n"),
    *(f'"{name}": ' for name in NAMES),
)
value = anything | st.none() | st.integers() | st.just([1])
entry = objects(
    auth=anything, username=value, password=value, token=value, provider=st.just("hub"), URL=value,
    domain=value, matchHost=almost("docker.io", "http://", ":", "@"), name=value,
)  # fmt: skip
part = st.lists(entry | value, max_size=2) | st.dictionaries(anything, entry | value, max_size=2)
documents = st.dictionaries(st.sampled_from(NAMES), part, max_size=2) | part


def read_by_all(text: str) -> None:
    for form in FORMS.values():
        result: list[Any] = []
        try:
            result = list(form.read(text))
        except Unreadable:
            continue
        assert all(isinstance(item, Entry | Refused) and item.name for item in result)


@quick
@given(almost(*LINES))
@bounded
def test_texts(text: str) -> None:
    read_by_all(text)


@fuzz
@given(documents)
@bounded
def test_documents(document: object) -> None:
    read_by_all(json.dumps(document))
