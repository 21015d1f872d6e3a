"""Which IP addresses may be called, and the lookup of host names."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from registries.client.deadline import Deadline

Address = IPv4Address | IPv6Address

# These are lists of our own, because Python's `is_private` and `is_global` differ between versions.
_NEVER = [
    ip_network(network)
    for network in (
        "0.0.0.0/8",  # this host
        "169.254.0.0/16",  # link-local; the metadata service of most clouds
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
        "::/128",
        # Local-use NAT64 (RFC 8215). The embedded IPv4 address depends on the prefix length that
        # the local network chose, so it cannot be checked.
        "64:ff9b:1::/48",
        "fe80::/10",  # link-local; metadata: OpenStack and Hetzner, at fe80::a9fe:a9fe
        "ff00::/8",  # multicast
    )
]
# Metadata services outside of the link-local networks, with their sources. They give a machine's
# credentials to every program on it.
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
# The host names of these services. They are needed behind a proxy, which resolves names itself.
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
# IPv6 networks whose last 32 bits are an IPv4 address: NAT64, IPv4-compatible, IPv4-translated.
_EMBEDDING = [ip_network(network) for network in ("64:ff9b::/96", "::/96", "::ffff:0:0:0/96")]


def permitted(address: str, *, private: bool) -> bool:
    """Return whether `address`, an IP address as the resolver writes it, may be called.

    Metadata services, link-local, unspecified and multicast addresses never may; private and
    loopback ones may if `private` is set. IPv4 addresses inside IPv6 addresses are checked too.
    """
    refused = _NEVER if private else _NEVER + _PRIVATE
    # ::1 lies in ::/96 and must not be read as an IPv4 address.
    return not any(
        candidate.version == network.version and candidate in network
        for candidate in _equivalents(ip_address(address))
        for network in refused
    )


def _equivalents(address: Address) -> Iterator[Address]:
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
    """A thread that resolves one name. The resolver has no timeout, so it may outlive the call."""

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


# Each name is looked up by one thread at a time, so that a resolver that hangs blocks no more than
# LOOKUPS threads.
LOOKUPS = 16
_running: dict[str, _Lookup] = {}
_changed = threading.Condition()


def _reset_after_fork() -> None:
    """Forget the lookups of the parent process: a forked child does not have its threads."""
    global _changed  # noqa: PLW0603 - another thread of the parent may have held it
    _running.clear()
    _changed = threading.Condition()


os.register_at_fork(after_in_child=_reset_after_fork)


def resolve(host: str, deadline: Deadline) -> list[str]:
    """Return the IP addresses of `host`, in the resolver's order, without duplicates.

    Raises OSError (`socket.gaierror`) for an unknown name, and TimeoutError if the deadline ends
    first, which may also be because LOOKUPS other lookups hang.
    """
    with _changed:
        while (lookup := _running.get(host)) is None and len(_running) >= LOOKUPS:
            _changed.wait(deadline.left())
        if lookup is None:
            lookup = _Lookup(host)
            try:
                lookup.start()
            except RuntimeError as error:  # the system cannot start another thread
                raise OSError(str(error)) from None
            _running[host] = lookup
    lookup.join(deadline.left())
    if lookup.addresses:
        return list(lookup.addresses)
    raise TimeoutError if lookup.is_alive() else socket.gaierror
