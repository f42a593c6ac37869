"""The first page with its figure in it: drawing and pass come with the page, not after it.

An address that names a preset and a view names one picture, the same for everybody. It is made
once, put into the page as the documents of the API, compressed once, and from then on sent as
bytes. No session comes of it: the page makes its own when it has painted.
"""

import gzip
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass

from starlette.datastructures import QueryParams

from app.api.values import encode
from app.api.views import networks_json, session_json, trace_json, view_json
from app.sessions.edits import ChangeView, Loader
from app.sessions.gallery import Seen, seen_preset
from app.sessions.presets import PRESETS

FIRST = "fig-5-25"
# Stands for the id that the page's own session will have.
UNMADE = "new"
# As many cells of a tensor as a trace tells by default; the page asks for more where it needs them.
MAX_CELLS = 2_000
# Of some 100 kB each.
MOST_PAGES = 128
# An address with one of these names other numbers than a preset's own. Those of a shared link stand
# behind its #, which no server is sent.
_OTHERS = ("session", "shared", "practice", "lesson")
_DIGITS_IN_SAMPLE = 5
_LATER = ("created", "expires")


@dataclass(frozen=True)
class Page:
    """The whole page, UTF-8, as it is and compressed, and its entity tag."""

    plain: bytes
    packed: bytes
    tag: str

    @classmethod
    def of(cls, text: str) -> "Page":
        """Compressed as far as gzip can: once for all who come."""
        plain = text.encode()
        tag = hashlib.sha256(plain).hexdigest()[:16]
        return cls(plain, gzip.compress(plain, 9, mtime=0), f'W/"{tag}"')


@dataclass(frozen=True)
class Asked:
    """A preset, and what its view has otherwise than by default."""

    preset: str
    change: ChangeView


def asked_for(query: QueryParams) -> Asked | None:
    """The figure that an address names; None where its numbers are not a preset's own.

    What makes no sense is left to the page, which knows what to say.
    """
    preset = query.get("preset", FIRST)
    if preset not in PRESETS or any(name in query for name in _OTHERS):
        return None
    sample = query.get("sample", "")
    is_number = sample.isascii() and sample.isdigit() and len(sample) <= _DIGITS_IN_SAMPLE
    names = tuple(name for name in query.get("open", "").split(",") if name)
    return Asked(
        preset,
        ChangeView(
            query.get("level"), query.get("loss"), int(sample) if is_number else None,
            open=names or None, form=query.get("form"),
            update=True if query.get("update") == "1" else None,
        ),
    )  # fmt: skip


class FirstPages:
    """Pages with what they show first, each made when it is first asked for, and kept; thread-safe.

    Args:
        loader: Gives the digits.
        render: Makes the text of a page in a language from its document, or from None.
    """

    def __init__(self, loader: Loader, render: Callable[[str, str | None], str]) -> None:
        self._loader = loader
        self._render = render
        self._pages: OrderedDict[tuple[str, Asked | None], Future[Page]] = OrderedDict()
        self._lock = threading.Lock()

    def page(self, language: str, asked: Asked | None, executor: Executor) -> Future[Page]:
        """The page that shows ``asked`` at once; for None, one that has to ask for all it shows.

        Whoever asks meanwhile for a page that is being made gets the same future.
        """
        key = (language, asked)
        with self._lock:
            known = self._pages.get(key)
            failed = known and known.done() and (known.cancelled() or known.exception())
            if known is None or failed:
                known = self._pages[key] = executor.submit(self._make, language, asked)
            self._pages.move_to_end(key)
            while len(self._pages) > MOST_PAGES:
                self._pages.popitem(last=False)
            return known

    def document(self, asked: Asked | None) -> str | None:
        """What `asked` shows as JSON fit for a page; None where it shows nothing of its own."""
        if asked is None:
            return None
        seen = seen_preset(asked.preset, asked.change, self._loader, UNMADE)
        return None if seen is None else in_script(_written(seen))

    def _make(self, language: str, asked: Asked | None) -> Page:
        return Page.of(self._render(language, self.document(asked)))


def _written(seen: Seen) -> bytes:
    session, view, passes = seen.session, seen.view, seen.passes
    document = session_json(session, passes, 0.0, MAX_CELLS)
    # When it was made, and until when it is kept, is not known before it is made.
    described = {name: value for name, value in document.items() if name not in _LATER}
    trace, topology = passes.trace(session, view), passes.topology(session, view)
    parts = {
        "session": encode(described),
        "view": encode(view_json(view)),
        "graph": passes.drawing(session, view).encoded,
        "trace": encode(trace_json(session, trace, view, topology, MAX_CELLS)),
    }
    return b"{%s}" % b",".join(b'"%s":%s' % (name.encode(), part) for name, part in parts.items())


def presets_document() -> str:
    """The networks among the presets without their numbers, as the API tells them, fit for a page.

    The programs come when somebody opens the list.
    """
    return in_script(encode(networks_json()))


def in_script(text: bytes) -> str:
    """JSON as it may stand in a script element, which nothing in it can end."""
    return text.decode().replace("<", "\\u003c")
