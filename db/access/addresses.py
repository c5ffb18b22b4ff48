"""Where the app answers: whether others can reach it, whether it can be had, how it is typed.

is_loopback("127.0.0.1")        # True: this machine alone
check("127.0.0.1", 7860)        # one sentence when another program has it
shown("0.0.0.0", 7860)          # "http://lab-server:7860"

names = Names(local=False, public={origin("https://lab.example")})
names.answers("lab.example")    # whether this Host header is one of the app's own
names.owns("https://lab.example", "lab.example")        # whether this Origin header is
"""

import ipaddress
import socket
from dataclasses import dataclass, field
from urllib.parse import urlsplit

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


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass
class Names:
    """The names that the app goes by, as a browser sends them.

    Attributes:
        local: nobody signs in, so only names of this machine lead here. A foreign name can be made
            to point to this machine, and a page of that name could then talk to the app.
        public: the origins that people outside use; a tunnel adds its own when it stands.
    """

    local: bool
    public: set[str] = field(default_factory=set)

    def answers(self, host: str) -> bool:
        """Whether a Host header names this app."""
        if self.public_of(host):
            return True
        # Where an address was named, other names are none of ours; else the sign-in decides.
        return _names_this_machine(host) if self.local or self.public else bool(host)

    def owns(self, origin: str, host: str) -> bool:
        """Whether a page of `origin` is the app's own, in a request to `host`."""
        if origin in self.public:
            return True
        return not self.public_of(host) and bool(host) and urlsplit(origin).netloc == host

    def public_of(self, host: str) -> str:
        """The public origin of that host, or nothing."""
        return next((known for known in self.public if urlsplit(known).netloc == host), "")


def origin(address: str) -> str:
    """The origin of a web address as browsers send it.

    >>> origin("https://lab.example:443/")
    'https://lab.example'

    Raises:
        BadInput: it is no http or https address, or it has a path.
    """
    try:
        parts = urlsplit(address.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    named = host and parts.scheme in ("http", "https") and "@" not in parts.netloc
    if not named or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise BadInput(f"expected an address like https://lab.example, got {address!r}")
    host = f"[{host}]" if ":" in host else host
    usual = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + ("" if port in (None, usual) else f":{port}")


def network(text: str) -> Network:
    """The address or the network of a proxy.

    Raises:
        BadInput: it is neither.
    """
    try:
        return ipaddress.ip_network(text.strip())
    except ValueError as error:
        raise BadInput(
            f"expected the address of a proxy, like 10.0.0.7 or 10.0.0.0/24, got {text!r}"
        ) from error


def among(address: str, networks: tuple[Network, ...]) -> bool:
    """Whether an address lies in one of the networks; what is no address lies in none."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in known for known in networks)


def _names_this_machine(host: str) -> bool:
    """Whether a Host header names this machine, from itself.

    >>> [_names_this_machine(host) for host in ("127.0.0.1:7860", "[::1]:7860", "evil.example")]
    [True, True, False]
    """
    try:
        return is_loopback(urlsplit(f"//{host}").hostname or "")
    except ValueError:
        return False
