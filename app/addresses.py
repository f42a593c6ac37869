"""Who counts as one client, by where a request comes from."""

import ipaddress
from functools import lru_cache

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LOCAL: tuple[Network, ...] = tuple(map(ipaddress.ip_network, ("127.0.0.0/8", "::1")))
# One household or one rented machine has all the addresses of such a network.
IPV6_PREFIX = 64


@lru_cache(maxsize=4096)
def client_of(address: str) -> str:
    """Who is counted as one: an IPv4 address, or the IPv6 network that it lies in.

    What is no address, such as the empty text of a Unix socket, stands for itself.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, IPV6_PREFIX), strict=False))
    return str(found)


def is_in(address: str, networks: tuple[Network, ...]) -> bool:
    """Whether an address lies in one of these networks."""
    if not networks:
        return False
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in networks)
