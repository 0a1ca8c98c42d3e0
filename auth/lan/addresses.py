"""Your network: this computer's names and addresses in it, and the sockets that listen there."""

import ipaddress
import re
import socket
from contextlib import suppress

import psutil

from errors import StudioError

LAN = "lan"
"""The value of the setting ``host`` that accepts connections from your network, over https."""

_NOT_LAN = ("docker", "br-", "veth", "virbr", "vmnet", "vboxnet")
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def names() -> list[str]:
    """Return this computer's names on your network: its host name, the same with ``.local``, and ``localhost``."""
    host = socket.gethostname().partition(".")[0].lower()
    own = [host, f"{host}.local"] if _NAME.fullmatch(host) and host != "localhost" else []
    return [*own, "localhost"]


def addresses() -> list[str]:
    """Return this computer's addresses in its networks, IPv4 first, without container bridges and link-local ones."""
    up = psutil.net_if_stats()
    own_addresses = {
        ipaddress.ip_address(address.address.partition("%")[0])
        for name, of_card in psutil.net_if_addrs().items()
        if not name.startswith(_NOT_LAN) and name in up and up[name].isup
        for address in of_card
        if address.family in (socket.AF_INET, socket.AF_INET6)
    }
    usable = [address for address in own_addresses if not (address.is_loopback or address.is_link_local)]
    return [str(address) for address in sorted(usable, key=lambda address: (address.version, int(address)))]


def main_address() -> str | None:
    """Return this computer's most likely address for other devices; None without a network. Sends nothing."""
    own_addresses = addresses()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))  # a documentation address: only finds the network interface
            chosen = str(probe.getsockname()[0])
        except OSError:
            chosen = ""
    return chosen if chosen in own_addresses else next(iter(own_addresses), None)


def lan_url(port: int) -> str | None:
    """Return the URL of the studio for devices on your network; None without a network."""
    address = main_address()
    if address is None:
        return None
    return f"https://[{address}]:{port}" if ":" in address else f"https://{address}:{port}"


def listen(host: str, port: int) -> list[socket.socket]:
    """Return the sockets to serve on, bound before anything slow starts. Raises StudioError if the port is taken."""
    if host != LAN:
        return [_bound(host, port)]
    sockets = [_bound("0.0.0.0", port)]
    with suppress(StudioError, OSError):  # a computer without IPv6
        sockets.append(_bound("::", sockets[0].getsockname()[1]))
    return sockets


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With protocol 0, asyncio leaves Nagle's algorithm on, which costs 40 ms per response.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        raise StudioError(
            "port_in_use",
            f"The studio cannot listen on {host}:{port}.",
            f"The system says: {error.strerror}.",
            f"Stop the program that uses this port, or choose another one: C41_PORT={port + 1}.",
        ) from error
    return sock
