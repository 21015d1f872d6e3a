"""The facts of every kind: one module for each, found by its name.

`facts/SLUG.py` holds all that the tests know of a kind: a sample, what it must answer, and the
fakes of its registry.
"""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from tests.kinds.facts.base import Facts

FACTS: dict[str, Facts] = {
    module.name: import_module(f"{__name__}.{module.name}").FACTS
    for module in iter_modules([str(Path(__file__).parent)])
    if module.name != "base"
}
