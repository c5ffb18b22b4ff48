"""Who is signed in: a random secret in a cookie stands for a name until it is closed or idle.

    secret = sessions.open("ada")
    sessions.name(secret)               # "ada"
    sessions.close(secret)

    authenticate = authenticator(workspace)
    await authenticate("ada", "...", client="10.0.0.7")
    Key().take(text)                    # the one-time key in the printed address

They are kept in memory: when the app ends, everybody is signed out. A name is not yet a right:
whoever asks looks the account up as it is now.
"""

import asyncio
import hmac
import secrets
import time
from collections.abc import Awaitable, Callable

from db.access import users
from db.access.throttle import Throttle
from db.errors import BadInput
from db.workspace import Workspace, open_database


class Sessions:
    """The sessions of one app."""

    IDLE_S = 12 * 3600.0

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: dict[str, tuple[str, float]] = {}
        self._stamps: dict[str, str] = {}

    def open(self, name: str, stamp: str = "") -> str:
        """Begin a session; returns the secret for the cookie.

        Args:
            stamp: of the password that it was opened with (`users.stamp`).
        """
        horizon = self._clock() - self.IDLE_S
        self._open = {key: kept for key, kept in self._open.items() if kept[1] > horizon}
        secret = secrets.token_urlsafe(32)
        self._stamps = {key: kept for key, kept in self._stamps.items() if key in self._open}
        self._open[secret] = (name, self._clock())
        self._stamps[secret] = stamp
        return secret

    def stamp(self, secret: str) -> str:
        """What `open` was given."""
        return self._stamps.get(secret, "")

    def name(self, secret: str) -> str | None:
        """Whose session it is; None when there is none, or it was idle for twelve hours."""
        name, last = self._open.get(secret, (None, 0.0))
        if name is None or self._clock() - last > self.IDLE_S:
            self._open.pop(secret, None)
            return None
        self._open[secret] = (name, self._clock())
        return name

    def close(self, secret: str) -> None:
        """End a session."""
        self._open.pop(secret, None)


class Key:
    """The key in the address that the owner's terminal shows. It opens once, then another does.

    Args:
        renewed: is given the next one, to show it.
    """

    def __init__(self, renewed: Callable[[str], None] = lambda text: None) -> None:
        self.text = secrets.token_urlsafe(24)
        self._renewed = renewed

    def take(self, text: str) -> bool:
        """Use the key up; returns whether it was the right one."""
        if not hmac.compare_digest(text.encode(), self.text.encode()):
            return False
        self.text = secrets.token_urlsafe(24)
        self._renewed(self.text)
        return True


def authenticator(workspace: Workspace) -> Callable[..., Awaitable[bool]]:
    """The sign-in check. It is awaited on the event loop, so the hash is derived in a thread."""
    throttle = Throttle()

    def verify(name: str, password: str) -> bool:
        with open_database(workspace) as db:
            return users.verify(db, name, password)

    async def authenticate(name: str, password: str, *, client: str = "") -> bool:
        try:
            key = f"{users.normalise(name)} {client}"
        except BadInput:
            return False
        if throttle.resting(key):
            return False
        throttle.begun(key)
        right = await asyncio.to_thread(verify, name, password)
        if right:
            throttle.succeeded(key)
        return right

    return authenticate
