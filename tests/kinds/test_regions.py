"""The table of regions against botocore's own."""

import botocore.session
import pytest

from registries.kinds.problem import Invalid
from registries.kinds.regions import PARTITIONS, clean_region, private_hosts, region_choices


def test_every_region_with_ecr_is_known() -> None:
    """A new region shows up here: add it to registries/kinds/regions.py."""
    session = botocore.session.get_session()
    theirs = {
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("ecr", partition_name=partition)
    }
    ours = {code for code, _label in region_choices()}
    assert theirs - ours == set(), "regions that the table lacks"
    assert ours - theirs == set(), "regions that botocore does not know"


def test_partitions_have_their_domains() -> None:
    """A region's registries are in the domain of its partition."""
    loader = botocore.session.get_session().get_component("data_loader")
    for partition in loader.load_data("partitions")["partitions"]:
        domain = partition["outputs"]["dnsSuffix"]
        for ours in PARTITIONS:
            if ours.regions.keys() & partition["regions"].keys():
                assert f"dkr.ecr.{{region}}.{domain}" in ours.endings


@pytest.mark.parametrize("text", ["eu-west-1", "EU-WEST-1", "us-gov-east-1", "cn-north-1"])
def test_region(text: str) -> None:
    """A real region is taken, in lower case."""
    assert clean_region(text) == text.lower()


@pytest.mark.parametrize(
    "text", ["xx-fake-9", "eu-west", "eu-west-1\n", "evil.com/#", "aws-global", "127.0.0.1", "eu"]
)
def test_no_region(text: str) -> None:
    """#48: what is no region never becomes part of a host name."""
    with pytest.raises(Invalid):
        clean_region(text)
    assert private_hosts(text) is None


def test_private_hosts() -> None:
    """A region's pattern fits its own registries of any account, and no others."""
    pattern = private_hosts("eu-west-1")
    assert pattern is not None
    assert pattern.fullmatch("123456789012.dkr.ecr.eu-west-1.amazonaws.com")
    assert pattern.fullmatch("123456789012.dkr-ecr.eu-west-1.on.aws")
    for other in (
        "123456789012.dkr.ecr.eu-west-2.amazonaws.com",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.com",
        "123456789012.dkr.ecr.eu-west-1xamazonaws.com",
        "evil.com",
    ):
        assert not pattern.fullmatch(other)
