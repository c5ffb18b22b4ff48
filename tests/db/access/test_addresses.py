"""Where the app answers is known, refused in one sentence, or shown as it is typed."""

import socket

import pytest

from db.access import addresses
from db.errors import BadInput


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("localhost", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("localhost.example", False),
        ("", False),
    ],
)
def test_only_loopback_is_this_machine_alone(host: str, here: bool) -> None:
    assert addresses.is_loopback(host) is here


def test_a_port_is_free_until_somebody_listens() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(BadInput, match=f"got 127.0.0.1 port {port}: .*--port"):
            addresses.check("127.0.0.1", port)
    addresses.check("127.0.0.1", port)


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_has_its_range(port: int) -> None:
    with pytest.raises(BadInput, match=f"from 1 to 65535, got {port}"):
        addresses.check("127.0.0.1", port)


@pytest.mark.parametrize("host", ["nobody.invalid", "a" * 70 + ".org"])
def test_a_host_is_this_machine(host: str) -> None:
    with pytest.raises(BadInput, match=f"got {host} port 7860: .*--host"):
        addresses.check(host, 7860)


def test_an_address_is_shown_as_it_is_typed() -> None:
    assert addresses.shown("127.0.0.1", 7860) == "http://127.0.0.1:7860"
    assert addresses.shown("::1", 80) == "http://[::1]:80"
    assert addresses.shown("0.0.0.0", 7861) == f"http://{socket.gethostname()}:7861"


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("https://Lab.Example/", "https://lab.example"),
        ("https://lab.example:443", "https://lab.example"),
        ("http://lab.example:8080", "http://lab.example:8080"),
        (" http://[::1]:80 ", "http://[::1]"),
    ],
)
def test_an_origin_is_what_browsers_send(typed: str, found: str) -> None:
    assert addresses.origin(typed) == found


@pytest.mark.parametrize(
    "typed",
    [
        "lab.example",
        "ftp://lab",
        "https://",
        "https://lab/app",
        "https://a@lab",
        "http://lab:x",
        "",
    ],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(BadInput, match="expected an address like"):
        addresses.origin(typed)


def test_proxies_are_addresses_or_networks() -> None:
    known = (addresses.network("10.0.0.0/24"), addresses.network("::1"))
    inside = ["10.0.0.9", "::1", "10.0.1.9", "localhost", ""]
    assert [addresses.among(address, known) for address in inside] == [True, True, *[False] * 3]
    with pytest.raises(BadInput, match=r"expected the address of a proxy, .* got 'lab'"):
        addresses.network("lab")
