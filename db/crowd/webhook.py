"""Alerts posted to an address that an admin gave: from the server, behind everything else.

    webhook.check("https://hooks.lab.example/milan")
    webhook.deliver(workspace)              # finds what is new, posts what waits; the app's thread

A post is one JSON object with a `text`, as chat programs take it. It goes to http or https, never
to a link-local address (where clouds keep credentials), multicast or none; the address is looked up
once and that one is connected to, redirects are not followed, an answer is not read, and after five
seconds or five tries it is given up. Addresses of the own network are allowed: that is where labs
keep such programs.
"""

import http.client
import ipaddress
import json
import socket
import ssl
from urllib.parse import urlsplit

from db.crowd import alerts
from db.crowd.alerts import Alert
from db.errors import BadInput
from db.workspace import Workspace, open_database

PATIENCE_S = 5.0


def check(address: str) -> None:
    """Refuse what is neither empty nor an address that alerts may go to.

    Raises:
        BadInput: it is not.
    """
    if not address:
        return
    _split(address)


def post(address: str, alert: Alert) -> None:
    """Post one alert.

    Raises:
        BadInput: alerts may not go there.
        OSError: it does not answer; ValueError: it answers no 2xx.
    """
    scheme, host, port, path = _split(address)
    place = _looked_up(host, port)
    values = {
        "text": f"{alert.campaign}: {alert.text}",
        "campaign": alert.campaign,
        "campaign_id": alert.campaign_id,
        "kind": alert.kind,
        "at_utc": alert.created_utc,
    }
    body = json.dumps(values, ensure_ascii=False).encode()
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE_S)
    stream: socket.socket = socket.create_connection((place, port), timeout=PATIENCE_S)
    try:
        if scheme == "https":
            stream = ssl.create_default_context().wrap_socket(stream, server_hostname=host)
        connection.sock = stream
        headers = {"content-type": "application/json", "user-agent": "milan-workbench"}
        connection.request("POST", path, body, headers)
        status = connection.getresponse().status
    except http.client.HTTPException as error:
        raise OSError(f"no answer: {type(error).__name__}") from error
    finally:
        stream.close()
        connection.close()
    if not 200 <= status < 300:
        raise ValueError(f"it answered {status}")


def deliver(workspace: Workspace) -> int:
    """Find what is new and post what waits; returns how many posts arrived.

    The database is open only to read and to write down, never while an address is waited for.
    """
    with open_database(workspace) as db:
        alerts.scan(db)
        waiting = alerts.waiting(db)
    arrived, dead = 0, set()
    for alert in waiting:
        error = ""
        if alert.webhook in dead:
            continue
        try:
            post(alert.webhook, alert)
            arrived += 1
        except (OSError, ValueError) as failure:
            error = str(failure) or type(failure).__name__
            # One that does not answer is not waited for again in this round.
            dead.add(alert.webhook)
        with open_database(workspace) as db:
            alerts.posted(db, alert.alert_id, error=error)
    return arrived


def _split(address: str) -> tuple[str, str, int, str]:
    """Scheme, host, port and path of a webhook's address."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    plain = address.isascii() and address.isprintable() and " " not in address
    if (
        not plain
        or len(address) > 500
        or parts.scheme not in ("http", "https")
        or not host
        or "@" in parts.netloc
    ):
        raise BadInput(
            f"expected a webhook like https://hooks.lab.example/milan, got {address[:80]!r}"
        )
    _check_place(host)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.scheme, host, port or (443 if parts.scheme == "https" else 80), path


def _looked_up(host: str, port: int) -> str:
    """The address that a host has now; each one it has must be allowed."""
    found = [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    for place in found:
        _check_place(place)
    return found[0]


def _check_place(text: str) -> None:
    """Refuse an address that is link-local, multicast or none; a name passes until looked up."""
    try:
        place = ipaddress.ip_address(text.split("%")[0])
    except ValueError:
        return
    mapped = getattr(place, "ipv4_mapped", None)
    place = mapped or place
    if place.is_link_local or place.is_multicast or place.is_unspecified or place.is_reserved:
        raise BadInput(f"expected a webhook that is no link-local or special address, got {text}")
