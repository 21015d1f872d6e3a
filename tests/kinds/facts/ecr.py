"""What is said of Amazon Elastic Container Registry."""

from registries.credentials import Anonymous, AwsKeys
from tests.fakes.clouds import Ecr, EcrPublic
from tests.fakes.images import PUBLIC
from tests.kinds.facts.base import SECRET, Case, Facts
from tests.kinds.samples import SAMPLES

PRIVATE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
OWN, ALIAS = "public.ecr.aws", "ecr-public.aws.com"
PAIR = ("accesskey", "secretaccesskey")
KEYS = ("region", *PAIR)
AWS = AwsKeys("eu-west-1", SAMPLES["accesskey"], SECRET)
AWS_PUBLIC = AwsKeys("us-east-1", SAMPLES["accesskey"], SECRET, service="ecr-public")
REGION = {"region": "eu-west-1"}
# Digits to careless patterns: twelve of them look like an account.
ARABIC_DIGITS = "\u0661" * 12


FACTS = Facts(
    sample={
        "region": "eu-west-1",
        "accesskey": "AKIAFAKEFAKEFAKEFAKE",
        "secretaccesskey": "fake-secret-access-key",
    },
    variables=KEYS,
    errors=lambda provided: set(KEYS) - provided,
    credentials=[
        ((), OWN, "", Anonymous()),
        ((), None, "", Anonymous()),
        (KEYS, None, "", AWS),
        (KEYS, PRIVATE, "", AWS),
        (KEYS, PRIVATE, PRIVATE, AWS),
        (KEYS, OWN, "", Anonymous()),
        (KEYS, OWN, PRIVATE, Anonymous()),
        (KEYS, OWN, OWN, AWS_PUBLIC),
        (KEYS, OWN, f"{OWN}/acme", AWS_PUBLIC),
        (KEYS, OWN, f"{OWN}.evil.com", Anonymous()),
        ((), ALIAS, "", Anonymous()),
        (KEYS, ALIAS, "", Anonymous()),
        (KEYS, ALIAS, ALIAS, AWS_PUBLIC),
        (KEYS, ALIAS, f"{ALIAS}/acme", AWS_PUBLIC),
        (KEYS, ALIAS, f"{ALIAS}.evil.com", Anonymous()),
    ],
    # Only the exchange names an account's registry: `test_ecr_endpoint`.
    endpoints=[],
    hosts=[
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", REGION),
        ("123456789012.dkr.ecr-fips.us-east-1.amazonaws.com", {"region": "us-east-1"}),
        ("123456789012.dkr-ecr.eu-west-1.on.aws", REGION),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", {"region": "cn-north-1"}),
        ("123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn", {"region": "cn-north-1"}),
        ("123456789012.dkr.ecr.us-gov-west-1.amazonaws.com", {"region": "us-gov-west-1"}),
        ("123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov", {"region": "us-isob-east-1"}),
        ("123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu", {"region": "eusc-de-east-1"}),
        ("123456789012.dkr.ecr-fips.eusc-de-east-1.amazonaws.eu", {"region": "eusc-de-east-1"}),
        (
            "123456789012.dkr-ecr.eusc-de-east-1.on.amazonwebservices.eu",
            {"region": "eusc-de-east-1"},
        ),
        (
            "123456789012.dkr-ecr-fips.eusc-de-east-1.on.amazonwebservices.eu",
            {"region": "eusc-de-east-1"},
        ),
        ("123456789012.dkr-ecr-fips.us-gov-east-1.on.aws", {"region": "us-gov-east-1"}),
        (OWN, {"is_default": True}),
        ("ecr-public.aws.com", {"is_default": True}),
    ],
    look_alikes=[
        "123456789012.dkr.ecr.evil.com",
        "x.dkr.ecr.evil.com/y.amazonaws.com",
        "x.dkr.ecr.eu-west-1.amazonaws.com",
        "12345678901.dkr.ecr.eu-west-1.amazonaws.com",
        "1234567890123.dkr.ecr.eu-west-1.amazonaws.com",
        f"{ARABIC_DIGITS}.dkr.ecr.eu-west-1.amazonaws.com",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.com",
        "evil.123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        "123456789012.dkr.ecr.xx-fake-9.amazonaws.com",
        "123456789012.dkr.ecr.eu.west-1.amazonaws.com",
        "123456789012.dkrxecr.eu-west-1.amazonaws.com",
        # A region in another partition's domain.
        "123456789012.dkr.ecr.cn-north-1.amazonaws.com",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com.cn",
        "123456789012.dkr.ecr-fips.cn-north-1.amazonaws.com.cn",
        "123456789012.dkr.ecr-fips.eu-west-1.amazonaws.eu",
        "123456789012.dkr-ecr.eu-west-1.on.amazonwebservices.eu",
        "123456789012.dkr-ecr.eusc-de-east-1.on.aws",
        "evilecr-public.aws.com",
        "ecr-public.aws.com.evil.com",
        "ecr-public.evil.aws.com",
        "evilpublic.ecr.aws",
        "public.ecr.aws.evil.com",
        "publicxecr.aws",
    ],
    home=OWN,
    registries={
        "ecr": Case("ecr", Ecr, PAIR, host=PRIVATE, fixed=(("region", "eu-west-1"),), none=None),
        "ecr public": Case(
            "ecr",
            EcrPublic,
            PAIR,
            host=OWN,
            prefix=f"{OWN}/acme",
            fixed=(("region", "eu-west-1"),),
            own=PUBLIC,
        ),
    },
)
