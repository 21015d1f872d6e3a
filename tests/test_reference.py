"""References: the table of distribution/reference, matching, prefixes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registries.reference import (
    InvalidReference,
    Reference,
    parse_prefix,
    parse_repository,
    parse_version,
    prefixes,
    without_scheme,
)

SHA256 = "sha256:" + "0123456789abcdef" * 4
SHA512 = "sha512:" + "0123456789abcdef" * 8
HEX64 = "ab" * 32
HEX64_TAG = SHA256.removeprefix("sha256:")

# Text, host, repository, tag, digest.
LEGAL = [
    ("ubuntu", "docker.io", "library/ubuntu", "latest", None),
    ("docker.io/ubuntu", "docker.io", "library/ubuntu", "latest", None),
    ("index.docker.io/ubuntu", "docker.io", "library/ubuntu", "latest", None),
    ("registry.hub.docker.com/acme/app:1", "docker.io", "acme/app", "1", None),
    ("registry.hub.docker.com/ubuntu", "docker.io", "library/ubuntu", "latest", None),
    ("registry-1.docker.io/library/ubuntu", "docker.io", "library/ubuntu", "latest", None),
    ("Registry-1.Docker.IO/ubuntu", "docker.io", "library/ubuntu", "latest", None),
    ("docker.io:443/ubuntu", "docker.io", "library/ubuntu", "latest", None),
    ("ubuntu:1", "docker.io", "library/ubuntu", "1", None),
    (f"ubuntu@{SHA256}", "docker.io", "library/ubuntu", None, SHA256),
    (f"ubuntu:1@{SHA256}", "docker.io", "library/ubuntu", "1", SHA256),
    (f"ghcr.io/a/b@{SHA512}", "ghcr.io", "a/b", None, SHA512),
    ("foo/bar", "docker.io", "foo/bar", "latest", None),
    ("myhost/foo", "docker.io", "myhost/foo", "latest", None),
    ("localhost", "docker.io", "library/localhost", "latest", None),
    ("localhost/foo", "localhost", "foo", "latest", None),
    ("localhost:5000", "docker.io", "library/localhost", "5000", None),
    ("localhost:5000/foo", "localhost:5000", "foo", "latest", None),
    ("example.com:5000", "docker.io", "library/example.com", "5000", None),
    ("example.com:5000/foo:1", "example.com:5000", "foo", "1", None),
    ("MYHOST/foo", "MYHOST", "foo", "latest", None),
    ("GHCR.IO/a/b", "GHCR.IO", "a/b", "latest", None),
    ("[::1]:5000/foo", "[::1]:5000", "foo", "latest", None),
    ("[2001:db8::1]/foo/bar:x", "[2001:db8::1]", "foo/bar", "x", None),
    ("a__b", "docker.io", "library/a__b", "latest", None),
    ("a--b", "docker.io", "library/a--b", "latest", None),
    ("x/a.b_c-d", "docker.io", "x/a.b_c-d", "latest", None),
    (f"docker.io/{HEX64}", "docker.io", f"library/{HEX64}", "latest", None),
    ("x/y:" + "t" * 128, "docker.io", "x/y", "t" * 128, None),
    ("ghcr.io/" + "a" * 255, "ghcr.io", "a" * 255, "latest", None),
]

ILLEGAL = [
    "",
    " ",
    "ubuntu ",
    "ubuntu\n",
    " ubuntu",
    "ub untu",
    "Foo",
    "foo/Bar",
    "gcr.io/Foo/bar",
    "https://ghcr.io/a/b",
    "ubuntu:",
    "ubuntu@",
    "ubuntu/",
    "/ubuntu",
    "ghcr.io/",
    "a//b",
    "ghcr.io//b",
    "a___b",
    "a..b",
    "a-",
    "-a",
    "a._b",
    "::1/foo",
    "[::1/foo",
    "[::1%25eth0]/foo",
    "[fe80::1%25eth0]/foo",
    "[:::]/foo",
    HEX64,
    SHA256,
    SHA512,
    f"ubuntu@md5:{HEX64[:32]}",
    f"ubuntu@{SHA256.upper()}",
    f"ubuntu@{SHA256[:-1]}",
    f"ubuntu@{SHA256}0",
    f"ubuntu@{SHA256}@{SHA256}",
    "my_host:5000/x",
    "foo_bar.com/x",
    "a.b_c-d/e",
    "-a.com/x",
    "ghcr.io./x",
    "ghcr..io/x",
    "ghcr.io:/x",
    "ghcr.io:x/y",
    "x/y:" + "t" * 129,
    "x/y:-t",
    "x/y:a/b",
    "ghcr.io/" + "a" * 256,
    "a" * 249,  # with library/ in front it is longer than a path may be
    "../../admin",
    "ghcr.io/../x",
    "ghcr.io/a%2fb",
    "ghcr.io/a?b",
    "ghcr.io/ä",
    "ghcr.io/a:\u0661",  # an Arabic digit is a digit only to careless patterns
    "①.io/a",
    "user@ghcr.io/a",
    "ghcr.io\\evil.com/a",
    "\0",
]


@pytest.mark.parametrize(("text", "host", "repository", "tag", "digest"), LEGAL)
def test_legal(text: str, host: str, repository: str, tag: str | None, digest: str | None) -> None:
    """What docker pull understands is understood alike, and written so that it is read again."""
    reference = Reference.parse(text)
    assert reference == Reference(host, repository, tag, digest)
    assert Reference.parse(str(reference)) == reference


@pytest.mark.parametrize("text", ILLEGAL)
def test_illegal(text: str) -> None:
    """#46: what is no reference is refused, in words that do not repeat it."""
    with pytest.raises(InvalidReference) as caught:
        Reference.parse(text)
    assert isinstance(caught.value, ValueError)
    assert len(str(caught.value)) > 20
    if len(text) > 3:
        assert text not in str(caught.value)


