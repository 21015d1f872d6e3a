"""The documentation says what the code does."""

import ast
import base64
import re
import secrets
from collections.abc import Callable
from hashlib import sha256

import pytest
from cryptography.fernet import Fernet

from registries import conf
from registries.kinds import KINDS
from registries.system_checks import SAMPLES
from registries.verdicts import Verdict
from ssmsite import env
from tests.pages import DOCS, MEANINGS, PAGES
from tests.pem import pem
from tests.test_conf import GOOD

ROOT = DOCS.parent
TEXTS = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]


@pytest.mark.parametrize("page", PAGES)
def test_pages_made_from_the_code_are_up_to_date(page: str) -> None:
    assert (DOCS / page).read_text(encoding="utf-8") == PAGES[page](), "run: make docs"


def test_every_verdict_is_explained() -> None:
    assert set(MEANINGS) == set(Verdict)


# What real ones look like; a private key has more lines than any example here.
KEYS = re.compile(
    r"AKIA[A-Z0-9]{16}\b|gh[pousr]_\w{36}|github_pat_\w{22}|glpat-[\w-]{20}|dckr_[po]at_[\w-]{20}"
    r"|\bAIza[\w-]{35}|-----BEGIN (?:RSA |EC |OPENSSH )?PRIVATE KEY-----\s+(?:[\w+/=]{60,}\s+){3}"
    r"|\bgAAAAA[\w-]{90}|(?<![\w+/-])[\w+/-]{43}=(?![\w=])"
)
FAKE = re.compile(r"EXAMPLE|FAKE|RIGHT|WRONG|OTHER|(.)\1{20}")


def key_shaped(text: str) -> list[str]:
    matches = (match[0] for match in KEYS.finditer(text))
    harmless = (FAKE.search, is_words, is_public, GOOD.__eq__)
    return [key for key in matches if not any(is_one(key) for is_one in harmless)]


def is_words(key: str) -> bool:
    """Whether it is plain text in base64, as the keys of tests are."""
    return key.endswith("=") and base64.urlsafe_b64decode(key).isascii()


def is_public(key: str) -> bool:
    """Whether it is one of the samples that `check` reports wherever they are used."""
    return key.endswith("=") and sha256(base64.urlsafe_b64decode(key)).hexdigest() in SAMPLES


def test_nothing_in_the_project_looks_like_a_key() -> None:
    """#29b: code, tests, pages, translations and fixtures."""
    folders = ("registries", "ssmsite", "templates", "tests", "docs", "locale")
    paths = [path for name in folders for path in (ROOT / name).rglob("*")]
    files = [path for path in [*paths, *ROOT.glob("*")] if path.is_file()]
    texts = [path for path in files if path.parent.name != "__pycache__"]
    assert len(texts) > 200
    text = {path: key_shaped(path.read_text("utf-8", errors="replace")) for path in texts}
    assert not {path.name: keys for path, keys in text.items() if keys}


@pytest.mark.parametrize(
    "make",
    [
        lambda: "AKIA" + secrets.token_hex(8).upper(),
        lambda: "ghp_" + secrets.token_hex(18),
        lambda: "glpat-" + secrets.token_hex(10),
        lambda: "dckr_pat_" + secrets.token_hex(14),
        lambda: Fernet.generate_key().decode(),
        lambda: Fernet(Fernet.generate_key()).encrypt(b"x").decode(),
        pem,
    ],
    ids=["aws", "github", "gitlab", "docker", "fernet", "sealed", "pem"],
)
def test_what_looks_like_a_key_is_found(make: Callable[[], str]) -> None:
    assert key_shaped(f'KEY = "{make()}"')


def test_links_to_files_lead_somewhere() -> None:
    for text in TEXTS:
        matches = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text.read_text(encoding="utf-8"))
        for target in matches:
            assert (text.parent / target).exists(), f"{target} in {text.name}"


def test_error_trackers_are_told_the_name_of_every_secret() -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^SECRETS = \[(.*)\]$", page, re.MULTILINE)
    names = {v.name for kind in KINDS.values() for v in kind.variables if v.secret}
    assert line == ", ".join(f'"{name}"' for name in sorted(names))


def rows(section: str) -> dict[str, str]:
    """The names of the table below a heading of docs/settings.md, with the last column."""
    page = (DOCS / "settings.md").read_text(encoding="utf-8")
    table = page.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| `(\w+)…?` \|.*\|(.*)\|$", table, re.MULTILINE))


def test_every_setting_of_the_app_is_listed_with_its_default() -> None:
    listed = rows("Settings of the app")
    assert listed.keys() == conf.READERS.keys()
    for name, default in listed.items():
        value = conf.READERS[name](ast.literal_eval(default.split("`")[1]))
        assert value == getattr(conf.Conf(), name.lower()), name


def test_every_environment_variable_of_the_site_is_listed() -> None:
    code = "".join(path.read_text("utf-8") for path in sorted((ROOT / "ssmsite").glob("*.py")))
    read = set(re.findall(r"\b(?:text|flag|items|environ\.get)\(\"([A-Z_]+)\"", code))
    assert len(read) > 8
    listed = set(rows("Environment variables of the ready-to-run site"))
    assert listed == read | {env.PREFIX, conf.ENV_PREFIX}
