"""Links that let somebody into one campaign: signed by the workspace, revocable, never guessable.

    text = links.campaign_token(3, nonce, secret=workspace.secret.read_bytes())
    links.campaign_of(text)                     # (3, the signature), to be checked with `signed`
    links.invitation_token(17, secret=secret)

A token names its campaign or invitation and carries an HMAC of it under the workspace's secret; the
campaign's also of a nonce in the database, so that a new nonce revokes every copy of the old link.
"""

import base64
import hashlib
import hmac
import re
import secrets

_TOKEN = re.compile(r"([ci])([0-9]{1,12})\.([A-Za-z0-9_-]{32})")


def new_nonce() -> str:
    """A fresh nonce for a campaign's link."""
    return secrets.token_hex(16)


def campaign_token(campaign_id: int, nonce: str, *, secret: bytes) -> str:
    """What stands in `?campaign=` of a link for participants."""
    return f"c{campaign_id}.{_signature(f'campaign {campaign_id} {nonce}', secret)}"


def invitation_token(invitation_id: int, *, secret: bytes) -> str:
    """What stands in `?campaign=` of the link of one invited person."""
    return f"i{invitation_id}.{_signature(f'invitation {invitation_id}', secret)}"


def parsed(text: str) -> tuple[str, int] | None:
    """What a token is about, `c` a campaign or `i` an invitation, and its number; not yet checked.

    >>> parsed("c3." + "A" * 32), parsed("3")
    (('c', 3), None)
    """
    found = _TOKEN.fullmatch(text)
    return None if found is None else (found[1], int(found[2]))


def equal(one: str, other: str) -> bool:
    """Whether two tokens are the same, in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())


def _signature(text: str, secret: bytes) -> str:
    digest = hmac.new(secret, f"participant link: {text}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:24]).decode()
