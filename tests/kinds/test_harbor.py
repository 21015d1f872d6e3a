"""What is odd about Harbor: the names of its robots."""

import pytest

from registries.kinds import KINDS


@pytest.mark.parametrize(
    ("login", "remark"),
    [
        ("robot$acme+reader", None),
        ("robot$reader", None),
        ("robot@acme+reader", None),
        ("jürgen", None),
        ("robot$$acme+reader", "two dollar signs"),
        ("robot", "Is this the whole login?"),
    ],
)
def test_a_robots_name_is_kept_and_a_broken_one_is_remarked_upon(
    login: str, remark: str | None
) -> None:
    """Shells and compose files change it: https://github.com/goharbor/harbor/issues/7944."""
    harbor = KINDS["harbor"]
    assert harbor.clean({"login": login}) == ({"login": login}, [])
    notices = harbor.notices({"login": login})
    assert [remark in notice for notice in notices if remark] == [True] * bool(remark)
    assert bool(notices) == bool(remark)
