"""Whether a wrong gradient is named by the mistake that makes it, on random networks and programs.

    python -m benchmarks.mistakes               40 wrong answers of each mistake
    python -m benchmarks.mistakes 10000         as many as are asked of it

Each answer is made by making one mistake at one place that is drawn, and reading one gradient that
it changes, in turn to all digits and to six that are written down. Named: the mistake is among
those that are offered. Beside others: others are offered, too; each of them is held to the number
that it gives, and counts as wrong where that is another one.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from app.engine.build import build_graph
from app.engine.code.running import graph_of, read_code
from app.engine.faults import FAULTS, Context, Fault, Site, named, sites, wrong_gradients
from app.engine.faults.naming import of_other_shape, written_within
from app.engine.initializers import Initializer, initialize
from app.engine.layer_types import LAYERS
from app.engine.run import Recorder
from app.engine.spec import LayerSpec, NetworkSpec
from app.engine.trace import Trace

Array = np.ndarray

WRONG = 40
# Passes that are drawn for one answer before a mistake is given up for this one.
TRIES = 200
SAME, DIGITS = 1e-6, 6
ACTIVATIONS = [layer.name for layer in LAYERS.values() if layer.activation]
BETWEEN = [*ACTIVATIONS, "dropout", "batch_norm", "layer_norm"]
# Branches, products of numbers, means, softmax and square matrices, which chains hardly have.
PROGRAMS = (
    "p = a * b\nq = p * a\nm = np.mean(q * c)\nL = m * m",
    "h = np.tanh(a @ b)\ny = h @ c + h\nL = np.sum(y * y)",
    "r = np.maximum(a @ b, 0)\ns = r + a\nL = np.sum(s * c)",
    "y = softmax(a @ b)\nL = -np.mean(np.log(y) * c)",
    "z = 1 / (1 + np.exp(-(a @ b + c)))\nd = z - a\nL = np.mean(d * d)",
)


@dataclass
class Count:
    """What came of the answers that one mistake gave."""

    made: int = 0
    named: int = 0
    beside: int = 0
    wrongly: int = 0


def network(generator: np.random.Generator) -> tuple[Trace, Context]:
    """A pass of a chain of one to three Affine layers, and that of the step before."""
    sizes = [int(size) for size in generator.integers(1, 5, size=generator.integers(2, 5))]
    if generator.random() < 0.4:
        sizes = [int(generator.integers(2, 5))] * len(sizes)
    layers = [LayerSpec("affine", units=sizes[1])]
    for units in sizes[2:]:
        layers += [LayerSpec(str(generator.choice(BETWEEN))), LayerSpec("affine", units=units)]
    spec = NetworkSpec.build(sizes[0], layers, "softmax_cross_entropy")
    n = int(generator.integers(1, 6))
    parameters = initialize(spec, Initializer("xavier"), int(generator.integers(2**31)))
    given = {
        name: value + 0.3 * generator.standard_normal(value.shape)
        for name, value in parameters.items()
    }
    x = generator.standard_normal((n, sizes[0]))
    t = np.eye(sizes[-1])[generator.integers(sizes[-1], size=n)]
    graph = build_graph(spec, n, closed=frozenset(layer.name for layer in spec.layers))

    def recorded(moved: float) -> Trace:
        samples = x + moved * generator.standard_normal(x.shape)
        return Recorder(graph, {"x": samples, "t": t, **given}, "float64").record(None)

    return recorded(0.0), Context(recorded(1.0), 0.1)


def program(generator: np.random.Generator) -> tuple[Trace, Context]:
    """A pass of lines of NumPy, and that of the step before."""
    code = str(generator.choice(PROGRAMS))
    size = int(generator.integers(2, 5))

    def recorded() -> Trace:
        values = {name: generator.standard_normal((size, size)) for name in "abc"}
        spec, given, _ = read_code(code, values)
        return Recorder(graph_of(spec), given, "float64").record(None)

    return recorded(), Context(recorded(), 0.1)


def wrong_answer(
    generator: np.random.Generator, fault: Fault
) -> tuple[Trace, Context, str, Array] | None:
    """A gradient as somebody gives it who makes the mistake; None where it changes nothing."""
    trace, context = network(generator) if generator.random() < 0.6 else program(generator)
    found = list(sites(trace, fault, context))
    if not found:
        return None
    site = found[int(generator.integers(len(found)))]
    changed = dict(_answers(trace, fault, site, context))
    keys = [key for key, value in changed.items() if not _same(value, trace.array(key))]
    if not keys:
        return None
    key = keys[int(generator.integers(len(keys)))]
    return trace, context, key, changed[key]


def _answers(
    trace: Trace, fault: Fault, site: Site, context: Context
) -> Iterator[tuple[str, Array]]:
    odd = of_other_shape(trace, site, context, fault.makes)
    if odd is None:
        yield from wrong_gradients(trace, fault, site, context).items()
        return
    edge = trace.graph.edge[trace.graph.node[site.node].inputs[site.k]]
    yield f"{edge.tensor}.grad", odd


def _same(a: Array, b: Array) -> bool:
    return a.shape == b.shape and np.allclose(a, b, rtol=10 * SAME, atol=1e-12)


def tried(fault: Fault, count: int, generator: np.random.Generator) -> Count:
    """So many wrong answers of one mistake, or as many as networks give."""
    told = Count()
    for number in range(count):
        drawn = (wrong_answer(generator, fault) for _ in range(TRIES))
        wrong = next((one for one in drawn if one is not None), None)
        if wrong is None:
            continue
        trace, context, key, answer = wrong
        within = None
        if number % 2:
            answer = np.round(answer, DIGITS)
            within = written_within(answer)
            if answer.shape == trace.array(key).shape and np.allclose(
                answer, trace.array(key), rtol=0, atol=10.0**-DIGITS
            ):
                continue
        told.made += 1
        offered = named(trace, key, answer, within, context)
        names = [one.fault for one in offered]
        told.named += fault.id in names
        told.beside += len(names) > 1
        for one in offered:
            gives = dict(_answers(trace, FAULTS[one.fault], one.sites[0], context))
            number_given = gives.get(key, trace.array(key))
            room = 2 * 10.0**-DIGITS if number % 2 else 0.0
            told.wrongly += number_given.shape != answer.shape or not np.allclose(
                number_given, answer, rtol=10 * SAME, atol=room, equal_nan=True
            )
    return told


def table(counts: Mapping[str, Count]) -> str:
    """The counts as lines."""
    lines = [f"{'mistake':20}{'made':>8}{'named':>8}{'%':>8}{'beside others':>15}{'wrongly':>9}"]
    for id, one in counts.items():
        share = f"{100 * one.named / one.made:.2f}" if one.made else "-"
        lines.append(f"{id:20}{one.made:8}{one.named:8}{share:>8}{one.beside:15}{one.wrongly:9}")
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else WRONG
    generator = np.random.default_rng(0)
    with np.errstate(all="ignore"):
        print(table({id: tried(fault, count, generator) for id, fault in FAULTS.items()}))


if __name__ == "__main__":
    main()
