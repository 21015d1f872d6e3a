"""Kinds that a site brings: `REGISTRIES["KINDS"]`."""

import json

from tests import forking
from tests.fakes.server import FakeServer, Reply, Request

DIGEST = "sha256:" + "a" * 64
LEFT_OUT = [
    ("unmarked", "its mark is missing: the static file registries/marks/unmarked.svg"),
    ("hub", "another kind is called 'hub'"),
    ("unnamed", "another kind is called 'acme'"),
    ("unnamed", "it needs a label and a summary"),
    ("no_kind", "it is no Kind"),
    (
        "missing",
        (
            'it cannot be imported (Module "tests.acme.kinds" does not define a "missing"'
            " attribute/class)"
        ),
    ),
]


def registry(request: Request) -> Reply:
    """Knows ann's token, and one image."""
    if request.basic != ("ann", "fake-token"):
        return Reply(401, b"{}", {"WWW-Authenticate": 'Basic realm="acme"'})
    if request.path == "/v2/team/app/manifests/1":
        media_type = "application/vnd.oci.image.manifest.v1+json"
        return Reply(200, b"", {"Docker-Content-Digest": DIGEST, "Content-Type": media_type})
    return Reply(200, b"{}", {"Docker-Distribution-Api-Version": "registry/2.0"})


def test_a_kind_of_another_package_is_as_good_as_ours() -> None:
    """Chosen, filled in, checked, resolved and documented; what cannot be used is left out."""
    with FakeServer(registry) as server:
        returned, output = forking.run(["tests/acme/site.py", server.origin], {})
    assert returned == 0, output
    assert json.loads(output) == {
        "errors": [
            f"REGISTRIES['KINDS']: tests.acme.kinds.{name} is left out: {fault}."
            for name, fault in LEFT_OUT
        ],
        "chooser": True,
        "form": 200,
        "incomplete": 200,
        "added": 302,
        "list": 1,
        "kinds": "acme",
        "documented": True,
        "filtered": 1,
        "resolved": "acme",
        "check": "valid",
        "digest": DIGEST,
    }
