"""The digests of many images: `services.get_digests` and others, with and without tokens."""

import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.bench import table
from tests.bench.clients import is_here
from tests.bench.process import Figures, Process
from tests.bench.registry import Filled, Seen, running
from tests.bench.size import size

IMAGES = size(200, 2)
# For who takes a process each.
FEW = size(20, 1)
PHASES = ("cold", "warm")


@dataclass(frozen=True)
class Variant:
    """A client and its options.

    images: how many it is asked for; where it takes a process each they are fewer, and its
    seconds are scaled. It has no warm phase then.
    """

    client: str
    method: str = "digests"
    options: Mapping[str, Any] = field(default_factory=dict)
    images: int = IMAGES

    @property
    def phases(self) -> tuple[str, ...]:
        return PHASES if self.images == IMAGES else PHASES[:1]


FLOOR = "bare requests, one by one"
OURS = {
    "get_digests": Variant("ours"),
    FLOOR: Variant("bare"),
}
MANY = {
    **OURS,
    "bare requests, 8 threads, no environment": Variant(
        "bare", options={"threads": 8, "trust_env": False}
    ),
    f"skopeo inspect, a process each (of {FEW})": Variant("skopeo", images=FEW),
    "python-dxf, one session": Variant("python_dxf"),
    "oras-py": Variant("oras_py"),
}
SINGLES = {
    "get_digest, one after another": Variant("ours", "singles"),
    "get_digest, 8 threads": Variant("ours", "singles", {"threads": 8}),
    FLOOR: Variant("bare"),
    "bare requests, 8 threads": Variant("bare", options={"threads": 8}),
}

Sample = tuple[Figures, Seen]


def run(rounds: int) -> None:
    with running() as registry:
        registry.fill(IMAGES)
        measure(f"Digests of {IMAGES} images", MANY, registry, rounds)
        measure(f"Digests of {IMAGES} images, one call each", SINGLES, registry, rounds)
        registry.tokens.first_scope_only = True
        title = f"Digests of {IMAGES} images, the token server grants the first scope only"
        measure(title, OURS, registry, rounds)


def measure(title: str, variants: Mapping[str, Variant], registry: Filled, rounds: int) -> None:
    """Let every variant find the digests, once in each round, and print what it took."""
    variants = {name: variant for name, variant in variants.items() if is_here(variant.client)}
    samples: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    for _ in range(rounds):
        for name in random.sample(list(variants), len(variants)):
            variant = variants[name]
            job = registry.job(variant.images)
            with Process(variant.client, job, **variant.options) as process:
                for phase in variant.phases:
                    before = registry.seen()
                    figures = process.run(variant.method)
                    if figures.answer != registry.expected[: variant.images]:
                        raise ValueError(f"{name} found other digests")
                    samples[name, phase].append((figures, registry.seen() - before))
    for phase in PHASES:
        measured = {name: samples[name, phase] for name in variants if samples[name, phase]}
        show(f"{title}, {phase}", variants, measured)


def show(title: str, variants: Mapping[str, Variant], samples: Mapping[str, list[Sample]]) -> None:
    scales = {name: IMAGES / variants[name].images for name in samples}
    walls = {n: [figures.wall * scales[n] for figures, _ in of] for n, of in samples.items()}
    cpus = {n: [figures.cpu * scales[n] for figures, _ in of] for n, of in samples.items()}
    table.show(
        title,
        (
            *("client", "wall s", "ratio", "CPU s", "ratio", "requests an image"),
            *("token requests", "with several scopes", "connections", "MB"),
        ),
        [
            (
                name,
                table.seconds(walls[name]),
                table.ratio(walls[name], walls[FLOOR]),
                table.seconds(cpus[name]),
                table.ratio(cpus[name], cpus[FLOOR]),
                table.number(seen.requests / variants[name].images for _, seen in of),
                table.whole(seen.tokens for _, seen in of),
                table.whole(seen.several for _, seen in of),
                table.whole(seen.connections + seen.token_connections for _, seen in of),
                table.whole(figures.rss for figures, _ in of),
            )
            for name, of in samples.items()
        ],
    )
