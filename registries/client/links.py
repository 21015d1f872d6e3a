"""Parser for the Link header, which says where the next page of a list is.

Source: RFC 8288, section 3. Some registries also send targets without angle brackets and links
without a relation. Clients differ in what they accept: containers/image ignores relations,
go-containerregistry and oras-go take the first link whatever it is. This parser accepts everything
that has only one meaning and raises an error for everything else, because a list that ends at a
link that could not be read would look complete.
"""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from registries.client.urls import Url

# `<target>`, or a target with one bracket or none, which ends where the parameters start.
_TARGET = re.compile(r"<([^<>]*)>|<?([^<>;]*)>?")
_PARAMETER = re.compile(
    r"""\s*;\s*([^\s=;,"]*)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)(?:"|$)|([^\s;,"]*)))?""", re.DOTALL
)
_END = re.compile(r"\s*(?:,[\s,]*|$)")


def next_targets(lines: Iterable[str]) -> list[str]:
    """Return the targets of the links to the next page in the Link lines of a response.

    If no link has the relation `next`, those without any relation count. Raises ValueError for a
    line that cannot be parsed.
    """
    links = [link for line in lines for link in _links(line)]
    following = [target for target, relations in links if "next" in relations]
    return following or [target for target, relations in links if not relations]


def _links(line: str) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the links of one line: each target, and its relations in lower case."""
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
                    raise ValueError("the relation of a link cannot be parsed")
                # Several relations are separated by spaces; some servers use commas.
                relations.update(value.lower().replace(",", " ").split())
        end = _END.match(line, part.end()) if part else None
        if end is None:
            raise ValueError("a link cannot be parsed")
        position = end.end()
        yield target, frozenset(relations)


def following(target: str, page: str) -> str:
    """Return the URL of the next page: the URL `page` with the query of `target`.

    Only the query says where the list continues; the rest of a target is often wrong. Quay links
    to its public name, servers behind a proxy that terminates TLS link to http, Artifactory omits
    its prefix (renovatebot/renovate#15080), and Nexus links to `/repository/NAME/v2/…`, which its
    connector does not serve (sonatype/nexus-public#1011). The next page is always requested from
    the server that sent this one, so credentials never go anywhere else.
    Raises ValueError for a target that names no page.
    """
    link = urlsplit(target)
    if link.scheme not in {"", "http", "https"} or not link.query:
        raise ValueError("a link does not lead to a page")
    own = Url.parse(page)
    return str(Url.parse(f"{own.origin}{own.target.partition('?')[0]}?{link.query}"))
