"""CA certificates: what people paste, what is stored, and what connections trust."""

import json
import ssl
from hashlib import sha256

import pytest
import trustme
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from registries import conf, row_client, services
from registries.api import serializers
from registries.client.deadline import Deadline
from registries.models import Registry
from registries.models.certificates import (
    LONGEST,
    InvalidCertificate,
    described,
    normalized,
    read,
)
from tests.factories import PEM, build, create
from tests.fakes.server import FakeServer, Reply, Request

ONE, TWO = (trustme.CA().cert_pem.bytes().decode().strip() for _ in range(2))
LINES = ONE.splitlines()

# Ways in which one certificate is pasted.
WRITTEN = {
    "as it is": ONE,
    "Windows": ONE.replace("\n", "\r\n") + "\r\n",
    "a comment in another language": f"# Prüfstelle für Bücher, 日本\n{ONE}\n# Ende\n",
    "openssl x509 -text": f"Certificate:\n    Issuer: O = Größe\n\n{ONE}",
    "JSON": json.dumps(ONE),
    "JSON of Windows": json.dumps(ONE.replace("\n", "\r\n")),
    "JSON of PHP": json.dumps(ONE).replace("/", "\\/"),
    "an environment file": f'CA="{ONE}"'.replace("\n", "\\n"),
    "YAML": "ca: |\n" + "".join(f"      {line}\n" for line in LINES),
    "tabs": "".join(f"\t{line}\t\n" for line in LINES),
    "one line": " ".join(LINES),
    "long lines": "\n".join((LINES[0], "".join(LINES[1:-1]), LINES[-1])),
    "the older label": ONE.replace("CERTIFICATE", "X509 CERTIFICATE"),
    "twice": f"{ONE}\n{ONE}",
    "a byte order mark": f"\ufeff{ONE}",
}


@pytest.mark.parametrize("how", WRITTEN)
def test_what_is_stored_is_what_ssl_reads(how: str) -> None:
    """However it is written: the certificate alone, as `ssl` writes and reads it."""
    stored = read(WRITTEN[how])
    assert stored == ONE == read(stored)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=stored)
    assert context.get_ca_certs(binary_form=True) == [ssl.PEM_cert_to_DER_cert(ONE)]
    # Nor does it count as another authority, which would ask for the secrets again.
    assert normalized(WRITTEN[how].replace(f"{ONE}\n{ONE}", ONE)) == normalized(ONE)


def test_several_are_kept_in_their_order() -> None:
    assert read(f"# ä\n{TWO}\n\nzwei:\n{ONE}") == f"{TWO}\n{ONE}"
    assert normalized(f"{TWO}\n{ONE}") != normalized(TWO) != normalized("") == ""


CANARY = "c4n4ry"


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("junk", "not a PEM"),
        (CANARY, "not a PEM"),
        (ONE.replace("CERTIFICATE", "CERTIFICATE REQUEST"), "not a PEM"),
        (ONE.replace("CERTIFICATE", "PKCS7"), "not a PEM"),
        (PEM, "private key"),
        (f"{ONE}\n{PEM}", "private key"),
        (PEM.replace("PRIVATE KEY", "RSA PRIVATE KEY"), "private key"),
        (LINES[0], "cannot be read"),
        (ONE.removesuffix(LINES[-1]), "cannot be read"),
        (f"{ONE}\n{LINES[0]}", "cannot be read"),
        (f"{LINES[0]}\n{ONE}", "cannot be read"),
        (f"{LINES[0]}\n{LINES[-1]}", "cannot be read"),
        (f"{LINES[0]}\n{CANARY}\n{LINES[-1]}", "cannot be read"),
        (f"{LINES[0]}\nAAAA\n{LINES[-1]}", "cannot be read"),
        (ONE.replace(LINES[2], LINES[2][:-4]), "cannot be read"),
        (ONE.replace(LINES[2], LINES[2][:-1] + "ä"), "cannot be read"),
        ("\n".join((*LINES[:-2], LINES[-1])), "cannot be read"),
        (f"# {'x' * LONGEST}\n{ONE}", "64 kB"),
        ("\ud800" * (LONGEST + 1), "64 kB"),
    ],
)
def test_what_is_no_certificate_is_told(text: str, output: str) -> None:
    """Each way to be wrong has its sentence, which does not repeat the text."""
    with pytest.raises(InvalidCertificate, match=output) as caught:
        read(text)
    assert CANARY not in str(caught.value)
    assert caught.value.__context__ is None


