"""What is said of Google Container Registry and Artifact Registry."""

from registries.credentials import Anonymous, GoogleServiceAccount
from registries.endpoint import Endpoint, Proof
from tests.fakes.clouds import Google
from tests.kinds.facts.base import Case, Facts, together
from tests.kinds.samples import SAMPLES
from tests.pem import pem

ACCOUNT = ("clientemail", "privatekey")
GOOGLE = GoogleServiceAccount(SAMPLES["clientemail"], SAMPLES["privatekey"])


def endpoint(host: str) -> Endpoint:
    return Endpoint(
        url=f"https://{host}", proof=Proof.EXCHANGE, fixed_realm=True, guests_by_image=True
    )


FACTS = Facts(
    sample={"clientemail": "reader@example.iam.gserviceaccount.com", "privatekey": pem()},
    variables={"clientemail", "privatekey"},
    errors=lambda provided: together(provided, "clientemail", "privatekey"),
    credentials=[
        ((), "gcr.io", "", Anonymous()),
        (ACCOUNT, "gcr.io", "", GOOGLE),
        (ACCOUNT, None, "", GOOGLE),
        (ACCOUNT, "us-docker.pkg.dev", "", GOOGLE),
        (ACCOUNT, "mirror.gcr.io", "", Anonymous()),
        (ACCOUNT, "mirror.gcr.io", "mirror.gcr.io", Anonymous()),
        *(
            (ACCOUNT, host, "", credential)
            for host, credential in (
                ("us-mirror.gcr.io", Anonymous()),
                ("eu-mirror.gcr.io", Anonymous()),
                ("asia-mirror.gcr.io", Anonymous()),
                ("marketplace.gcr.io", GOOGLE),
                ("docker.us-east1.rep.pkg.dev", GOOGLE),
            )
        ),
    ],
    endpoints=[
        ({}, None, endpoint("gcr.io")),
        ({}, "eu.gcr.io", endpoint("eu.gcr.io")),
    ],
    hosts=[
        ("gcr.io", {}),
        ("us.gcr.io", {}),
        ("eu.gcr.io", {}),
        ("asia.gcr.io", {}),
        ("mirror.gcr.io", {}),
        ("asia-mirror.gcr.io", {}),
        ("marketplace.gcr.io", {}),
        ("staging-k8s.gcr.io", {}),
        ("k8s.gcr.io", {}),
        ("beta.gcr.io", {}),
        ("l.gcr.io", {}),
        ("europe-docker.pkg.dev", {}),
        ("us-central1-docker.pkg.dev", {}),
        ("northamerica-northeast2-docker.pkg.dev", {}),
        ("docker.europe-west4.rep.pkg.dev", {}),
        ("docker.me-central2.rep.pkg.dev", {}),
        ("docker.us.rep.pkg.dev", {}),
    ],
    look_alikes=[
        "evilgcr.io",
        "x.gcrxio",
        "us.gcr.io.evil.com",
        "us-gcr.io",
        "us.evil.gcr.io",
        ".gcr.io",
        "-.gcr.io",
        "marketplace.gcr.io.evil.com",
        "marketplacexgcr.io",
        "docker.rep.pkg.dev",
        "docker.us.evil.rep.pkg.dev",
        "docker.us.rep.pkg.dev.evil.com",
        "docker.us.repxpkg.dev",
        "dockerxus.rep.pkg.dev",
        "evil.docker.us.rep.pkg.dev",
        "npm.us.rep.pkg.dev",
        "-docker.pkg.dev",
        "docker.pkg.dev",
        "evil.us-docker.pkg.dev",
        "us-docker.pkg.dev.evil.com",
        "us-docker-pkg.dev",
        "us--docker.pkg.dev",
        "a-b-c-docker.pkg.dev",
    ],
    home="gcr.io",
    registries={
        "gcr": Case("gcr", Google, ACCOUNT),
    },
)
