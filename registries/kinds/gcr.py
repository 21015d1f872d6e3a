"""Google Artifact Registry, which serves gcr.io as well: a service account's key."""

from registries.credentials import Anonymous, Credential, GoogleServiceAccount
from registries.endpoint import Endpoint, Proof
from registries.kinds import cleaning
from registries.kinds.base import HowTo, Kind, Link, Method, Values, Variable, home_at
from registries.kinds.rules import Together
from registries.kinds.shared import ANONYMOUS
from registries.text import gettext_noop as _

HOME = "gcr.io"
# Public caches of Docker Hub's images. They need no key, so they never get one.
MIRRORS = ("mirror.gcr.io", "us-mirror.gcr.io", "eu-mirror.gcr.io", "asia-mirror.gcr.io")


def _credential(values: Values, host: str | None, _prefix: str) -> Credential:
    if "privatekey" not in values or host in MIRRORS:
        return Anonymous()
    return GoogleServiceAccount(values["clientemail"], values["privatekey"])


def _endpoint(_values: Values, host: str | None) -> Endpoint:
    return Endpoint(
        url=f"https://{host or HOME}", proof=Proof.EXCHANGE, fixed_realm=True, guests_by_image=True
    )


gcr = Kind(
    slug="gcr",
    label=_("Google Container Registry / Artifact Registry"),
    summary=_("Service account key, or nothing for public images"),
    hosts=(
        HOME,
        # Every name below gcr.io is Google's: us, eu, asia, marketplace, l, k8s and others.
        "{name}.gcr.io",
        "{location}-docker.pkg.dev",
        # https://cloud.google.com/artifact-registry/docs/reference/rest, regional endpoints
        "docker.{location}.rep.pkg.dev",
    ),
    variables=(
        Variable(
            name="clientemail",
            label=_("Client e-mail"),
            help=_("client_email in the key file."),
            clean=cleaning.matching(
                r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+",
                _("Enter the service account's e-mail address."),
            ),
            pattern=r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+$",
            placeholder="reader@example-project.iam.gserviceaccount.com",
        ),
        Variable(
            name="privatekey",
            label=_("Private key"),
            help=_("private_key in the key file. Paste the whole file to fill both."),
            secret=True,
            multiline=True,
            max_length=16384,
            clean=cleaning.private_key,
            spread=cleaning.key_file,
            placeholder="-----BEGIN PRIVATE KEY-----",
        ),
    ),
    rules=(Together("clientemail", "privatekey"),),
    methods=(
        Method("key", _("Service account key"), ("clientemail", "privatekey")),
        ANONYMOUS,
    ),
    howto=HowTo(
        _("Create a service account key"),
        (
            _(
                "In the"
                " [Google Cloud console](https://console.cloud.google.com/iam-admin/serviceaccounts),"
                " open **IAM & Admin**, then **Service Accounts**."
            ),
            _("Create a service account for this site."),
            _("Give it the role **Artifact Registry Reader** on the project or repository."),
            _("Open it, then **Keys**, then **Add key**, **Create new key**, **JSON**."),
            _("Paste the whole downloaded file as the private key: it fills both values."),
        ),
        (
            _("By hand: take client_email and private_key from the file."),
            _("The key works until it is deleted. Delete the file once it is stored here."),
            _("Images on mirror.gcr.io are public and always read without the key."),
        ),
        (
            Link(
                _("Google: create service account keys"),
                "https://cloud.google.com/iam/docs/keys-create-delete",
            ),
            Link(
                _("Google: roles of Artifact Registry"),
                "https://cloud.google.com/artifact-registry/docs/access-control",
            ),
        ),
    ),
    home=home_at(HOME),
    credential=_credential,
    endpoint=_endpoint,
    default_name=_("Google Artifact Registry"),
    exchanged_by="privatekey",
    exchanged_hours=1,
    prefix_example="europe-docker.pkg.dev/acme/images",
)
