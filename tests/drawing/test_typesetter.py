import itertools
import json
import subprocess
import sys
from xml.etree import ElementTree

import pytest
from ziamath.nodes.mnode import Mnode

from app.drawing.formulas.typesetter import typeset
from app.sessions.presets import PRESETS
from tests.drawing.test_formulas import formulas_of

# ziamath as it is installed, but for the brackets around a sum, which it gets wrong.
PLAIN = """
import json, sys, warnings
from xml.etree import ElementTree
warnings.simplefilter("ignore")
from ziamath.operators import operators
from ziamath.zmath import Latex
for params in operators.values():
    if params.get("largeop") == "true":
        params["stretchy"] = "false"
found = [Latex(latex, size=15.0, margin=0.0).svgxml() for latex in json.load(sys.stdin)]
json.dump([ElementTree.tostring(root, "unicode") for root in found], sys.stdout)
"""
NESTED = [
    r"\left(\frac{\left(a + \frac{b_{1}}{c}\right)^{2}}{\left|x\right|}\right)_{i}",
    r"\sqrt{\left[\sum_{i} \frac{1}{x_{i}}\right]} \uparrow \overline{ab} \langle x \rangle",
    r"\widehat{abc} + \left\{\begin{matrix} a & \frac{1}{2} \\ c & d \end{matrix}\right\}",
    r"\mathbf{Y}\left(\exp\left(\frac{a}{b}\right)\right) \| x \| \lfloor y \rfloor",
]


def test_every_formula_is_the_one_that_ziamath_sets_by_itself() -> None:
    formulas = sorted(set().union(*map(formulas_of, PRESETS)))
    formulas = [latex for latex in formulas if "'" not in latex] + NESTED
    assert len(formulas) > 100
    answer = subprocess.run(
        [sys.executable, "-c", PLAIN], input=json.dumps(formulas), capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    for latex, plain in zip(formulas, json.loads(answer.stdout), strict=True):
        assert ElementTree.tostring(typeset(latex, 15.0), "unicode") == plain, latex


def nodes_made(monkeypatch: pytest.MonkeyPatch, latex: str) -> int:
    made = 0
    plain = Mnode.__init__

    def counted(*args: object, **kwargs: object) -> None:
        nonlocal made
        made += 1
        plain(*args, **kwargs)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Mnode, "__init__", counted)
        typeset(latex, 15.0)
    return made


def test_what_stands_in_fractions_in_fractions_is_made_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    latex, counts = "x", []
    for _ in range(6):
        latex = rf"\frac{{1 + {latex}}}{{2}}"
        counts.append(nodes_made(monkeypatch, latex))
    steps = [after - before for before, after in itertools.pairwise(counts)]
    assert len(set(steps)) == 1
