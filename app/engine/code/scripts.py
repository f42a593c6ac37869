"""A pass as a script that runs alone: in NumPy with its backward half, or in PyTorch.

A script prints what it computes and holds it to the numbers of the pass. It is text: nothing here
ever runs it.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from app.engine.code import torch_lines
from app.engine.code.derived import Derived
from app.engine.code.helpers import needed
from app.engine.code.literals import numpy_literal, torch_literal
from app.engine.code.step import Step
from app.engine.trace import Trace

Array = np.ndarray
# A tensor of more numbers is read from a file.
MOST_LITERAL = 1_000
# How far from the numbers of the pass those of a script may be, by dtype: where they are above 1,
# as a share of the largest.
TOLERANCES = {"float64": 1e-12, "float32": 1e-5}


@dataclass(frozen=True)
class Numbers:
    """What a script is given and what it is held to.

    Attributes:
        given: By tensor.
        result: Of the forward half; None where nothing is computed.
        start: dL/d(result), where it is given.
        gradients: By tensor.
        dtype: Of all.
    """

    given: Mapping[str, Array]
    result: Array | None
    start: Array | None = None
    gradients: Mapping[str, Array] = field(default_factory=dict)
    dtype: str = "float64"

    @classmethod
    def of(cls, derived: Derived, trace: Trace, start: Array | None, dtype: str) -> "Numbers":
        """Those of a pass whose lines are ``derived``; ``start`` as for `Recorder.record`."""
        known = frozenset(trace.known)
        output = derived.graph.output
        has_loss = derived.graph.tensors[output].role == "loss"
        goes_back = derived.starts is not None
        return cls(
            {tensor: trace.array(tensor) for tensor in derived.given},
            trace.array(output) if derived.graph.nodes else None,
            None if has_loss or not goes_back else start,
            {
                tensor: trace.array(f"{tensor}.grad")
                for tensor in derived.given
                if goes_back and f"{tensor}.grad" in known
            },
            dtype,
        )

    def filed(self, constants: Mapping[str, Array]) -> tuple[str, ...]:
        """The names of the tensors that are read from a file."""
        found = {**self.given, **constants}
        found |= {f"{name}.grad": value for name, value in self.gradients.items()}
        return tuple(name for name, value in found.items() if value.size > MOST_LITERAL)


@dataclass(frozen=True)
class About:
    """What is said at the top of a script.

    Attributes:
        title: Of what it is.
        file: The name of the file of large tensors.
        source: How that is got.
    """

    title: str
    file: str
    source: str


class Values:
    """Literals, or what is read from the file."""

    def __init__(self, literal: Callable[[Array], str], filed: Iterable[str]) -> None:
        self._literal = literal
        self._filed = frozenset(filed)

    def of(self, tensor: str, value: Array) -> str:
        """An array as an expression."""
        return f"numbers[{tensor!r}]" if tensor in self._filed else self._literal(value)


def numpy_script(derived: Derived, numbers: Numbers, about: About) -> str:
    """The pass in NumPy, line by line, forward and back."""
    values = Values(numpy_literal, numbers.filed(derived.constants))
    body = [given_lines(derived, numbers, values), _titled("Forward", _texts(derived.forward))]
    if derived.starts is not None:
        start = "1.0" if numbers.start is None else numpy_literal(numbers.start)
        first = f"{derived.starts} = {start}"
        body.append(_titled("Backward", [first, *_texts(derived.backward)]))
    return framed(about, numbers, derived.constants, [*body, _checks(derived, numbers, values)])


def torch_script(derived: Derived, numbers: Numbers, about: About) -> str:
    """The same computation in PyTorch, whose gradients are held to those of the pass."""
    filed = numbers.filed(derived.constants)
    lines = []
    for tensor, name in derived.given.items():
        value, learns = numbers.given[tensor], tensor in numbers.gradients
        if tensor in filed:
            extra = ".requires_grad_()" if learns else ""
            lines.append(f"{name} = torch.from_numpy(numbers[{tensor!r}]){extra}")
        else:
            lines.append(f"{name} = {torch_literal(value, learns)}")
    for tensor, value in derived.constants.items():
        value = value.astype(numbers.dtype)
        loaded = f"torch.from_numpy(numbers[{tensor!r}])"
        made = loaded if tensor in filed else torch_literal(value, False)
        lines.append(f"{derived.names[tensor]} = {made}")
    body = [_titled("What is given", lines), _titled("Forward", _texts(derived.forward))]
    output = derived.names[derived.graph.output]
    values = Values(numpy_literal, filed)
    checks = []
    if numbers.result is not None:
        checks.append(
            f"check({output!r}, {output}.detach().numpy(), {numpy_literal(numbers.result)})"
        )
    if derived.starts is not None:
        start = "" if numbers.start is None else torch_literal(numbers.start, False)
        body.append(_titled("Backward", [f"{output}.backward({start})"]))
        checks += [
            f"check({'d' + derived.given[tensor]!r}, {derived.given[tensor]}.grad.numpy(), "
            f"{values.of(f'{tensor}.grad', known)})"
            for tensor, known in numbers.gradients.items()
        ]
    body.append(_titled(HELD, checks))
    return framed(about, numbers, derived.constants, body, torch=True)


HELD = "The numbers, held to those of the explorer"


def given_lines(derived: Derived, numbers: Numbers, values: Values) -> str:
    """What a pass is given, one array a line."""
    lines = [
        f"{name} = {values.of(tensor, numbers.given[tensor])}"
        for tensor, name in derived.given.items()
    ]
    lines += [
        f"{derived.names[tensor]} = {values.of(tensor, value.astype(numbers.dtype))}"
        for tensor, value in derived.constants.items()
    ]
    return _titled("What is given", lines)


def framed(
    about: About, numbers: Numbers, constants: Mapping[str, Array], body: Iterable[str],
    torch: bool = False,
) -> str:  # fmt: skip
    """The parts of a script below each other, with what they need above them."""
    text = "\n\n".join(part for part in body if part)
    helpers = needed(text, torch_lines.HELPERS) if torch else needed(text)
    check = _CHECK.format(tolerance=TOLERANCES[numbers.dtype])
    whole = "\n".join([helpers, check, text])
    imports = [name for name in ("math",) if re.search(rf"\b{name}\.", whole)]
    head = [f'"""{about.title}"""', "\n".join([*(f"import {name}" for name in imports)])]
    head.append("import numpy as np")
    if torch:
        head[-1] += "\nimport torch"
        head[-1] += "\nimport torch.nn.functional as F" if re.search(r"\bF\.", whole) else ""
        head[-1] += f"\n\ntorch.set_default_dtype(torch.{numbers.dtype})"
    odd = [name for name in ("inf", "nan") if re.search(rf"(?<![\w.]){name}\b", text)]
    if odd:
        head.append("\n".join(f"{name} = np.{name}" for name in odd))
    if numbers.filed(constants):
        head.append(
            f"# {about.source}\nwith np.load({about.file!r}) as file:\n    numbers = dict(file)"
        )
    parts = ["\n\n".join(head), helpers.rstrip(), check.strip()]
    return "\n\n\n".join(part for part in [*parts, text] if part) + "\n"


_CHECK = '''
def check(name, value, known):
    """Print numbers, and hold them to those that the explorer has."""
    print(f"{{name}} =", value if np.ndim(value) < 1 else f"\\n{{value}}")
    assert np.shape(value) == np.shape(known), name
    largest = np.max(np.abs(known), initial=1, where=np.isfinite(known))
    np.testing.assert_allclose(value, known, rtol=0, atol={tolerance} * largest, err_msg=name)
'''


def _checks(derived: Derived, numbers: Numbers, values: Values) -> str:
    lines = []
    output = derived.names[derived.graph.output]
    if numbers.result is not None:
        lines.append(f"check({output!r}, {output}, {numpy_literal(numbers.result)})")
    if derived.starts is not None:
        for tensor, known in numbers.gradients.items():
            name = derived.gradients[tensor]
            lines.append(f"check({name!r}, {name}, {values.of(f'{tensor}.grad', known)})")
    return _titled(HELD, lines)


def _titled(title: str, lines: Iterable[str]) -> str:
    text = "\n".join(lines)
    return f"# {title}\n{text}" if text else ""


def _texts(steps: Iterable[Step]) -> list[str]:
    return [step.text for step in steps]
