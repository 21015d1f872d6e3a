"""Listing 5,000 tags: `services.list_tags` and others, in one answer and in pages."""

import json
import random
from collections import defaultdict
from collections.abc import Mapping

from tests.bench import table
from tests.bench.clients import is_here
from tests.bench.process import Figures, Job, Process
from tests.bench.registry import MANY, running
from tests.bench.size import size
from tests.fakes.server import FakeServer, Reply, Request

TAGS = size(5000, 5)
PAGE = size(1000, 2)
# Calls of one process, after one that is not measured: it fetches the token.
CALLS = size(20, 1)
FLOOR = "bare requests"
CLIENTS = {
    "list_tags": "ours",
    FLOOR: "bare",
    "python-dxf": "python_dxf",
    "oras-py": "oras_py",
    "skopeo list-tags": "skopeo",
}


def run(rounds: int) -> None:
    with running() as registry:
        registry.fill_tags(TAGS)
        title = f"{TAGS} tags of docker-registry, which gives them in one answer"
        measure(title, CLIENTS, registry.job(0), rounds)
    with FakeServer(paged) as server:
        title = f"{TAGS} tags of a server that gives {PAGE} on a page"
        measure(title, CLIENTS, Job(server.origin, repository=MANY), rounds)


def paged(request: Request) -> Reply:
    """A page of the tags and a link to the next; the ping is answered as well."""
    first = int(request.query.get("last", ["0"])[0])
    tags = [f"1.{number}" for number in range(first, min(first + PAGE, TAGS))]
    headers = {"Content-Type": "application/json"}
    if first + PAGE < TAGS:
        headers["Link"] = f'<{request.path}?n={PAGE}&last={first + PAGE}>; rel="next"'
    return Reply(200, json.dumps({"name": MANY, "tags": tags}).encode(), headers)


def measure(title: str, clients: Mapping[str, str], job: Job, rounds: int) -> None:
    """Let every client list the tags, several times in each round, and print what it took."""
    clients = {name: client for name, client in clients.items() if is_here(client)}
    samples: dict[str, list[Figures]] = defaultdict(list)
    for _ in range(rounds):
        for name in random.sample(list(clients), len(clients)):
            with Process(clients[name], job) as process:
                process.run("tags")
                for _ in range(CALLS):
                    figures = process.run("tags")
                    if len(set(figures.answer)) != TAGS:
                        raise ValueError(f"{name} found {len(set(figures.answer))} tags")
                    samples[name].append(figures)
    walls = {name: [figures.wall for figures in samples[name]] for name in clients}
    cpus = {name: [figures.cpu for figures in samples[name]] for name in clients}
    table.show(
        title,
        ("client", "wall ms", "ratio", "CPU ms", "ratio", "MB"),
        [
            (
                name,
                table.milliseconds(walls[name]),
                table.ratio(walls[name], walls[FLOOR]),
                table.milliseconds(cpus[name]),
                table.ratio(cpus[name], cpus[FLOOR]),
                table.whole(figures.rss for figures in samples[name]),
            )
            for name in clients
        ],
    )
