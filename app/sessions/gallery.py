"""The figures of the book as finished pictures, each drawn when it is first asked for, and kept.

They need no session of anybody's: each is drawn from its preset's own numbers, with its whole pass
computed.
"""

import hashlib
import threading
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from xml.etree import ElementTree

from app.drawing.figure.captions import english
from app.drawing.svg.figure import figure_svg
from app.engine.errors import EngineError
from app.engine.spec import Limits
from app.engine.strides import Cursor
from app.sessions import presets
from app.sessions.creation import begin, check
from app.sessions.edits import ChangeView, Loader, changed_view
from app.sessions.passes import Passes
from app.sessions.pictures import picture
from app.sessions.state import Session, View

# In the order of the book.
FIGURES = tuple(name for name in presets.PRESETS if name.startswith("fig-"))
THEMES = ("light", "dark")

# Its one subject is an equation, so the graph that it belongs to, figure 5-25's, is left out.
_EQUATION_FIGURE = "fig-5-26"
_EQUATION_SCALE, _EQUATION_TOP = 2.0, 16.0


@dataclass(frozen=True)
class Plate:
    """One figure in one theme.

    Attributes:
        svg: The picture, UTF-8.
        width, height: Its size in pixels.
        tag: Another one for every other picture.
    """

    svg: bytes
    width: float
    height: float
    tag: str


class Gallery:
    """All plates, thread-safe."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        self._passes = Passes()
        self._plates: dict[tuple[str, str], Future[Plate]] = {}
        self._lock = threading.Lock()

    def plate(self, figure: str, theme: str, executor: Executor) -> Future[Plate]:
        """A figure in a theme.

        Whoever asks first has it drawn; whoever asks meanwhile gets the same future and holds no
        thread. A plate that could not be drawn is tried again.

        Args:
            figure: One of `FIGURES`.
            theme: One of `THEMES`.
            executor: Where it is drawn; figure 5-28 trains a network first, a second or two.
        """
        key = (figure, theme)
        with self._lock:
            known = self._plates.get(key)
            failed = known and known.done() and (known.cancelled() or known.exception())
            if known is None or failed:
                known = self._plates[key] = executor.submit(self._draw, figure, theme)
            return known

    def _draw(self, figure: str, theme: str) -> Plate:
        session = preset_session(figure, self._loader)
        if figure == _EQUATION_FIGURE:
            text = _equation_alone(self._passes, session, theme)
        else:
            end = Cursor(len(self._passes.trace(session).events), 0)
            text = picture(
                self._passes, session, session.view, end, theme,
                numbers=True, lit=False, equations=True,
            )  # fmt: skip
        svg = text.encode("utf-8")
        root = ElementTree.fromstring(text).attrib
        return Plate(
            svg, float(root["width"]), float(root["height"]), hashlib.sha256(svg).hexdigest()[:16]
        )


def _equation_alone(passes: Passes, session: Session, theme: str) -> str:
    """The first equation of a session's figure, large, with the brackets between its sizes."""
    drawing = passes.drawing(session, session.view)
    alone = {
        **drawing,
        "width": 0.0,
        "height": _EQUATION_TOP,
        "nodes": [],
        "edges": [],
        "groups": [],
        "equations": [{**one, "picture": one["product"]} for one in drawing["equations"][:1]],
    }
    title = presets.PRESETS[session.preset or ""].title
    title = f"{title} ({session.preset})"
    return figure_svg(alone, None, theme, scale=_EQUATION_SCALE, caption=english(alone, title))


def preset_session(figure: str, loader: Loader) -> Session:
    """A preset as a session that no store has; nobody can edit it, so its token is empty."""
    wanted = presets.wanted(figure, None, loader)
    return begin(figure, b"", 0.0, wanted, check(wanted, Limits()), figure)


@dataclass(frozen=True)
class Seen:
    """A preset at one of its views, and the passes that have its drawing and its trace."""

    session: Session
    view: View
    passes: Passes


def seen_preset(figure: str, change: ChangeView, loader: Loader, id: str) -> Seen | None:
    """A preset as `preset_session` has it, under ``id``, at the view that ``change`` makes.

    None where it cannot be seen like that.
    """
    session = replace(preset_session(figure, loader), id=id)
    # Its own: what is kept of passes goes by the id, and others may have the same.
    passes = Passes()
    try:
        view = changed_view(session.view, change, session, "")
        passes.drawing(session, view)
    except EngineError:
        return None
    return Seen(session, view, passes)
