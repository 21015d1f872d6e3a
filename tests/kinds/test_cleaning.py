"""Cleaning: what each variable takes, drops and refuses."""

import json
from base64 import b64encode, encodebytes

import pytest

from registries.kinds import KINDS, Kind
from registries.kinds.cleaning import split_auth
from registries.kinds.problem import Invalid, Problem
from tests.kinds.samples import SAMPLES

PEM = SAMPLES["privatekey"]
CANARY = "c4n4ry-never-shown"


def clean(slug: str, **raw: str) -> tuple[dict[str, str], list[Problem]]:
    return KINDS[slug].clean(raw)


def code(slug: str, name: str, value: str) -> str | None:
    """The code of the problem with a value, None where there is none."""
    problems = KINDS[slug].clean({name: value})[1]
    assert all(problem.variable == name for problem in problems)
    return problems[0].code if problems else None


def encoded(text: str | bytes) -> str:
    return b64encode(text.encode() if isinstance(text, str) else text).decode()


AUTHS = [slug for slug, kind in KINDS.items() if "auth" in kind.by_name]
PASSWORDS = [slug for slug, kind in KINDS.items() if "password" in kind.by_name]
OPAQUE = [
    (slug, variable.name)
    for slug, kind in KINDS.items()
    for variable in kind.variables
    if variable.secret and variable.name not in {"auth", "privatekey"}
]


def test_opaque_secrets() -> None:
    """Every other secret is any text; white space around it is dropped, but of a password."""
    for slug, name in OPAQUE:
        for text in ("x", "spaces inside", "pä$$wörd", "a:b", "\U0001f511", "%s{}", "gAAAAABm"):
            around = "" if name == "password" else " \t"
            cleaned, problems = KINDS[slug].clean({name: f"{around}{text}\r\n"})
            assert (cleaned, problems) == ({name: text}, [])


@pytest.mark.parametrize("text", [" x", "x ", "  x  ", "\u00a0x", "x\u3000", " x: y "])
def test_a_password_keeps_its_spaces(text: str) -> None:
    """Exactly as it was given, but for one line break at its end; it is remarked upon."""
    for slug in PASSWORDS:
        for end in ("", "\n", "\r\n", "\r"):
            assert clean(slug, password=text + end) == ({"password": text}, [])
        assert KINDS[slug].notices({"password": text}) == [
            "The password starts or ends with a space, which was kept. Check that it belongs there."
        ]


@pytest.mark.parametrize("unseen", ["\ufeff", "\u200b", "\u200e", "\u2060", " \u202a\u00a0"])
def test_what_nobody_sees_around_a_value(unseen: str) -> None:
    """Web pages and editors leave it around what is copied: a right token was called wrong for it.

    A password keeps it, as it keeps its spaces, and is remarked upon.
    """
    assert clean("ghcr", token=f"{unseen}ghp_x{unseen}\n") == ({"token": "ghp_x"}, [])
    assert clean("ghcr", username=f"{unseen}me") == ({"username": "me"}, [])
    assert clean("custom", auth=f"{unseen}dTpw{unseen}") == ({"auth": "dTpw"}, [])
    assert clean("custom", password=unseen) == ({}, [])
    (value,) = clean("custom", password=f"x{unseen}")[0].values()
    assert value == f"x{unseen}"
    assert len(KINDS["custom"].notices({"password": value})) == 1


def test_other_white_space_of_a_password_is_refused() -> None:
    """What cannot be sent is never left out without a word."""
    for slug in PASSWORDS:
        for text in ("\nx", "x\n\n", "x\n\r", "\tx", "x\t", "x \n "):
            assert code(slug, "password", text) == "control_character", text


KEY = json.dumps({"type": "service_account", "private_key": "x\ny"}, indent=2)
DEEP = "{\n" * 999


def test_a_password_may_be_a_key_file() -> None:
    """A JSON object may have several lines; what only looks like one may not."""
    for slug in PASSWORDS:
        for key in (KEY, KEY.replace("\n", "\r\n\t"), f"\n{KEY}"):
            assert clean(slug, password=key) == ({"password": key}, [])
            assert clean(slug, password=f"{key}\n") == ({"password": key}, [])
        for text in (
            f"{KEY}\n\n",
            KEY[:-1],
            f"[{KEY}\n]",
            f"{KEY}x",
            KEY.replace("\n", "\0"),
            DEEP,
        ):
            assert code(slug, "password", text) == "control_character"


