"""The Link header: where an answer says that the next page is.

Source: RFC 8288, section 3, and what registries send besides: targets without angle brackets, links
without a relation. Clients differ in what they take: containers/image looks at no relation,
go-containerregistry and oras-go take the first link whatever it is. Here everything is read that
has one meaning, and everything else is an error: a list that ends where a link could not be read
would look complete.
"""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from registries.client.urls import Url

# `<target>`, or a target that has lost one of its brackets or both and ends where parameters begin.
_TARGET = re.compile(r"<([^<>]*)>|<?([^<>;]*)>?")
_PARAMETER = re.compile(
    r"""\s*;\s*([^\s=;,"]*)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)(?:"|$)|([^\s;,"]*)))?""", re.DOTALL
)
_END = re.compile(r"\s*(?:,[\s,]*|$)")


def next_targets(lines: Iterable[str]) -> list[str]:
    """The targets of the links to the next page, in an answer's Link lines; empty for none.

    A link without a relation is one as well, where no other says that it is. Raises ValueError
    for a line that cannot be read.
    """
    links = [link for line in lines for link in _links(line)]
    following = [target for target, relations in links if "next" in relations]
    return following or [target for target, relations in links if not relations]


def _links(line: str) -> Iterator[tuple[str, frozenset[str]]]:
    """The links of one line: each target, and its relations in lower case."""
    line = line.strip(" \t,")
    position = 0
    while position < len(line):
        part = _TARGET.match(line, position)
        target = (part[1] or part[2] or "").strip() if part else ""
        relations: set[str] = set()
        while part and (parameter := _PARAMETER.match(line, part.end())):
            part = parameter
            if parameter[1].lower() == "rel":
                value = parameter[2] or (parameter[3] or "").strip("'")
                if not value.isascii():
                    raise ValueError("a relation that cannot be read")
                # Between several stand spaces; some servers put commas.
                relations.update(value.lower().replace(",", " ").split())
        end = _END.match(line, part.end()) if part else None
        if end is None:
            raise ValueError("a link that cannot be read")
        position = end.end()
        yield target, frozenset(relations)


def following(target: str, page: str) -> str:
    """The address of the page that `target` names, on the page at `page`: only its query is taken.

    The query says where the list goes on; the rest is often wrong. Quay links to its public name,
    servers behind a proxy that ends TLS to http, Artifactory without its prefix
    (renovatebot/renovate#15080), Nexus to `/repository/NAME/v2/…`, which its connector does not
    serve (sonatype/nexus-public#1011). So nothing that a link names is ever called: the next page
    is asked where this one came from, and credentials stay there.
    Raises ValueError for a target that names no page.
    """
    link = urlsplit(target)
    if link.scheme not in {"", "http", "https"} or not link.query:
        raise ValueError("a link to no page")
    own = Url.parse(page)
    return str(Url.parse(f"{own.origin}{own.target.partition('?')[0]}?{link.query}"))
