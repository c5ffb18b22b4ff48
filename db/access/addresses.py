"""Where the app answers: whether others can reach it, whether it can be had, how it is typed.

is_loopback("127.0.0.1")        # True: this machine alone
check("127.0.0.1", 7860)        # one sentence when another program has it
shown("0.0.0.0", 7860)          # "http://lab-server:7860"
"""

import ipaddress
import socket

from db.errors import BadInput


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what answers there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check(host: str, port: int) -> None:
    """Refuse what cannot be answered on.

    Raises:
        BadInput: the port is none or another program's, or the host is not this machine.
    """
    if not 0 < port < 65536:
        raise BadInput(f"expected a port from 1 to 65535, got {port}")
    try:
        family, kind, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as trial:
            # As the server does: a port that was just given up is free.
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(place)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadInput(
            f"expected an address to answer on, got {host} port {port}: {reason}; choose another "
            "with --host or --port"
        ) from error


def shown(host: str, port: int) -> str:
    """What to type into a browser: the name of the machine where it answers on all addresses."""
    if host in ("0.0.0.0", "::"):
        host = socket.gethostname()
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
