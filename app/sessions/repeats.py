"""Calls that come again under one key, because their answer was lost: answered as before.

What a call came to is put beside its session in the very write that makes the change
(`Store.replace`, attachment `ATTACHMENT`), so that there is never one without the other, whatever
happens to the process, and whichever process is asked next. A call that makes a session has none
yet; it leaves a receipt first, a record of its own that says what the session will be called.
Neither needs more of a store than it does for sessions.
"""

import base64
import hashlib
import hmac
import secrets
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from app.sessions.store.clock import now
from app.sessions.store.store import NotFound, Record, Store

ATTACHMENT = "repeats"
# The last calls of a session that are remembered, for how long, and their bytes as kept.
MAX_KEYS = 32
KEPT_SECONDS = 24 * 3600.0
MAX_BYTES = 256 * 1024
# An answer that stays larger when compressed is remembered in short.
ANSWER_BYTES = 64 * 1024

RECEIPT = "receipt"
_PREFIX = "receipt-"


@dataclass(frozen=True)
class Answer:
    """An answer as it is sent; `short` stands for one that is too large to be kept."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    short: "Answer | None" = None


@dataclass(frozen=True)
class Call:
    """A call that may come again.

    Attributes:
        key: As its caller has named it.
        asked: A digest of all that was asked for.
    """

    key: str
    asked: str

    def digest(self, *scope: str) -> str:
        """What is kept of the key, in a scope."""
        return hashlib.sha256("\0".join((*scope, self.key)).encode()).hexdigest()[:40]


@dataclass(frozen=True)
class Once:
    """A call on a session, and how its answer follows from what it comes to."""

    call: Call
    answer: Callable[..., Answer]


class KeyReused(Exception):
    """The key was sent with another request before."""


class Repeated(Exception):
    """The call was made before; this was its answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("the call was made before")
        self.answer = answer


def refuse_repeated(store: Store, id: str, call: Call) -> None:
    """Go on only with a call that this session has not seen.

    Raises:
        Repeated: it was made before.
        KeyReused: its key was another call's.
        NotFound: there is no such session.
    """
    for kept in _kept(store.attachment(id, ATTACHMENT)):
        if kept["key"] == call.digest():
            if kept["asked"] != call.asked:
                raise KeyReused
            content = zlib.decompress(base64.b64decode(kept["content"]))
            raise Repeated(Answer(kept["status"], kept["headers"], content))


def with_answer(store: Store, id: str, call: Call, answer: Answer) -> dict[str, bytes | None]:
    """What is to be put beside a session with the change that ``answer`` tells of."""
    packed = zlib.compress(answer.content, 1)
    if len(packed) > ANSWER_BYTES and answer.short is not None:
        answer = answer.short
        packed = zlib.compress(answer.content, 1)
    kept = {
        "key": call.digest(),
        "asked": call.asked,
        "at": now(),
        "status": answer.status,
        "headers": dict(answer.headers),
        "content": base64.b64encode(packed).decode(),
    }
    all_kept = [*_kept(store.attachment(id, ATTACHMENT)), kept][-MAX_KEYS:]
    data = orjson.dumps(all_kept)
    while len(data) > MAX_BYTES and len(all_kept) > 1:
        del all_kept[0]
        data = orjson.dumps(all_kept)
    return {ATTACHMENT: data}


def _kept(data: bytes | None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = orjson.loads(data) if data else []
    since = now() - KEPT_SECONDS
    return [kept for kept in found if kept["at"] > since]


@dataclass(frozen=True)
class Receipt:
    """What a session will be called, and its edit token."""

    id: str
    token: str


def receipt(store: Store, call: Call | None, owner: str) -> Receipt:
    """For a session that is about to be made; for a call that comes again, the same.

    The token follows from the key and a random number that is kept; the store alone does not tell
    it, and neither does the key alone. Who makes sessions under one key is its ``owner``.

    Raises:
        KeyReused: the key was another call's.
        StoreFull: no room.
    """
    if call is None:
        return Receipt(secrets.token_urlsafe(16), secrets.token_urlsafe(32))
    name = _PREFIX + call.digest(owner)
    at = now()
    meta = {
        "kind": RECEIPT,
        "asked": call.asked,
        "session": secrets.token_urlsafe(16),
        "salt": secrets.token_hex(32),
    }
    try:
        found = store.get(name)
    except NotFound:
        try:
            found = Record(name, b"", 1, at, at, meta, {})
            store.create(found, owner)
        except ValueError:  # somebody was faster
            found = store.get(name)
    if found.meta["asked"] != call.asked:
        raise KeyReused
    salt = bytes.fromhex(found.meta["salt"])
    token = hmac.digest(call.key.encode(), salt, "sha256")
    return Receipt(found.meta["session"], base64.urlsafe_b64encode(token).decode().rstrip("="))