def test_control_characters() -> None:
    """#45: what could split a header or cannot be sent is refused."""
    for slug, name in OPAQUE:
        for bad in ("\0", "\n", "\r\n", "\t", "\x1b", "\x7f", "\x85", "\ud800"):
            assert code(slug, name, f"{CANARY}{bad}x") == "control_character", bad


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_blank_is_not_set(kind: Kind) -> None:
    """White space alone is nothing, for every variable."""
    blanks = {name: blank for name in kind.by_name for blank in ("", " ", "\t\r\n", "\u00a0")}
    assert kind.clean(blanks) == ({}, [])


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_lengths(kind: Kind) -> None:
    """The longest value that is stored is known; one that is longer is refused as it comes in."""
    for variable in kind.variables:
        problems = kind.clean({variable.name: "a" * (variable.max_length + 1)})[1]
        assert [problem.code for problem in problems] == ["too_long"]
        assert str(variable.max_length) in str(problems[0])
        at_limit = kind.clean({variable.name: "a" * variable.max_length})[1]
        assert [problem.code for problem in at_limit] != ["too_long"]


def test_user_names() -> None:
    """#45: a colon would move the password's beginning; other names are free."""
    names = {"hub": "login", "custom": "login", "ghcr": "username", "acr": "clientid"}
    for slug, name in [*names.items(), ("quay", "namespace"), ("quay", "account")]:
        assert code(slug, name, "reader:secret") == "colon"
        assert code(slug, name, "rea\nder") == "control_character"
        assert code(slug, name, "rea\ud800der") == "control_character"
        assert code(slug, name, "jürgen@example.com") is None


def test_robot_names() -> None:
    """A robot's whole name is told apart from its halves."""
    for name in ("namespace", "account"):
        assert code("quay", name, "acme+reader") == "plus"
        assert code("quay", name, "acme_reader") is None


HASHES = ["$2y$05$abcdefghijklmnopqrstuv", "$2b$12$x", "$2a$10$x", "$apr1$salt$x", "$5$x", "$6$x"]
HASHES += ["{SHA}x="]


def test_auth() -> None:
    """Docker's auth: padding is optional, line breaks of base64 tools do not matter."""
    for slug in AUTHS:
        pair = "am9obmRvZToyYzFiZDg3Mi1lZmI2LTRmM2EtODFhYS03MjQ1MThhMGE1OTI="
        for text in (pair, pair.rstrip("="), f" {pair}\n"):
            assert clean(slug, auth=text) == ({"auth": text.strip()}, [])
        assert clean(slug, auth=f"{pair[:20]}\n{pair[20:]}") == ({"auth": pair}, [])
        for login_password in ("a:b", "a:b:c", "a: ", "jürgen:pä$$", "a:b\0\0"):
            assert code(slug, "auth", encoded(login_password)) is None


def test_the_password_in_an_auth_string_keeps_its_spaces() -> None:
    """What docker would send is what is sent."""
    assert split_auth(encoded("reader: not a secret ")) == ("reader", " not a secret ")
    assert clean("hub", auth=encoded("a: b ")) == ({"auth": encoded("a: b ")}, [])


BASE64_KEY = b64encode(KEY.encode() * 3)


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("_json_key", KEY),
        ("_json_key", f"{KEY}\n"),
        ("json_key", KEY.replace("\n", "\r\n")),
        ("_json_key_base64", encodebytes(BASE64_KEY).decode()),
    ],
)
def test_an_auth_string_may_hold_a_key_file(login: str, password: str) -> None:
    """As docker's file has it after `docker login --password-stdin < key.json`."""
    for slug in PASSWORDS:
        text = encoded(f"{login}:{password}")
        assert clean(slug, auth=text) == ({"auth": text}, [])
        assert split_auth(text) == (login, password)