def test_what_ssl_may_read_otherwise_counts_whole() -> None:
    """A block that only another parser understands never hides behind one that both do."""
    hidden = TWO.replace("-----\n", "-----\nA-Header: x\n\n", 1)
    assert normalized(f"{ONE}\n{hidden}") != normalized(ONE)
    assert normalized("junk") == "junk"


def ping(request: Request) -> Reply:
    return Reply(200, b"{}", {"Docker-Distribution-API-Version": "registry/2.0"})


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["a comment in another language", "JSON", "YAML", "one line"])
def test_the_form_takes_it_and_the_connection_trusts_it(admin_client: Client, how: str) -> None:
    """From what is typed to a TLS connection, over a real socket."""
    ca = trustme.CA()
    pem = ca.cert_pem.bytes().decode().strip()
    typed = WRITTEN[how].replace(ONE, pem)
    for old, new in zip(LINES, pem.splitlines(), strict=True):
        typed = typed.replace(old, new)
    with FakeServer(ping, ca) as server:
        form = {"name": "Mine", "url": server.origin}
        address = "/backstage/registries/registry/add/?kind=custom"
        admin_client.post(address, {**form, "ca_certificate": typed})
        row = Registry.objects.get(name="Mine")
        assert row.ca_certificate == pem
        assert services.check(row).verdict == "anonymous"
        other = create("custom", url=server.origin, ca_certificate=TWO)
        assert services.check(other).verdict == "unreachable"


@pytest.mark.django_db
def test_a_long_text_is_refused_with_one_sentence() -> None:
    """#101: rows and connections hold at most 64 kB of what somebody pasted."""
    row = build("custom", ca_certificate=f"{ONE}\n" * 200)
    with pytest.raises(ValidationError) as caught:
        row.full_clean()
    assert caught.value.message_dict == {
        "ca_certificate": ["This is longer than 64 kB. Paste only your own CA certificate."]
    }


@pytest.mark.django_db
def test_lists_read_no_certificates(admin_client: Client) -> None:
    """#101: neither the admin's list nor the API's, whatever the rows hold; actions read them."""
    for _each in range(3):
        create("custom", ca_certificate=ONE)
    for address in ("/backstage/registries/registry/", "/backstage/registries/registry/?o=1"):
        with CaptureQueriesContext(connection) as captured:
            admin_client.get(address)
        queries = [query["sql"] for query in captured if "name_key" in query["sql"]]
        assert queries
        assert not [sql for sql in queries if "ca_certificate" in sql]
    assert "ca_certificate" not in str(serializers.columns(Registry.objects.all()).query)


@pytest.mark.django_db
def test_connections_are_shared_by_what_they_trust() -> None:
    """#101: rows that trust the same share connections; few are kept, told apart by a hash."""
    row_client._transport.cache_clear()
    rows = [build("custom", ca_certificate=pem) for pem in (ONE, f"{ONE}", TWO, "")]
    rows += [build("custom", ca_certificate=pem, verify_tls=False) for pem in (ONE, TWO, "")]
    for row in rows:
        row_client._client(row, None, conf.get(), Deadline(1))
    info = row_client._transport.cache_info()
    # Whoever verifies nobody trusts no certificate in particular.
    assert (info.currsize, info.maxsize) == (4, 64)
    assert ONE not in repr(row_client._Authority.of(rows[0]))


def test_certificates_are_named_for_the_audit() -> None:
    """Each by its fingerprint and subject; of many the others in one fingerprint."""
    pems = [trustme.CA().cert_pem.bytes().decode() for _ in range(5)]
    hashes = [sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest() for pem in pems]
    several = described("".join(pems[:3])).split("; ")
    assert [item.split()[1] for item in several] == hashes[:3]
    assert all("O=trustme" in item for item in several)
    many = described("".join(pems))
    assert all(item in many for item in hashes[:3])
    assert "; +2 (all: SHA-256 " in many
    assert many != described("".join([*pems[:4], pems[0]]))
    assert len(many) < 600
    for nonsense in ("", "nonsense", PEM.replace("M", "!")):
        assert described(nonsense) == ""
