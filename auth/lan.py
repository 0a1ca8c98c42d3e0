"""The house network: this machine's names and addresses in it, and the sockets that listen there."""

import ipaddress
import re
import socket
from contextlib import suppress

import psutil

from errors import StudioError

LAN = "lan"
"""The setting ``host`` that lets the house in, over https."""

_NOT_THE_HOUSE = ("docker", "br-", "veth", "virbr", "vmnet", "vboxnet")
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def names() -> list[str]:
    """What the machine is called at home: its name, the same with ``.local``, ``localhost``."""
    host = socket.gethostname().partition(".")[0].lower()
    own = [host, f"{host}.local"] if _NAME.fullmatch(host) and host != "localhost" else []
    return [*own, "localhost"]


def addresses() -> list[str]:
    """Every address of this machine in its networks, IPv4 first; bridges of containers and link-local ones are none."""
    up = psutil.net_if_stats()
    found = {
        ipaddress.ip_address(address.address.partition("%")[0])
        for name, of_card in psutil.net_if_addrs().items()
        if not name.startswith(_NOT_THE_HOUSE) and name in up and up[name].isup
        for address in of_card
        if address.family in (socket.AF_INET, socket.AF_INET6)
    }
    usable = [address for address in found if not (address.is_loopback or address.is_link_local)]
    return [str(address) for address in sorted(usable, key=lambda address: (address.version, int(address)))]


def main_address() -> str | None:
    """The address that other devices most likely reach this machine by; None without a network. Sends nothing."""
    found = addresses()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))  # an address of nobody: only asks which card would be taken
            chosen = str(probe.getsockname()[0])
        except OSError:
            chosen = ""
    return chosen if chosen in found else next(iter(found), None)


def house_url(port: int) -> str | None:
    """Where the phones of the house find the studio; None without a network."""
    address = main_address()
    if address is None:
        return None
    return f"https://[{address}]:{port}" if ":" in address else f"https://{address}:{port}"


def listen(host: str, port: int) -> list[socket.socket]:
    """The sockets to serve on, bound before anything heavy starts. Raises StudioError when the port is taken."""
    if host != LAN:
        return [_bound(host, port)]
    sockets = [_bound("0.0.0.0", port)]
    with suppress(StudioError, OSError):  # a machine without IPv6
        sockets.append(_bound("::", sockets[0].getsockname()[1]))
    return sockets


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named in full: for protocol 0 asyncio leaves Nagle's algorithm on, which costs 40 ms an answer.
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
            f"Stop what uses it, or choose another port: C41_PORT={port + 1}.",
        ) from error
    return sock
