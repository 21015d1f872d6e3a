"""Which addresses may be called, and the one place where names become addresses."""

import os
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
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
        "::/128",
        # NAT64 of one's own network (RFC 8215). Which IPv4 address such an address stands for
        # depends on the network's own prefix length, so nobody else can judge it.
        "64:ff9b:1::/48",
        "fe80::/10",  # link-local; metadata: OpenStack and Hetzner, at fe80::a9fe:a9fe
        "ff00::/8",  # multicast
    )
]
# What hands a machine's identity to whoever asks on that machine, by its address outside of the
# link-local networks, and who says so.
METADATA = {
    # https://www.alibabacloud.com/help/en/ecs/user-guide/view-instance-metadata
    "100.100.100.200/32": "Alibaba Cloud",
    # canonical/cloud-init, tests/unittests/net/test_ephemeral.py
    "fd00:100::100:200/128": "Alibaba Cloud",
    # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html (::254)
    # and https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html (::23)
    "fd00:ec2::/32": "AWS, with its names and time",
    # https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
    "168.63.129.16/32": "Azure",
    # https://metal.equinix.com/developers/docs/server-metadata/metadata/
    "192.80.8.124/32": "Equinix Metal",
    # https://cloud.google.com/compute/docs/metadata/querying-metadata
    "fd20:ce::254/128": "Google Cloud",
    # canonical/cloud-init, cloudinit/sources/DataSourceAkamai.py
    "fd00:a9fe:a9fe::1/128": "Akamai (Linode)",
    # https://gist.github.com/BuffaloWill/fa96693af67e3a3dd3fb, "Oracle Cloud"
    "192.0.0.192/32": "Oracle Cloud Classic",
    # canonical/cloud-init, cloudinit/sources/DataSourceOracle.py
    "fd00:c1::a9fe:a9fe/128": "Oracle Cloud",
    # canonical/cloud-init, cloudinit/sources/DataSourceScaleway.py; by IPv4 it is link-local
    "fd00:42::42/128": "Scaleway",
    # Dolibarr/dolibarr, htdocs/core/lib/geturl.lib.php; the newer one is link-local
    "100.88.222.5/32": "Tencent Cloud",
    # https://docs.ucloud.cn/uhost/guide/metadata/metadata-server
    "100.80.80.80/32": "UCloud",
    # volcengine/cello, pkg/provider/credential
    "100.96.0.96/32": "Volcano Engine",
}
_NEVER += map(ip_network, METADATA)
# The names of these services, for where somebody else resolves them: a proxy.
METADATA_NAMES = frozenset(
    {
        "instance-data",  # AWS; also with .ec2.internal
        "instance-data.ec2.internal",
        "metadata",  # Google Cloud
        "metadata.goog",
        "metadata.google.internal",
        "metadata.packet.net",  # Equinix Metal
        "metadata.platformequinix.com",
        "metadata.tencentyun.com",
        "api.metadata.cloud.ibm.com",
    }
)
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
_EMBEDDING = [ip_network(network) for network in ("64:ff9b::/96", "::/96", "::ffff:0:0:0/96")]


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


class _Lookup(threading.Thread):
    """One name being resolved; the resolver has no time-out, so the thread may be left behind."""

    def __init__(self, host: str) -> None:
        super().__init__(name="registries-resolve", daemon=True)
        self._host = host
        self.addresses: list[str] = []

    def run(self) -> None:
        try:
            with suppress(OSError, UnicodeError):
                answers = socket.getaddrinfo(self._host, None, type=socket.SOCK_STREAM)
                self.addresses = list(dict.fromkeys(str(answer[4][0]) for answer in answers))
        finally:
            with _changed:
                del _running[self._host]
                _changed.notify_all()


# What is being looked up: each name once, so that a resolver that hangs holds LOOKUPS threads.
LOOKUPS = 16
_running: dict[str, _Lookup] = {}
_changed = threading.Condition()


def _forget() -> None:
    """A child that was forked has none of its parent's threads."""
    global _changed  # noqa: PLW0603 - another thread of the parent may have held it
    _running.clear()
    _changed = threading.Condition()


os.register_at_fork(after_in_child=_forget)


def resolve(host: str, deadline: Deadline) -> list[str]:
    """The IP addresses of `host`, in the resolver's order, without repetition.

    Raises OSError (`socket.gaierror`) for an unknown name, TimeoutError when the deadline ends
    first, or while LOOKUPS other names hang.
    """
    with _changed:
        while (lookup := _running.get(host)) is None and len(_running) >= LOOKUPS:
            _changed.wait(deadline.left())
        if lookup is None:
            lookup = _Lookup(host)
            try:
                lookup.start()
            except RuntimeError as error:  # the system has no thread to spare
                raise OSError(str(error)) from None
            _running[host] = lookup
    lookup.join(deadline.left())
    if lookup.addresses:
        return list(lookup.addresses)
    raise TimeoutError if lookup.is_alive() else socket.gaierror