# What is wrong with an auth string, as it is written or before it is encoded.
NOT_BASE64 = ["not base64!", "reader:secret", "a", "cmVhZA===cmVhZA", "\uff39\uff37\uff2a\uff4a"]
NOT_BASE64 += ["cmVhZGVyOm5vdC1hLXNlY3JldA-_"]
WRONG: dict[str, list[str | bytes]] = {
    "not_utf8": ["reader:pässword".encode("latin-1"), "jürgen:x".encode("latin-1")],
    "utf16": ["reader:secret".encode(f"utf-16{order}") for order in ("", "-le", "-be")],
    "byte_order_mark": ["\ufeffreader:secret"],
    "no_colon": ["readersecret", "\0\0"],
    "no_password": ["reader:", "reader:\0"],
    "no_login": [":secret", ":"],
    "line_break": ["reader:secret\n", "reader:secret\r\n", "reader:\n"],
    "control_character": [
        *("reader:sec\nret", "reader:sec\nret\n", "reader:secret\t", "rea\nder:secret"),
        *(f"rea\nder:{KEY}", f"_json_key:{KEY[:-1]}", "_json_key_base64:a\0b"),
    ],
    "hashed": [f"reader:{hashed}" for hashed in HASHES],
}


def test_auth_refused() -> None:
    """Each way to be wrong is told apart: what is missing, and what the tool added or lacked.

    Bytes that are no UTF-8 were called `not_base64` and a missing side `no_colon`, which sent
    people looking at the wrong place.
    """
    typed = {"not_base64": NOT_BASE64, "hashed": [f"reader:{hashed}" for hashed in HASHES]}
    for slug in AUTHS:
        for expected, texts in typed.items():
            assert {code(slug, "auth", text) for text in texts} == {expected}
        for expected, pairs in WRONG.items():
            assert {code(slug, "auth", encoded(pair)) for pair in pairs} == {expected}


def test_auth_messages_differ() -> None:
    """The three ways to be wrong have three messages, and none repeats what was typed."""
    wrong = [CANARY, encoded(CANARY.replace("-", "")), f"{CANARY}:$2y$05${CANARY}"]
    messages = {str(clean("custom", auth=text)[1][0]) for text in wrong}
    assert len(messages) == len(wrong)
    assert not any(CANARY in message for message in messages)


def test_private_key() -> None:
    """A key is stored as PEM, however its line breaks were pasted; the older form is one too."""
    for end in ("\n", "\\n", "\r\n", "\\r\\n", " "):
        assert clean("gcr", privatekey=PEM.replace("\n", end)) == ({"privatekey": PEM}, []), end
    for text in (PEM.strip(), f'"{PEM}"'.replace("\n", "\\n")):
        assert clean("gcr", privatekey=text) == ({"privatekey": PEM}, [])
    assert code("gcr", "privatekey", PEM.replace("PRIVATE", "RSA PRIVATE")) is None


@pytest.mark.parametrize(
    "text",
    [
        CANARY,
        PEM.replace("-----END PRIVATE KEY-----", ""),
        PEM.replace("BEGIN PRIVATE", "BEGIN RSA PRIVATE"),
        PEM.replace("PRIVATE", "ENCRYPTED PRIVATE"),
        PEM.replace("PRIVATE KEY", "CERTIFICATE"),
        "-----BEGIN PRIVATE KEY-----\n \n-----END PRIVATE KEY-----",
        PEM.replace("bm90", "bm90\0"),
        PEM.replace("bm90", "Proc-Type: 4,ENCRYPTED\n\nbm90"),
        PEM + PEM,
        PEM.replace("bm90", "\ud800"),
    ],
)
def test_private_key_refused(text: str) -> None:
    """What is no single unencrypted key is refused."""
    assert code("gcr", "privatekey", text) == "not_pem"


def key_file(**changes: object) -> str:
    data = {
        "type": "service_account",
        "project_id": "example",
        "private_key": PEM,
        "client_email": SAMPLES["clientemail"],
        "token_uri": "https://evil.example/token",
    }
    return json.dumps({**data, **changes}, indent=2)


def test_key_file_fills_both() -> None:
    """#49: a whole Google key file fills both variables; no address of it is kept, nor anything."""
    both = {"clientemail": SAMPLES["clientemail"], "privatekey": PEM}
    assert clean("gcr", privatekey=key_file()) == (both, [])
    assert clean("gcr", privatekey=f"\n{key_file()}\n", clientemail="old@example.com") == (both, [])


