"""What counts as this machine, and how a port of it is taken."""

from __future__ import annotations

import errno
import ipaddress
import socket

from headrace.errors import UsageError

_HINTS = {
    errno.EADDRINUSE: "Stop what uses it, or choose another one with --port; --port 0 picks a free one.",
    errno.EACCES: "Ports below 1024 need privileges; choose a higher one with --port.",
    errno.EADDRNOTAVAIL: "Use 127.0.0.1, or ::1 where the machine has IPv6.",
}


def is_loopback(host: str) -> bool:
    """Whether a host is a name or address that only this machine can reach: 127.0.0.0/8, ::1, localhost."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def host_name(header: str) -> str:
    """The host of a Host header, without port and brackets."""
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0]


def listen(host: str, port: int, *, to_others: bool = False) -> socket.socket:
    """Take a port; port 0 takes a free one. Raises UsageError.

    `to_others`: callers are checked, so that an address that other machines can reach may be taken.
    """
    if not to_others and not is_loopback(host):
        raise UsageError(
            f"{host!r} can be reached from other machines, and nothing would check who calls.",
            hint="Make a key first: headrace key create NAME. Or use 127.0.0.1, ::1 or localhost.",
            host=host,
        )
    if not 0 <= port <= 65535:
        raise UsageError(f"There is no port {port}.", hint="Allowed: 0 (any free one) to 65535.", port=port)
    address = "127.0.0.1" if host.lower() == "localhost" else host
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.create_server((address, port), family=family, backlog=256)
    except OSError as error:
        raise UsageError(
            f"Cannot listen on {address} port {port}: {error.strerror}.",
            hint=_HINTS.get(error.errno or 0, "Choose another address or port."),
            host=address,
            port=port,
        ) from None


def address_of(taken: socket.socket) -> str:
    """The URL under which a listening socket is reached."""
    host, port = taken.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
