"""Amazon Elastic Container Registry: private registries of one region, and public.ecr.aws."""

from collections.abc import Mapping

from registries.credentials import Anonymous, AwsKeys, Credential
from registries.endpoint import Endpoint, Proof
from registries.kinds import cleaning
from registries.kinds.base import HowTo, Kind, Link, Lookup, Method, Values, Variable
from registries.kinds.regions import PRIVATE_HOSTS, clean_region, private_hosts, region_choices
from registries.kinds.shared import ANONYMOUS_DEFAULT, SECRET_LENGTH
from registries.text import gettext_noop as _

PUBLIC = "public.ecr.aws"
# Both names are the same registry; the second one also has IPv6. Source:
# https://docs.aws.amazon.com/AmazonECR/latest/public/public-ecr-requests.html
PUBLIC_HOSTS = (PUBLIC, "ecr-public.aws.com")
# The only region that has the API of the public registry.
PUBLIC_REGION = "us-east-1"


def _row(host: str, labels: Mapping[str, str]) -> Lookup | None:
    if host in PUBLIC_HOSTS:
        return {"is_default": True}
    pattern = private_hosts(labels["region"])
    return {"region": labels["region"]} if pattern and pattern.fullmatch(host) else None


def _home(values: Values) -> str | None:
    return None if "accesskey" in values else PUBLIC


def _credential(values: Values, host: str | None, prefix: str) -> Credential:
    if "accesskey" not in values:
        return Anonymous()
    keys = values["accesskey"], values["secretaccesskey"]
    if host not in PUBLIC_HOSTS:
        return AwsKeys(values["region"], *keys)
    if prefix.partition("/")[0] not in PUBLIC_HOSTS:
        return Anonymous()
    return AwsKeys(PUBLIC_REGION, *keys, service="ecr-public")


def _endpoint(values: Values, host: str | None) -> Endpoint:
    return Endpoint(
        url=f"https://{host}" if host else None,
        fixed_realm=True,
        proof=Proof.EXCHANGE,
        # These statuses mean an expired token: https://github.com/flipt-io/flipt/issues/3043 and
        # https://github.com/aws/containers-roadmap/issues/2835
        renew_on=frozenset({400 if host in PUBLIC_HOSTS else 403}),
        hosts=private_hosts(values["region"]) if "region" in values else None,
    )


def _no_temporary_key(accesskey: str) -> str | None:
    if not accesskey.startswith("ASIA"):
        return None
    return _("This temporary key needs a session token. Enter a key that begins with AKIA.")


ecr = Kind(
    slug="ecr",
    label=_("Amazon Elastic Container Registry"),
    summary=_("Region and an access key, or nothing for public images"),
    hosts=(*PRIVATE_HOSTS, *PUBLIC_HOSTS),
    row=_row,
    variables=(
        Variable(
            name="region",
            label=_("Region"),
            help=_("The AWS region of the private registries."),
            required=True,
            address=True,
            clean=clean_region,
            choices=region_choices,
        ),
        Variable(
            name="accesskey",
            label=_("Access key ID"),
            help=_("Of an IAM user; it begins with AKIA."),
            required=True,
            cannot_work=_no_temporary_key,
            clean=cleaning.matching(
                r"[A-Za-z0-9_]+", _("An access key ID is letters and digits, such as AKIA….")
            ),
            pattern=r"^[A-Za-z0-9_]+$",
        ),
        Variable(
            name="secretaccesskey",
            label=_("Secret access key"),
            help=_("AWS shows it once, when the key is created."),
            required=True,
            secret=True,
            max_length=SECRET_LENGTH,
            clean=cleaning.opaque,
        ),
    ),
    methods=(
        Method("keys", _("Access key"), ("region", "accesskey", "secretaccesskey")),
        ANONYMOUS_DEFAULT,
    ),
    howto=HowTo(
        _("Create an access key"),
        (
            _(
                "In the [AWS console](https://console.aws.amazon.com/iam/), open **IAM**, then"
                " **Users**, and create a user for this site."
            ),
            _("Give it no console access: it only reads images."),
            _("Attach the policy **AmazonEC2ContainerRegistryReadOnly**, or one that allows more."),
            _("Open the user's **Security credentials** and choose **Create access key**."),
            _("Copy the access key ID and the secret access key, which is shown only once."),
        ),
        (
            _("One key reads every private registry that its user may read in this region."),
            _("Temporary keys, which begin with ASIA, need a session token and do not work here."),
            _(
                "To sign in to public.ecr.aws, set that as the prefix and allow the user"
                " ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken."
            ),
        ),
        (
            Link(
                _("AWS: manage access keys"),
                "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html",
            ),
            Link(
                _("AWS: the policy AmazonEC2ContainerRegistryReadOnly"),
                "https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEC2ContainerRegistryReadOnly.html",
            ),
        ),
    ),
    home=_home,
    credential=_credential,
    endpoint=_endpoint,
    default_name=_("Amazon ECR Public"),
    prefix_example="123456789012.dkr.ecr.eu-west-1.amazonaws.com/acme",
    exchanged_by="secretaccesskey",
    exchanged_hours=12,
)
