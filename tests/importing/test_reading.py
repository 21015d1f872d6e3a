"""Files that nobody has checked: bounded, without code, and silent about what they hold."""

import traceback
from collections.abc import Callable
from typing import Any

import pytest

from registries.importing import FORMS, Unreadable
from registries.importing.form import Form
from registries.importing.planning import read
from registries.importing.reading import LONGEST, read_json, read_json5, read_toml, read_yaml

SECRET = "fake-secret-of-nobody"
LAUGHS = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"


@pytest.mark.parametrize(
    ("parse", "text", "sentence"),
    [
        (read_json, '{"auths":\n{"a": "%s"', "line 2"),
        (read_json, '{"a": "%s", "a": "%s"}', "twice"),
        (read_json, '{"a": NaN, "b": "%s"}', "cannot|read"),
        (read_json, "[" * 100_000, "read"),
        (read_json, "[" * 60 + "]" * 60, "read"),
        (read_json, "9" * 5000, "read"),
        (read_json5, "{a: '%s", "not JSON"),
        (read_json5, "/*" * 200_000, "not JSON"),
        (read_json5, '"\\' * 200_000, "not JSON"),
        (read_json5, "{a: 1, a: 2} // %s", "twice"),
        (read_toml, 'a = "%s"\na = "%s"', "not TOML"),
        (read_toml, "a = " + "[" * 5000, "TOML|nested"),
        (read_toml, "a." * 500_000, "too deeply"),
        (read_yaml, LAUGHS, "Line 1 has an anchor"),
        (read_yaml, "a: 1\nb: *a # %s", "Line 2 has an anchor"),
        (read_yaml, "a: !!python/object/apply:os.system [%s]", "Line 1 has a YAML tag"),
        (read_yaml, "a: !!str %s", "tag"),
        (read_yaml, "a: {b: 1, b: %s}", "twice"),
        (read_yaml, "? [a]\n: %s", "not a text"),
        (read_yaml, "[" * 50 + "]" * 50, "too deeply"),
        (read_yaml, "a: b\n  c: '%s", "line 2"),
        (read_yaml, "a: \x07 %s", "YAML"),
    ],
)
def test_what_is_refused(parse: Callable[[str], Any], text: str, sentence: str) -> None:
    """#76: bombs, code, and what is ambiguous; the sentence does not quote the file."""
    text = text.replace("%s", SECRET)
    with pytest.raises(Unreadable, match=sentence) as caught:
        parse(text)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"a" * (LONGEST + 1), "longer than 1 MiB"),
        ("{}".encode("utf-16"), "UTF-16"),
        (b"{}\0", "not a text file"),
        (b"\xff{}", "not a text file"),
        (b'{"auths": {}}', "no registry"),
        (b'{"auths": {%s}}' % b", ".join(b'"h%d.example": {}' % n for n in range(1001)), "1000"),
    ],
)
def test_what_no_form_takes(data: bytes, sentence: str) -> None:
    with pytest.raises(Unreadable, match=sentence):
        read(FORMS["docker"], data)


@pytest.mark.parametrize("slug", FORMS)
def test_files_of_something_else(slug: str) -> None:
    for data in (b"[]", b"{}", b"a = 1", b"1", b'"x"', b"[[a]]\n", b"a: b\n"):
        with pytest.raises(Unreadable):
            read(FORMS[slug], data)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{a: 1}", {"a": 1}),
        ("[1, 2,]", [1, 2]),
        ("// c\n{'a': 'it\\'s \"b\"', /* c, */ b: \"// no comment ,}\",}", None),
        ("{a: true, b: null, $c_1: false}", {"a": True, "b": None, "$c_1": False}),
    ],
)
def test_what_json5_adds(text: str, value: Any) -> None:
    expected = {"a": 'it\'s "b"', "b": "// no comment ,}"} if value is None else value
    assert read_json5(text) == expected


def test_yaml_keeps_texts_as_they_are() -> None:
    """A password of digits keeps its zeros, and `no` is no truth value."""
    text = "a: 0123\nb: no\nc: 1e3\nd:\ne: ~\nf: ''\n--- \n- 2020-01-01\n"
    (first, second) = read_yaml(text)
    assert first == {"a": "0123", "b": "no", "c": "1e3", "d": None, "e": None, "f": ""}
    assert second == ["2020-01-01"]


def test_no_report_of_a_fault_holds_the_file() -> None:
    """A reader that breaks has the file in its frames: none of them is in the traceback."""

    def broken(text: str) -> Any:
        raise RuntimeError(text)

    form = Form(slug="broken", label="Broken", read=broken)
    with pytest.raises(Unreadable, match=r"a fault in the program \(RuntimeError\)") as caught:
        read(form, SECRET.encode())
    error: BaseException | None = caught.value
    assert error
    assert error.__context__ is None
    frames = [frame.f_code.co_name for frame, _line in traceback.walk_tb(error.__traceback__)]
    assert "broken" not in frames
