"""What is odd about DigitalOcean: a token is user name and password."""

import pytest

from registries.kinds import KINDS

KIND = KINDS["digitalocean"]


def test_a_token_that_is_the_user_name_shows_nowhere(canary: str) -> None:
    assert canary not in repr(KIND.credential({"token": canary}, None, ""))


@pytest.mark.parametrize("start", ["dop_v1_", "doo_v1_", "dor_v1_", ""])
def test_a_token_is_no_user_name(start: str) -> None:
    """DigitalOcean says to enter it twice; a user name is stored in clear and shown."""
    text = f"{start}{'0' * 64}"
    problems = KIND.clean({"username": text, "token": text})[1]
    assert [(problem.variable, problem.code) for problem in problems] == [("username", "token")]
    assert text not in str(problems[0])
    # What is only like one may be a name.
    assert not KIND.clean({"username": f"{'0' * 63}@acme.example", "token": text})[1]
