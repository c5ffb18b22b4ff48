"""A model behind an address that speaks the OpenAI protocol (chat completions).

    writer = Endpoint.open("writer", workspace.models)
    writer.write([Prompt("Name a colour.")], Manner(), watch)

`models/endpoints.toml` of the workspace names addresses:

    [writer]
    address = "http://127.0.0.1:11434/v1"
    model = "qwen2.5:7b"
    key_variable = "OPENAI_API_KEY"     # optional: the environment variable that holds the key

The key is read from the environment when a request is sent, and is never kept, logged or shown; it
goes over https or to this machine alone, and never along a redirect. A busy server (429, 5xx), a
lost connection and a timeout are tried again after a while, as long as the server asks for; what
is no answer is "".
"""

import base64
import email.utils
import http.client
import io
import ipaddress
import json
import os
import re
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from db import reading
from db.errors import BadInput
from db.jobs import Watch
from describer.methods.models.captions import picture
from describer.methods.models.prompt import Manner, Prompt, Unreachable

SETTINGS = "endpoints.toml"
AT_ONCE = 4
MOST_BYTES = 2_000_000
_KEYS = {"address", "model", "key_variable", "timeout"}


@dataclass(frozen=True)
class Patience:
    """How long an answer is waited for, in seconds, and how often a question is put again.

    `pause` is doubled from one try to the next; what a server asks for with Retry-After counts
    instead, up to `longest`.
    """

    timeout: float = 60.0
    tries: int = 5
    pause: float = 1.0
    longest: float = 120.0


@dataclass(frozen=True)
class Endpoint:
    """An address, the model that is asked for there, and the name of the key's variable."""

    name: str
    address: str
    model: str
    key_variable: str = ""
    patience: Patience = Patience()

    @classmethod
    def open(cls, name: str, models: Path | None) -> "Endpoint":
        """The endpoint of that name in the workspace's settings.

        Raises:
            BadInput: there is none, or its entry cannot be used.
        """
        known = read(models)
        if name not in known:
            raise BadInput(
                f"expected an endpoint of {models}/{SETTINGS} "
                f"({', '.join(known) or 'it names none'}), got {name!r}"
            )
        return known[name]

    @property
    def identity(self) -> dict[str, Any]:
        """What it is: never the key."""
        return {"endpoint": self.address, "model": self.model}

    def write(self, prompts: Sequence[Prompt], manner: Manner, watch: Watch) -> list[str]:
        """Answer questions, in their order; "" where what came back was no answer.

        Raises:
            Unreachable: no answer after all tries.
            BadInput: the server refuses for good.
            Cancelled: the work was stopped while it waited.
        """
        # Whether to stop is asked in this thread alone: the answer may come from its database.
        stop = threading.Event()
        pool = ThreadPoolExecutor(AT_ONCE)
        asked = [
            pool.submit(self._ask, prompt, manner, place, stop)
            for place, prompt in enumerate(prompts)
        ]
        try:
            waiting = set(asked)
            while waiting:
                watch.check(f"while {self.name} was asked")
                done, waiting = wait(waiting, timeout=0.2, return_when=FIRST_EXCEPTION)
                for answer in done:
                    answer.result()
            return [answer.result() for answer in asked]
        finally:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)

    def _ask(self, prompt: Prompt, manner: Manner, place: int, stop: threading.Event) -> str:
        body = {
            "model": self.model,
            "messages": _messages(prompt),
            "temperature": manner.temperature,
            "max_tokens": manner.tokens,
            "seed": (manner.seed + place) % 2**31,
        }
        reason = ""
        for attempt in range(self.patience.tries):
            pause = self.patience.pause * 2**attempt
            try:
                return _answer(self._post(body))
            except urllib.error.HTTPError as error:
                with error:
                    reason = f"HTTP {error.code}"
                    if error.code not in (408, 409, 425, 429) and error.code < 500:
                        raise BadInput(self._refusal(error)) from None
                    pause = _asked_for(error.headers.get("Retry-After"), pause)
            except (OSError, http.client.HTTPException) as error:
                # Refused, reset, cut off, timed out.
                reason = self._hidden(str(getattr(error, "reason", error)) or type(error).__name__)
            last = attempt + 1 == self.patience.tries
            if last or stop.wait(min(pause, self.patience.longest)):
                break
        raise Unreachable(
            f"expected an answer of {self.name} at {self.address}, got none in "
            f"{self.patience.tries} tries: {reason}"
        )

    def _post(self, body: Any) -> bytes:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if key := self._key():
            if not (self.address.startswith("https:") or _is_here(self.address)):
                raise BadInput(
                    f"expected https for {self.address}: a key is sent only encrypted, or to this "
                    "machine"
                )
            headers["Authorization"] = f"Bearer {key}"
        request = urllib.request.Request(
            f"{self.address}/chat/completions", json.dumps(body).encode(), headers, method="POST"
        )
        # What is for this machine goes through no proxy.
        proxies: dict[str, str] | None = {} if _is_here(self.address) else None
        opener = urllib.request.build_opener(_NoRedirects, urllib.request.ProxyHandler(proxies))
        with opener.open(request, timeout=self.patience.timeout) as response:
            content: bytes = response.read(MOST_BYTES)
        return content

    def _key(self) -> str:
        return os.environ.get(self.key_variable, "").strip() if self.key_variable else ""

    def _refusal(self, error: urllib.error.HTTPError) -> str:
        """Why the server refuses for good: its status and its words, without what may be a key."""
        try:
            said = json.loads(error.read(MOST_BYTES))["error"]
            words = said["message"] if isinstance(said, dict) else str(said)
        except (OSError, ValueError, KeyError, TypeError, http.client.HTTPException):
            words = ""
        hint = ""
        if error.code in (401, 403):
            variable = self.key_variable or "key_variable in the settings"
            hint = f"; the key is taken from {variable}"
        said_so = f": {self._hidden(str(words))[:200]}" if words else ""
        return (
            f"expected {self.model} at {self.address} to answer, got HTTP {error.code}{said_so}"
            f"{hint}"
        )

    def _hidden(self, text: str) -> str:
        """A server's words without the key, or what it shows of one."""
        if key := self._key():
            text = text.replace(key, "…")
        return re.sub(r"\bsk-[\w*.-]+|\bBearer \S+", "…", text)