@pytest.mark.parametrize(
    "text",
    [
        key_file(type="external_account", credential_source={"file": "/etc/passwd"}),
        key_file(type="authorized_user"),
        key_file(type=None),
        key_file(type=["service_account"]),
        key_file(private_key=None),
        key_file(private_key=""),
        key_file(client_email=7),
        key_file()[:-1],
        "{}",
        "{" * 9000,
        '{"type":' * 1500,
        '{"type":' + "1" * 5000 + "}",
        '{"type": NaN}',
    ],
)
def test_other_files_refused(text: str) -> None:
    """#49: files that name addresses, or local files to read, are refused, as is broken JSON."""
    assert code("gcr", "privatekey", text) == "not_a_service_account"


def test_key_file_is_cleaned_as_well() -> None:
    """What a key file holds is checked like what is typed."""
    text = key_file(private_key=CANARY, client_email="nobody")
    problems = clean("gcr", privatekey=text)[1]
    assert {problem.variable for problem in problems} == {"clientemail", "privatekey"}


GUID = "ABCDEF00-8888-7777-6666-555555555555"


@pytest.mark.parametrize(
    ("slug", "name", "texts"),
    [
        # A tenant is a GUID or a domain name, in lower case.
        ("acr", "tenantid", [GUID, GUID.lower(), "Contoso.OnMicrosoft.com"]),
        # An access key's id is letters, digits and underscores.
        ("ecr", "accesskey", ["AKIAEXAMPLEEXAMPLE00", "testing", "akia_1"]),
    ],
)
def test_accepted(slug: str, name: str, texts: list[str]) -> None:
    for text in texts:
        assert clean(slug, **{name: text}) == (
            {name: text.lower() if name == "tenantid" else text},
            [],
        )


@pytest.mark.parametrize(
    ("slug", "name", "texts"),
    [
        # What could change the address of the sign-in.
        ("acr", "tenantid", ["common", "organizations", "127.0.0.1", GUID[:-1], "9" * 36]),
        ("acr", "tenantid", ["contoso.com/../evil", "contoso.com@evil.com", "contoso.com?x"]),
        ("acr", "tenantid", ["contoso..com", "a" * 255, "a." * 127]),
        # A secret that was pasted as the id.
        ("ecr", "accesskey", ["AKIA/EXAMPLE", "AKIA EXAMPLE", "AKIA\nX", "ÄKIA", "AKIA+="]),
        ("gcr", "clientemail", ["nobody", "a b@example.com", "a@b@c", "a@\0", "@example.com"]),
    ],
)
def test_refused(slug: str, name: str, texts: list[str]) -> None:
    """#50: what is none is refused."""
    for text in texts:
        assert code(slug, name, text) == "invalid", text


# Refused for every variable, whatever it is.
REFUSED_BY_ALL = [f"{CANARY}\n:+@", f"{CANARY}\ud800", CANARY * 1000, f"https://{CANARY}\0@/"]


@pytest.mark.parametrize("bad", [*REFUSED_BY_ALL, f'{{"type": "{CANARY}'])
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_no_message_repeats_a_value(kind: Kind, bad: str) -> None:
    """#17, #21: nothing that is wrong with a value lets the value out."""
    for variable in kind.variables:
        problems = kind.clean({variable.name: bad})[1]
        assert problems or bad not in REFUSED_BY_ALL, variable.name
        assert not any(CANARY in f"{problem} {problem!r}" for problem in problems)


@pytest.mark.parametrize(
    ("slug", "name", "bad"),
    [
        ("hub", "auth", encoded(f"{CANARY}\xff:\n")),
        ("hub", "auth", encoded(f"{CANARY}:{{{CANARY}\n}}")),
        ("hub", "password", f"{{{CANARY}\n}}"),
        ("hub", "auth", encoded(CANARY.encode() + b"\xff")),
        ("hub", "auth", f"{CANARY}!"),
        ("hub", "password", f"{CANARY}\ud800"),
        ("gcr", "privatekey", f"{{{CANARY}"),
        ("gcr", "privatekey", CANARY),
        ("acr", "tenantid", CANARY),
        ("custom", "url", f"http://[{CANARY}"),
    ],
)
def test_no_error_carries_a_value(slug: str, name: str, bad: str) -> None:
    """#20: an error drags no other along that holds the value, as those of codecs and JSON do."""
    variable = KINDS[slug].by_name[name]
    with pytest.raises(Invalid) as caught:
        variable.cleaned(variable.expand(bad).get(name, bad))
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
