"""CONTRIBUTING's recipes are true: a new function, op and layer are one row, one row and one file.

In a copy of the app they are added as the recipe says, and nothing else is touched. They are then
listed, documented, drawn, explained and checked (`recipes_child`), and the tests over the tables
hold them to their rules and to finite differences.
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

FUNCTION = """    "softsign": Function(
        lambda v: v / (1 + np.abs(v)),
        "softsign({x})",
        (("in", "softsign_slope"),),
        title="Softsign",
        formula=r"\\frac{{{0}}}{{1 + \\left|{0}\\right|}}",
        gradient=r"\\frac{{{g}}}{{(1 + \\left|{0}\\right|)^{{2}}}}",
        numpy="{0} / (1 + np.abs({0}))",
        numpy_gradient="{g} / (1 + np.abs({0})) ** 2",
        layer=True,
    ),
    "softsign_slope": Function(lambda v: 1 / (1 + np.abs(v)) ** 2, "1/(1 + |{x}|)\u00b2"),
"""
OP = """    "average": Op(
        "avg",
        broadcast_shape,
        *_elementwise(lambda a, b: (a + b) / 2, lambda k, inputs, grad: grad / 2),
        lambda shapes, attributes: IndexRule(
            broadcast_letters(shapes)[0],
            tuple(
                Term((Factor(str(k), axes),), 0.5)
                for k, axes in enumerate(broadcast_letters(shapes)[1])
            ),
        ),
        r"\\frac{{{0} + {1}}}{{2}}",
        (r"\\frac{{1}}{{2}} \\, {g}",),
        "({0} + {1}) / 2",
        backs=("{g} / 2",),
        broadcasts=True,
    ),
"""
LAYER = '''"""Each unit times a weight of its own."""

from app.engine.layer_types.kind import LayerType, Opening, Parameter


def _build(layer: Opening) -> str:
    return layer.node("multiply", "multiply", [layer.x, layer.parameter("w")])


SCALE = LayerType(
    "scale",
    "Scale",
    _build,
    parameters=lambda size, settings: {"w": Parameter(size, "w", start=1.0)},
    formula="{0} w",
)
'''

RULES = ("softsign.forward", "softsign.gradient.0", "average.forward", "average.gradient.0")


def put(path: Path, before: str, added: str) -> None:
    """Write something before the one place where a text stands."""
    text = path.read_text("utf-8")
    assert text.count(before) == 1, (path, before)
    path.write_text(text.replace(before, added + before), "utf-8")


def copied(to: Path) -> Path:
    """The app with the new rows in it."""
    for folder in ("app", "tests"):
        shutil.copytree(
            ROOT / folder, to / folder, ignore=shutil.ignore_patterns("__pycache__", "browser")
        )
    for folder in ("templates", "pyproject.toml"):
        (to / folder).symlink_to(ROOT / folder)
    shutil.copytree(ROOT / "static/lang", to / "static/lang")
    for one in (ROOT / "static").iterdir():
        if one.name != "lang":
            (to / "static" / one.name).symlink_to(one)
    engine = to / "app/engine"
    put(engine / "functions.py", '    "sin": Function(', FUNCTION)
    put(engine / "ops_arithmetic.py", '    "maximum": Op(', OP)
    (engine / "layer_types/scale.py").write_text(LAYER, "utf-8")
    types = engine / "layer_types/__init__.py"
    put(
        types,
        "from app.engine.layer_types.softmax",
        "from app.engine.layer_types.scale import SCALE\n",
    )
    put(types, "        SOFTMAX,\n", "        SCALE,\n")
    words = "".join(f'  "rule.{name}": "A sentence about {{a}}: {{out}}.",\n' for name in RULES)
    for path in (to / "static/lang").iterdir():
        put(path, '  "rule.sin.forward"', words)
    return to


def run(where: Path, *command: str) -> None:
    done = subprocess.run(
        [sys.executable, *command], cwd=where, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def test_a_function_an_op_and_a_layer_are_added_as_the_recipe_says(tmp_path: Path) -> None:
    copy = copied(tmp_path)
    run(copy, "-m", "tests.recipes_child")
    names = "softsign or average or scale or sentences"
    tests = ("engine/test_ops.py", "engine/test_layer_types.py", "web/test_words.py")
    files = [f"tests/{path}" for path in tests]
    run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files, "-k", names)
