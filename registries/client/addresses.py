"""Which addresses may be called, and the one place where names become addresses."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from registries.client.deadline import Deadline

Address = IPv4Address | IPv6Address

# Our own lists: what the standard library calls private or global changes between its versions.
_NEVER = [
    ip_network(network)
    for network in (
        "0.0.0.0/8",  # this host
        "169.254.0.0/16",  # link-local; the metadata service of most clouds
        "100.100.100.200/32",  # metadata: Alibaba Cloud
        "168.63.129.16/32",  # metadata: Azure
        "192.0.0.192/32",  # metadata: Oracle Cloud
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
        "::/128",
        "fe80::/10",  # link-local
        "fd00:ec2::/32",  # metadata, names and time: AWS
        "fd20:ce::254/128",  # metadata: Google Cloud
        "ff00::/8",  # multicast
    )
]
_PRIVATE = [
    ip_network(network)
    for network in (
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "::1/128",
        "fc00::/7",
        "fec0::/10",
    )
]
# IPv6 addresses whose last 32 bits are an IPv4 one: NAT64, compatible, translated.
_EMBEDDING = [
    ip_network(network)
    for network in ("64:ff9b::/96", "64:ff9b:1::/48", "::/96", "::ffff:0:0:0/96")
]


def permitted(address: str, *, private: bool) -> bool:
    """Whether `address`, an IP address as the resolver writes it, may be called.

    Metadata, link-local, unspecified and multicast addresses never; private and loopback ones
    where `private` is set. Every IPv4 address that an IPv6 one stands for is judged as well.
    """
    refused = _NEVER if private else _NEVER + _PRIVATE
    # ::1 lies in ::/96 and must not be read as an IPv4 address.
    return not any(
        one.version == network.version and one in network
        for one in _readings(ip_address(address))
        for network in refused
    )


def _readings(address: Address) -> Iterator[Address]:
    yield address
    if not isinstance(address, IPv6Address):
        return
    if address.ipv4_mapped:
        yield address.ipv4_mapped
    if address.sixtofour:
        yield address.sixtofour
    if address.teredo:
        yield from address.teredo
    if int(address) > 1 and any(address in network for network in _EMBEDDING):
        yield IPv4Address(int(address) & 0xFFFFFFFF)


def resolve(host: str, deadline: Deadline) -> list[str]:
    """The IP addresses of `host`, in the resolver's order, without repetition.

    Raises OSError (`socket.gaierror`) for an unknown name, TimeoutError when the deadline ends
    first: the resolver has no time-out of its own, so it is left behind in its thread.
    """
    found: list[str] = []

    def look_up() -> None:
        with suppress(OSError, UnicodeError):
            answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            found.extend(dict.fromkeys(str(answer[4][0]) for answer in answers))

    thread = threading.Thread(target=look_up, name="registries-resolve", daemon=True)
    thread.start()
    thread.join(deadline.left())
    if found:
        return list(found)
    raise TimeoutError if thread.is_alive() else socket.gaierror