@pytest.mark.parametrize("text", [HEX64, SHA256, SHA512, f"docker://{SHA256}"])
def test_an_id_is_told_to_be_one(text: str) -> None:
    """`sha256:…` was read as a tag of docker.io/library/sha256, which nobody means."""
    with pytest.raises(InvalidReference, match="This is the ID of an image"):
        Reference.from_pasted(text)
    assert Reference.parse(f"docker.io/library/{SHA256}").tag == HEX64_TAG


# What people copy from a browser, from Helm and Flux, and from skopeo.
PASTED = [
    ("https://ghcr.io/a/b", "ghcr.io/a/b"),
    ("https://ghcr.io/a/b/", "ghcr.io/a/b"),
    ("HTTPS://GHCR.IO/a/b:1", "GHCR.IO/a/b:1"),
    ("http://localhost:5000/a", "localhost:5000/a"),
    ("https://MYHOST/foo", "MYHOST/foo"),
    (f"oci://ghcr.io/acme/chart:1@{SHA256}", f"ghcr.io/acme/chart:1@{SHA256}"),
    ("docker://nginx", "nginx"),
    ("docker://team/app:1", "team/app:1"),
    ("docker://quay.io/a/b", "quay.io/a/b"),
    # They look like pages, and are none.
    ("https://ghcr.io/v2/tags", "ghcr.io/v2/tags"),
    ("quay.io/repository/app", "quay.io/repository/app"),
]


@pytest.mark.parametrize(("text", "plain"), [*PASTED, *((row[0], row[0]) for row in LEGAL)])
def test_what_is_pasted(text: str, plain: str) -> None:
    """The scheme in front is left out where people type; the grammar itself knows none."""
    assert Reference.from_pasted(text) == Reference.parse(plain)
    if text != plain:
        with pytest.raises(InvalidReference):
            Reference.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        *(text for text in ILLEGAL if not text.startswith("https:")),
        "https://",
        "https://nginx",
        "https://team/app",  # not Docker Hub's team/app
        "oci://team/app",
        "https://ghcr.io",
        "https://ghcr.io/",
        "https://index.docker.io/v1/",
        "docker://",
        "docker://https://ghcr.io/a",
        "https://ghcr.io/a?b",
        "https://user@ghcr.io/a",
        "ftp://ghcr.io/a",
        "ghcr.io/https://a",
    ],
)
def test_what_is_pasted_and_no_name(text: str) -> None:
    """#46: a scheme makes nothing legal that is not, and no image one of Docker Hub's."""
    with pytest.raises(InvalidReference) as caught:
        Reference.from_pasted(text)
    if len(text) > 8:
        assert text not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "https://hub.docker.com/_/nginx",
        "https://hub.docker.com/r/grafana/grafana/tags",
        "hub.docker.com/r/grafana/grafana",
        "https://www.hub.docker.com",
        "https://quay.io/repository/prometheus/node-exporter?tab=tags",
        "https://registry-1.docker.io/v2/library/nginx/manifests/latest",
        "http://localhost:5000/v2/acme/app/tags/list?n=2",
    ],
)
def test_the_address_of_a_page_is_no_image(text: str) -> None:
    """Some were taken for images of a registry that nobody has, such as hub.docker.com."""
    with pytest.raises(InvalidReference, match="the address of a web page"):
        Reference.from_pasted(text)


@pytest.mark.parametrize("text", ["a" * 10**6, "a-" * 10**6, "[" + ":" * 10**6, "a." * 10**6])
def test_length_comes_first(text: str) -> None:
    """A megabyte is refused for its length, before any pattern sees it."""
    for parse in (Reference.parse, parse_prefix, parse_repository, parse_version):
        with pytest.raises(InvalidReference, match="too long"):
            parse(text)


