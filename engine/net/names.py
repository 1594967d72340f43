"""Names of brokers: their addresses, in the order to try them.

Invariants:
- The addresses given are those of the whole name: one that a lookup would cut short at a NUL is refused.
- What is an address already needs no lookup, and so no thread: those may all wait for a name server that hangs.

Not here: which addresses are allowed (the gate of client_shell.py), connecting.
"""

import asyncio
import ipaddress
import socket

from engine.client.errors import NameNotFound


async def look_up(peer: str, host: str, port: int) -> list[tuple[int, str]]:
    """Family and address of each; NameNotFound says why there is none. Host and port may be a hostile broker's."""
    if not host.isprintable() or not 0 < port < 65536:
        raise NameNotFound(f"{peer[:300]!r} is no address of a broker")
    numeric = _numeric(host)
    if numeric is not None:
        return [numeric]
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        again = error.errno == socket.EAI_AGAIN
        words = "the name server does not answer" if again else "the name is not known"
        raise NameNotFound(f"{peer}: {words}") from None
    except (OSError, UnicodeError) as error:
        raise NameNotFound(f"{peer}: this is no name of a host ({error})") from None
    return [(family, str(address[0])) for family, _, _, _, address in found]


def _numeric(host: str) -> tuple[int, str] | None:
    """Family and address, if the host is an address without a zone."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id:
        return None
    return (socket.AF_INET if address.version == 4 else socket.AF_INET6), host
