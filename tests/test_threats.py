"""Every threat of docs/security.md has its test, or its limit with a reason."""

from tests.threats import PAGE, ROW, TESTS, covered, faults, threats

SMALL = """
| 1 | A key is lost | Rows say so |
| 2 | A key is weak | Refused |

- #2: nobody can tell.
"""


def test_every_threat_has_a_test_or_a_limit() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert faults(page, covered(TESTS)) == []
    first = [*map(str, range(1, 66)), "29a", "29b", "29c"]
    others = sorted(int(number) for number in threats(page) if number not in first)
    # 66 to 82 come with what they threaten. From 83 on they are numbered as they were thought of,
    # and none is lost or taken twice.
    others = [number for number in others if number > 82]
    assert set(first) <= set(threats(page))
    assert others == list(range(83, 83 + len(others)))
    assert len(ROW.findall(page)) == len(threats(page))


def test_what_is_not_covered_is_found() -> None:
    assert faults(SMALL, {"1": ["test_x.py::test_x"]}) == []
    assert faults(SMALL, {}) == ["#1 has neither a test nor a limit"]
    assert faults(SMALL.replace("nobody can tell.", ""), {"1": ["x"]}) == [
        "#2 has neither a test nor a limit"
    ]
    assert faults(SMALL, {"1": ["x"], "70": ["test_y"]}) == ["#70 is no row: test_y"]
    assert faults(f"{SMALL}- #9: why", {"1": ["x"]}) == ["#9 is a limit and no row"]
