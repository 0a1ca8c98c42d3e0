"""Whether an address, as a connection or a header names it, is in one of the networks that are meant."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network


def is_in(address: str, networks: Iterable[Network]) -> bool:
    """Whether an address lies in one of the networks; False for a text that is no address.

    An IPv4 address and the same one written as IPv6 (``::ffff:10.0.0.1``) are one, in networks too.
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    written: list[IPv4Address | IPv6Address] = [found]
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        written.append(found.ipv4_mapped)
    elif isinstance(found, IPv4Address):
        written.append(IPv6Address(f"::ffff:{found}"))
    return any(one in network for network in networks for one in written)
