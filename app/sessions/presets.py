"""Sessions to start from, with numbers one can check by hand: the book's figures of networks.

Those that are programs stand in `program_presets`; `wanted` finds both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from app.engine.bounds import whole
from app.engine.build import build_graph
from app.engine.errors import EngineError
from app.engine.graph import OpGraph
from app.engine.optimizers import OptimizerConfig
from app.engine.spec import LayerSpec, NetworkSpec
from app.sessions import digits, program_presets
from app.sessions.creation import Wanted, WantedCode
from app.sessions.edits import ChangeView, Loader
from app.sessions.program_presets import PROGRAMS, Chapter
from app.sessions.state import FIRST_OPTIMIZER, Source

Array = np.ndarray

HELD_OUT = 2_000
# Held-out digits to learn from: the network wavers over them or takes them for another class, so
# that loss and gradients are large enough to be seen. Of most others it is sure to a millionth.
DOUBTFUL = (1906, 1603, 64, 25, 107, 342, 722, 48, 191, 1303, 1044, 46, 1884, 111, 1925, 1063)
FIRST_DIGIT = DOUBTFUL[0]


@dataclass(frozen=True)
class Preset:
    """A session to start from that is a network.

    Attributes:
        id: ``fig-5-25`` or ``two-layer``.
        title: What it shows, in English; the page has its own words.
        input_size, layers, loss: The network; layers as (type, units).
        view: How it is drawn.
        parameters, x, t, grad_output: Its numbers; a digit's x, t and parameters are loaded.
        is_digit: Whether it shows a held-out digit, which a row number chooses.
        names_batch: Whether its shapes name the number of samples, N, as figure 5-27 does.
        chapter: Where it belongs.
    """

    id: str
    title: str
    view: ChangeView
    input_size: int
    layers: Sequence[tuple[str, int | None]] = ()
    loss: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    x: Sequence[Sequence[float]] = ()
    t: Sequence[Any] | None = None
    grad_output: Sequence[Sequence[float]] | None = None
    is_digit: bool = False
    names_batch: bool = False
    chapter: Chapter = "5.6"


# X . W = (5, 11, 17) as in section 3.3.3 of the book.
_ONE_SAMPLE: dict[str, Any] = {
    "input_size": 2,
    "layers": (("affine", 3),),
    "parameters": {"affine1.W": [[1, 3, 5], [2, 4, 6]], "affine1.b": [1, 2, 3]},
    "x": [[1, 2]],
}
# exp gives 3, 2 and 5, whose sum S = 10 differs from its inverse. The probabilities are then
# (0.3, 0.2, 0.5), and with the second class right the gradients are the book's (0.3, -0.8, 0.5).
_THREE_SCORES: dict[str, Any] = {
    "input_size": 3,
    "loss": "softmax_cross_entropy",
    "x": np.log([[3.0, 2.0, 5.0]]).tolist(),
    "t": [[0, 1, 0]],
}

_ALL = (
    Preset(
        "fig-5-24",
        "Affine for one sample: forward",
        ChangeView("op", "closed", 0, True),
        **_ONE_SAMPLE,
    ),
    Preset(
        "fig-5-25",
        "Affine for one sample: backward",
        ChangeView("op", "closed", 0, True),
        grad_output=[[1, 2, 3]],
        **_ONE_SAMPLE,
    ),
    Preset(
        "fig-5-26",
        "Why the shapes of a product fit",
        ChangeView("op", "closed", 0, True),
        grad_output=[[1, 2, 3]],
        **_ONE_SAMPLE,
    ),
    Preset(
        "fig-5-27",
        "Affine for a batch",
        ChangeView("op", "closed", 0, False),
        2,
        (("affine", 3),),
        # The rows (0, 0, 0) and (10, 10, 10) of X . W, and dB = (5, 7, 9), are the book's NumPy
        # demonstrations. Three samples of two numbers, so that no size can be taken for another.
        parameters={"affine1.W": [[2, 4, 6], [4, 3, 2]], "affine1.b": [1, 2, 3]},
        x=[[0, 0], [1, 2], [2, 4]],
        grad_output=[[1, 2, 3], [3, 4, 5], [1, 1, 1]],
        names_batch=True,
    ),
    Preset(
        "fig-5-28",
        "A digit through the network",
        ChangeView("network", "closed", 0, False),
        784,
        (("affine", 50), ("relu", None), ("affine", 100), ("relu", None), ("affine", 10)),
        "softmax_cross_entropy",
        is_digit=True,
    ),
    Preset(
        "fig-5-29",
        "Softmax-with-Loss, opened",
        ChangeView("element", "opened", 0, False),
        **_THREE_SCORES,
    ),
    Preset(
        "fig-5-30",
        "Softmax-with-Loss, closed",
        ChangeView("element", "closed", 0, False),
        **_THREE_SCORES,
    ),
    Preset(
        "two-layer",
        "A two-layer network",
        ChangeView("op", "closed", 0, False),
        2,
        (("affine", 4), ("relu", None), ("affine", 3)),
        "softmax_cross_entropy",
        {
            "affine1.W": [[0.6, -0.8, 0.4, 1.0], [-0.5, 0.7, 0.9, 0.3]],
            "affine1.b": [0.1, 0, -0.2, 0.3],
            "affine2.W": [[0.8, -0.6, 0.2], [-0.7, 0.5, 0.9], [0.3, 1.1, -0.4], [-0.2, 0.4, 0.6]],
            "affine2.b": [0, 0.1, -0.1],
        },
        [[1.0, 0.5], [-0.5, 1.0], [0.2, -1.0], [-1.0, -0.6], [0.8, 1.2]],
        [0, 1, 2, 2, 1],
    ),
)
PRESETS: Mapping[str, Preset] = {preset.id: preset for preset in _ALL}


def titles() -> Mapping[str, str]:
    """What each preset shows, in English, by its id."""
    networks = {id: preset.title for id, preset in PRESETS.items()}
    return networks | {id: program.title for id, program in PROGRAMS.items()}


def first_optimizer(preset_id: str | None) -> OptimizerConfig:
    """What a preset's parameters are moved by before anybody chooses something else."""
    program = PROGRAMS.get(preset_id or "")
    return (program and program.optimizer) or FIRST_OPTIMIZER


