"""Addresses of people, as they are read and as they are counted. Pure.

*Not here*: which address a request comes from (middleware.ClientAddress), where clusters may be (kafka/addresses.py).
"""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network


def plain(address: str) -> str:
    """The same address; one of IPv4 as such, also from a socket that takes both families."""
    return str(getattr(_parsed(address), "ipv4_mapped", None) or address)


def network_of(address: str) -> str:
    """Who is counted as one: the address; for IPv6 its network of 64 bits, all of which one customer has."""
    parsed = _parsed(plain(address))
    return str(ip_network((int(parsed), 64), strict=False)) if isinstance(parsed, IPv6Address) else plain(address)


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(address)
    except ValueError:
        return None
