r"""LaTeX to SVG by ziamath 0.13, with what it does wrong mended and what it does twice done once.

The first drawing of a network waits for its formulas, up to two hundred of them. What is changed
here changes no formula by a unit, except for brackets around large operators and bold digits.
"""

import re
import warnings
from functools import cache
from threading import Lock
from typing import Any
from xml.etree.ElementTree import Element

with warnings.catch_warnings():
    # ziamath 0.13 opens its font through importlib.resources.path, deprecated in Python 3.11.
    warnings.simplefilter("ignore", DeprecationWarning)
    from ziafont.glyph import SimpleGlyph
    from ziamath import styles
    from ziamath.nodes.mrow import Mrow
    from ziamath.nodes.nodetools import elementtext
    from ziamath.operators import operators
    from ziamath.zmath import Latex

# ziamath has large operators stretch with their row, and takes a stretching one with a limit for
# 999 px high where it measures what stands between brackets: \left(\sum_{i} t_{i}\right) would be
# 2,000 px high. A sum does not stretch in TeX, nor in MathML Core.
for _params in operators.values():
    if _params.get("largeop") == "true":
        _params["stretchy"] = "false"

_STRETCHY = frozenset(
    name for (name, _), params in operators.items() if params.get("stretchy", "false") != "false"
)
# What measures itself, and so hides its operators from the row around it.
_ROWS = frozenset({"math", "mrow", "mtr", "mtd", "none"})
# Bold letters and digits are characters of their own to a font; ziamath sets only the letters so.
_BOLD = re.compile(r"\\mathbf\{(\d+)\}")
_DIGITS = str.maketrans({str(digit): chr(0x1D7CE + digit) for digit in range(10)})
# Its fonts and configuration are shared and make no promise about threads.
_lock = Lock()


class Row(Mrow, tag="mrow"):
    """A row that is measured only where an operator in it has to stretch to its height.

    ziamath makes all that is in a row twice, the first time for this height, so what is in k rows
    is made 2^k times. Being a subclass with this tag puts it in the place of `Mrow`.
    """

    def _get_height_nostretch(self, line: list[Element], **kwargs: Any) -> tuple[float, float]:
        if not any(map(_stretches, line)):
            return 0.0, 0.0  # nobody asks
        height: tuple[float, float] = super()._get_height_nostretch(line, **kwargs)
        return height


def _stretches(element: Element) -> bool:
    """Whether an operator here takes its height from the row that ``element`` is in."""
    if element.tag in _ROWS:
        return False
    asked = element.get("stretchy")
    stretches = elementtext(element) in _STRETCHY if asked is None else asked != "false"
    return stretches or any(map(_stretches, element))


# Every node copies its parent's style to look into it, by far the most expensive way there is.
setattr(styles, "asdict", vars)  # noqa: B010 - not one of its own names
# An outline was written anew for each formula.
SimpleGlyph.svgsymbol = cache(SimpleGlyph.svgsymbol)  # type: ignore[method-assign]


def typeset(latex: str, size: float) -> Element:
    """An SVG: a ``<symbol>`` for each outline, a ``<use>`` for each place, a ``<rect>`` per bar.

    Args:
        latex: what its parser takes; primes with an exponent are one superscript.
        size: type size in pixels.
    """
    latex = _BOLD.sub(lambda found: found[1].translate(_DIGITS), latex)
    with _lock:
        root: Element = Latex(latex, size=size, margin=0.0).svgxml()
    return root