def wanted(preset_id: str, row: int | None, loader: Loader) -> Wanted | WantedCode:
    """The network or program of a preset, and its numbers.

    Args:
        preset_id: One of `PRESETS` or of `PROGRAMS`.
        row: Which held-out digit, 0 to 1,999, only where the preset shows one; else the first of
            `DOUBTFUL`.
        loader: Gives the digits.

    Raises:
        EngineError: no such preset, no such digit, or a row where there are no digits.
    """
    program = PROGRAMS.get(preset_id)
    if program is None:
        return wanted_network(preset_id, row, loader)
    if row is not None:
        raise _takes_no_row(preset_id)
    return program_presets.wanted(program)


def wanted_network(preset_id: str, row: int | None, loader: Loader) -> Wanted:
    """The same of one of `PRESETS`."""
    preset = PRESETS.get(preset_id)
    if preset is None:
        known = [*titles()]
        raise EngineError(f"preset is one of {', '.join(known)}", "preset", "name", {"enum": known})
    if row is not None and not preset.is_digit:
        raise _takes_no_row(preset_id)
    row = FIRST_DIGIT if row is None else row
    rows = whole(0, HELD_OUT - 1)
    if not rows.holds(row):
        raise EngineError(f"row is {rows.words}", "row", "range", rows.schema)
    parameters: Mapping[str, Array] = {
        name: np.array(value, dtype=float) for name, value in preset.parameters.items()
    }
    x: Array = np.array(preset.x, dtype=float)
    t = None if preset.t is None else np.array(preset.t)
    source = None
    if preset.is_digit:
        parameters = digits.trained(loader)
        x, t = loader("mnist", "test", [row])
        source = Source("mnist", "test", (row,))
    dy = None if preset.grad_output is None else np.array(preset.grad_output, dtype=float)
    layers = tuple(LayerSpec(type, units=units) for type, units in preset.layers)
    return Wanted(
        preset.input_size, layers, preset.loss, "float64", x, parameters,
        t=t, grad_output=dy, view=preset.view, source=source,
    )  # fmt: skip


def _takes_no_row(preset_id: str) -> EngineError:
    return EngineError(f"{preset_id} shows no digit, so it takes no row", "row", "value")


def drawn(preset: Preset, loss: str | None = None) -> OpGraph:
    """The op graph that a preset's figure opens on, from its sizes alone.

    Args:
        preset: The preset.
        loss: ``opened`` or ``closed`` instead of what its view says.
    """
    spec = network(preset)
    level = "element" if preset.view.level == "element" else "op"
    loss = loss or preset.view.loss or "closed"
    return build_graph(spec, len(preset.x) or 1, level, loss, targets=preset.loss is not None)


def network(preset: Preset) -> NetworkSpec:
    """What the network of a preset is made of."""
    layers = [LayerSpec(type, units=units) for type, units in preset.layers]
    return NetworkSpec.build(preset.input_size, layers, preset.loss)
