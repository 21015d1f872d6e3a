"""The regions of Amazon ECR, and the names of its private registries in each.

botocore knows the regions too, but it is slow to import. A test compares this table with it.
"""

import re
from typing import NamedTuple

from registries.kinds.hosts import LABELS
from registries.kinds.problem import Invalid
from registries.text import gettext_noop as _


class Partition(NamedTuple):
    """One of Amazon's separate clouds.

    endings: templates of what follows the account in a registry's host name.
    """

    endings: tuple[str, ...]
    regions: dict[str, str]

    @property
    def hosts(self) -> tuple[str, ...]:
        return tuple(f"{{account}}.{ending}" for ending in self.endings)


PARTITIONS = (
    Partition(
        (
            "dkr.ecr.{region}.amazonaws.com",
            "dkr.ecr-fips.{region}.amazonaws.com",
            "dkr-ecr.{region}.on.aws",
            "dkr-ecr-fips.{region}.on.aws",
        ),
        {
            "af-south-1": "Africa (Cape Town)",
            "ap-east-1": "Asia Pacific (Hong Kong)",
            "ap-east-2": "Asia Pacific (Taipei)",
            "ap-northeast-1": "Asia Pacific (Tokyo)",
            "ap-northeast-2": "Asia Pacific (Seoul)",
            "ap-northeast-3": "Asia Pacific (Osaka)",
            "ap-south-1": "Asia Pacific (Mumbai)",
            "ap-south-2": "Asia Pacific (Hyderabad)",
            "ap-southeast-1": "Asia Pacific (Singapore)",
            "ap-southeast-2": "Asia Pacific (Sydney)",
            "ap-southeast-3": "Asia Pacific (Jakarta)",
            "ap-southeast-4": "Asia Pacific (Melbourne)",
            "ap-southeast-5": "Asia Pacific (Malaysia)",
            "ap-southeast-6": "Asia Pacific (New Zealand)",
            "ap-southeast-7": "Asia Pacific (Thailand)",
            "ca-central-1": "Canada (Central)",
            "ca-west-1": "Canada West (Calgary)",
            "eu-central-1": "Europe (Frankfurt)",
            "eu-central-2": "Europe (Zurich)",
            "eu-north-1": "Europe (Stockholm)",
            "eu-south-1": "Europe (Milan)",
            "eu-south-2": "Europe (Spain)",
            "eu-west-1": "Europe (Ireland)",
            "eu-west-2": "Europe (London)",
            "eu-west-3": "Europe (Paris)",
            "il-central-1": "Israel (Tel Aviv)",
            "me-central-1": "Middle East (UAE)",
            "me-south-1": "Middle East (Bahrain)",
            "mx-central-1": "Mexico (Central)",
            "sa-east-1": "South America (São Paulo)",
            "us-east-1": "US East (N. Virginia)",
            "us-east-2": "US East (Ohio)",
            "us-west-1": "US West (N. California)",
            "us-west-2": "US West (Oregon)",
            "us-gov-east-1": "AWS GovCloud (US-East)",
            "us-gov-west-1": "AWS GovCloud (US-West)",
        },
    ),
    Partition(
        ("dkr.ecr.{region}.amazonaws.com.cn", "dkr-ecr.{region}.on.amazonwebservices.com.cn"),
        {"cn-north-1": "China (Beijing)", "cn-northwest-1": "China (Ningxia)"},
    ),
    Partition(
        (
            "dkr.ecr.{region}.amazonaws.eu",
            "dkr.ecr-fips.{region}.amazonaws.eu",
            "dkr-ecr.{region}.on.amazonwebservices.eu",
            "dkr-ecr-fips.{region}.on.amazonwebservices.eu",
        ),
        {"eusc-de-east-1": "AWS European Sovereign Cloud (Germany)"},
    ),
    Partition(
        ("dkr.ecr.{region}.c2s.ic.gov",),
        {"us-iso-east-1": "US ISO East", "us-iso-west-1": "US ISO West"},
    ),
    Partition(
        ("dkr.ecr.{region}.sc2s.sgov.gov",),
        {"us-isob-east-1": "US ISOB East (Ohio)", "us-isob-west-1": "US ISOB West"},
    ),
    Partition(("dkr.ecr.{region}.cloud.adc-e.uk",), {"eu-isoe-west-1": "EU ISOE West"}),
    Partition(
        ("dkr.ecr.{region}.csp.hci.ic.gov",),
        {"us-isof-east-1": "US ISOF East", "us-isof-south-1": "US ISOF South"},
    ),
)

_BY_REGION = {region: partition for partition in PARTITIONS for region in partition.regions}

# The host templates of all private registries.
PRIVATE_HOSTS = tuple(host for partition in PARTITIONS for host in partition.hosts)


def region_choices() -> tuple[tuple[str, str], ...]:
    """Return the code and the display name of every region."""
    return tuple(
        (region, f"{region} · {name}")
        for partition in PARTITIONS
        for region, name in partition.regions.items()
    )


def clean_region(text: str) -> str:
    """Clean the code of a region that has ECR. Raises Invalid."""
    code = text.lower()
    if code not in _BY_REGION:
        raise Invalid("unknown_region", _("Enter the code of an AWS region, such as eu-west-1."))
    return code


def private_hosts(region: str) -> re.Pattern[str] | None:
    """Return a pattern for the hosts of a region's private registries; use it with `fullmatch`.

    None if there is no such region.
    """
    partition = _BY_REGION.get(region)
    if partition is None:
        return None
    endings = (re.escape(ending.replace("{region}", region)) for ending in partition.endings)
    return re.compile(rf"{LABELS['account']}\.(?:{'|'.join(endings)})", re.ASCII)
