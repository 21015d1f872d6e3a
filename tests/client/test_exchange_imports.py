"""What a fresh process loads, and what it logs the first time."""

import os
import subprocess
import sys

LOADED = """
import sys
import registries.client.client, registries.client.exchange, registries.client.transport
heavy = {"boto3", "botocore", "google.auth", "msal", "django"}
print(sorted(heavy & set(sys.modules)))
"""

LOGGED = """
import base64, json, logging, sys

logging.basicConfig(level=logging.DEBUG, stream=sys.stdout)
from registries.client.deadline import Deadline
from registries.client.exchange import exchange
from registries.credentials import AwsKeys
from tests.client.transports import transport
from tests.fakes.server import FakeServer, Reply

logging.debug("the log works")
token = base64.b64encode(b"AWS:canary-password").decode()
data = {"authorizationToken": token, "expiresAt": 2_000_000_000}
with FakeServer(lambda _: Reply(200, json.dumps({"authorizationData": [data]}).encode())) as api:
    over = transport(endpoints={"https://api.ecr.eu-west-1.amazonaws.com": api.origin})
    keys = AwsKeys("eu-west-1", "AKIAEXAMPLE", "canary-secret")
    exchange(keys, registry=None, transport=over, deadline=Deadline(10))
    print("signature:", api.requests[0].authorization.rpartition("=")[2])
"""


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_client_loads_no_sdk() -> None:
    """An SDK costs its price only in the process that first signs in with it."""
    assert run(LOADED).strip() == "[]"


def test_first_use_logs_no_secret() -> None:
    """#22: botocore makes loggers as it goes, the first time; they are hushed as well."""
    log, _, signature = run(LOGGED).partition("signature: ")
    assert "the log works" in log
    assert signature.strip()
    for secret in ("canary", "QVdTO", "AWS4-HMAC", signature.strip()):
        assert secret not in log