def read(models: Path | None) -> dict[str, Endpoint]:
    """The endpoints that a workspace's settings name.

    Raises:
        BadInput: the file is no TOML, or an entry has no address, no model or an unknown key.
    """
    path = models / SETTINGS if models is not None else None
    if path is None or not path.is_file():
        return {}
    values = reading.of_toml(path, "the settings of endpoints")
    return {name: _endpoint(name, entry, path) for name, entry in values.items()}


def _endpoint(name: str, entry: Any, path: Path) -> Endpoint:
    if not isinstance(entry, dict) or not {"address", "model"} <= entry.keys() <= _KEYS:
        raise BadInput(
            f"expected address and model, and at most key_variable and timeout, of {name} in {path}"
        )
    address, model = entry["address"], entry["model"]
    variable, timeout = entry.get("key_variable", ""), entry.get("timeout", Patience.timeout)
    try:
        parts = urllib.parse.urlsplit(address) if isinstance(address, str) else None
    except ValueError:  # brackets that hold no IPv6 address
        parts = None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput(f"expected an address http://… or https://… of {name} in {path}")
    if parts.username or parts.password or parts.query:
        raise BadInput(
            f"expected an address without user, password and query of {name} in {path}: a key is "
            "taken from the environment (key_variable)"
        )
    if not isinstance(variable, str) or not re.fullmatch(r"(?:[A-Za-z_][A-Za-z0-9_]*)?", variable):
        # It may be the key itself, so it is not repeated.
        raise BadInput(f"expected the name of an environment variable as key_variable in {path}")
    if not isinstance(model, str) or not model or not _is_time(timeout):
        raise BadInput(f"expected the name of a model and seconds as timeout of {name} in {path}")
    return Endpoint(name, address.rstrip("/"), model, variable, Patience(timeout=float(timeout)))


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect is an error: it would carry the key elsewhere."""

    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


def _messages(prompt: Prompt) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [{"role": role, "content": text} for role, text in prompt.turns()]
    if prompt.picture is not None:
        file = io.BytesIO()
        picture(prompt.picture).save(file, "PNG")
        url = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
        found[-1]["content"] = [
            {"type": "text", "text": prompt.question},
            {"type": "image_url", "image_url": {"url": url}},
        ]
    return found


def _answer(content: bytes) -> str:
    """The text of a completion; "" where the content is none."""
    try:
        text = json.loads(content)["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        return ""
    return text if isinstance(text, str) else ""


def _asked_for(header: str | None, otherwise: float) -> float:
    """Seconds that Retry-After asks for: a number, or a date."""
    try:
        return max(0.0, float(header or "none"))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(header or "").timestamp() - time.time())
    except (ValueError, TypeError):
        return otherwise


def _is_time(value: Any) -> bool:
    """Whether a value is some seconds, at most a day."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 86_400


def _is_here(address: str) -> bool:
    host = urllib.parse.urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
