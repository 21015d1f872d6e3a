"""The versions that the app supports: `make matrix` tests all for which this machine has a Python.

`nox --list` names the corners, and `nox --session "matrix(python=3.13, django=6.0)"` runs one of
them.
"""

import shutil

import nox

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
DJANGOS = ("5.2", "6.0", "6.1")
# Django 6.0 and later need Python 3.12.
CORNERS = [
    nox.param(python, django, id=f"python={python}, django={django}")
    for python in PYTHONS
    for django in DJANGOS
    if python != "3.11" or django == "5.2"
]

nox.needs_version = ">=2025.2"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_missing_interpreters = False


@nox.session
@nox.parametrize(("python", "django"), CORNERS)
def matrix(session: nox.Session, django: str) -> None:
    """Run the tests with one version of Python and of Django, and the newest of everything else."""
    session.install("--editable", ".[site,test]", f"django~={django}.0")
    session.run("python", "-m", "django", "--version")
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session(name="types", default=False)
@nox.parametrize("stubs", [[], ["django-stubs"]], ids=["untyped Django", "django-stubs"])
def foreign_types(session: nox.Session, stubs: list[str]) -> None:
    """Read tests/packaging/consumer.py as a foreign site does, with mypy and pyright."""
    session.install(".", "mypy", "pyright[nodejs]", *stubs)
    consumer = shutil.copy("tests/packaging/consumer.py", session.create_tmp())
    session.chdir(session.create_tmp())
    session.run("mypy", "--strict", consumer)
    session.run("pyright", consumer)
