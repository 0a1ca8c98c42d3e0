"""Tests whether an IP address is in one of several networks."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network


def is_in(address: str, networks: Iterable[Network]) -> bool:
    """Return whether an address is in one of the networks; False if the text is not an address.

    An IPv4 address equals its IPv6 form (``::ffff:10.0.0.1``), in networks too.
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    written: list[IPv4Address | IPv6Address] = [parsed]
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        written.append(parsed.ipv4_mapped)
    elif isinstance(parsed, IPv4Address):
        written.append(IPv6Address(f"::ffff:{parsed}"))
    return any(one in network for network in networks for one in written)