@given(st.text(alphabet="aZ0.-_:/@[]% \n", max_size=40))
def test_whatever_is_read_is_read_again(text: str) -> None:
    """Nothing but InvalidReference escapes, and the canonical form is a fixed point."""
    try:
        reference = Reference.parse(text)
    except InvalidReference:
        return
    assert Reference.parse(str(reference)) == reference
    assert reference.repository == parse_repository(reference.repository)


def test_match_host() -> None:
    """Hosts are kept as written and compared in lower case."""
    reference = Reference.parse("GHCR.IO/a/b")
    assert (reference.host, reference.match_host) == ("GHCR.IO", "ghcr.io")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nginx", ["docker.io", "docker.io/library", "docker.io/library/nginx"]),
        ("GHCR.io/acme/app:1", ["ghcr.io", "ghcr.io/acme", "ghcr.io/acme/app"]),
        ("reg:5000/a", ["reg:5000", "reg:5000/a"]),
        ("ghcr.io:443/a", ["ghcr.io:443", "ghcr.io", "ghcr.io:443/a", "ghcr.io/a"]),
        ("reg:80/a", ["reg:80", "reg", "reg:80/a", "reg/a"]),
    ],
)
def test_prefixes(text: str, expected: list[str]) -> None:
    """An image is under its host and under each path that ends at a slash."""
    assert prefixes(Reference.parse(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ghcr.io", "ghcr.io"),
        ("ghcr.io/", "ghcr.io"),
        (" GHCR.io/acme ", "ghcr.io/acme"),
        ("ghcr.io/acme/", "ghcr.io/acme"),
        ("ghcr.io:443/acme", "ghcr.io/acme"),
        ("index.docker.io/acme", "docker.io/acme"),
        ("Registry-1.docker.io", "docker.io"),
        ("docker.io/nginx", "docker.io/nginx"),
        ("localhost:5000/a/b", "localhost:5000/a/b"),
        ("[::1]:5000", "[::1]:5000"),
        (
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        ),
    ],
)
def test_prefix(text: str, expected: str) -> None:
    """A prefix is a host with or without path components, normalised once and for all."""
    assert parse_prefix(text) == expected
    assert parse_prefix(expected) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "acme",
        "acme/app",
        "https://ghcr.io/acme",
        "ghcr.io/acme/app:1",
        f"ghcr.io/acme@{SHA256}",
        "ghcr.io//acme",
        "ghcr.io/acme//",
        "ghcr.io/Acme",
        "ghcr.io:x",
        "my_host:5000",
        "ghcr.io\n/x",
        "*.ghcr.io",
        "ghcr.io/a" + "a" * 255,
    ],
)
def test_prefix_refused(text: str) -> None:
    """A prefix without a host, or with a tag, digest or scheme, is refused with a reason."""
    with pytest.raises(InvalidReference):
        parse_prefix(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://ghcr.io/acme/", "ghcr.io/acme"),
        ("oci://ghcr.io/acme", "ghcr.io/acme"),
        ("docker://quay.io", "quay.io"),
        ("https://index.docker.io/v1/", "docker.io"),
        ("http://[::1]:5000/v2", "[::1]:5000"),
    ],
)
def test_a_pasted_prefix(text: str, expected: str) -> None:
    """Where people type it, a prefix may have a scheme in front; what is stored has none."""
    assert parse_prefix(without_scheme(text)) == expected


def test_prefix_matches_at_slashes_only() -> None:
    """An image beside a prefix is not under it."""
    prefix = parse_prefix("ghcr.io/acme")
    assert prefix in prefixes(Reference.parse("ghcr.io/acme/app"))
    assert prefix not in prefixes(Reference.parse("ghcr.io/acme-evil/app"))


@pytest.mark.parametrize("text", ["library/nginx", "a", "a/b/c/d", "a" * 255])
def test_repository(text: str) -> None:
    """A bare path is taken as it is."""
    assert parse_repository(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/a",
        "a/",
        "a//b",
        "A",
        "a:1",
        f"a@{SHA256}",
        "../a",
        "a?n=1",
        "a\n",
        "a" * 256,
        "docker://a",
    ],
)
def test_repository_refused(text: str) -> None:
    """#46: a path that could leave its place in a URL is refused."""
    with pytest.raises(InvalidReference):
        parse_repository(text)


@pytest.mark.parametrize("text", ["latest", "v1.0_2-x", SHA256, SHA512, "t" * 128])
def test_version(text: str) -> None:
    """A tag or digest is taken as it is."""
    assert parse_version(text) == text


@pytest.mark.parametrize(
    "text", ["", "a/b", "-a", ".a", "a b", "a\n", "t" * 129, "md5:abc", SHA256.upper(), "sha256:ab"]
)
def test_version_refused(text: str) -> None:
    """What is neither tag nor digest is refused."""
    with pytest.raises(InvalidReference):
        parse_version(text)
