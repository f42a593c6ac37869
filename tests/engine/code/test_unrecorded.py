"""A pass of a program without a record has the very bits of one with it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.code.objective import CodeObjective
from app.engine.code.running import read_code, trace_code
from app.sessions.program_presets import PROGRAMS
from tests.engine.code.random_programs import random_program
from tests.engine.code.test_random_programs import used


def same_bits(code: str, values: dict[str, object], grad_output: object = None) -> int:
    """How many gradients there were, all of them the same in both."""
    spec, checked, start = read_code(code, values, grad_output)
    trace = trace_code(spec, checked, start)
    objective = CodeObjective(spec, checked, start)
    if spec.loss is not None:
        assert np.float64(objective.value()).tobytes() == trace.array(spec.output).tobytes()
    gradients = objective.gradients()
    assert tuple(gradients) == spec.learned
    for name, gradient in gradients.items():
        assert gradient.tobytes() == trace.array(f"{name}.grad").tobytes(), name
    return len(gradients)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6))
def test_any_program_has_the_bits_of_its_recorded_pass(seed: int) -> None:
    made = random_program(seed)
    assert same_bits(made.code, dict(used(made))) >= 0


@pytest.mark.parametrize("id", PROGRAMS)
def test_so_has_every_preset(id: str) -> None:
    program = PROGRAMS[id]
    if program.grad_output is None and not program.code.splitlines()[-1].startswith("L"):
        program_loss = read_code(program.code, program.values)[0].loss
        if program_loss is None:
            pytest.skip("nothing that a backward pass begins with")
    same_bits(program.code, dict(program.values), program.grad_output)


@pytest.mark.parametrize(
    "code",
    [
        # 1 / -0 is not 1 / 0.
        "y = -np.maximum(w, 0)\nL = np.sum(1 / y)",
        # Three parts are added up in the order of their arrows.
        "L = np.sum(w * 0.1 + np.exp(w) * 1e-3 + w * w * 1e8 + np.sin(w) / 3)",
        # Views that are strided, turned or copied to rows.
        "a = w[::2] * 3\nL = np.sum(a @ a.T) + np.sum(w.T @ w) + np.sum(w + w[0])",
        "L = np.sum(np.max(w, axis=0) - w)",
    ],
)
def test_zeros_below_zero_and_orders_of_sums_are_those_of_the_record(code: str) -> None:
    values = np.random.default_rng(5).normal(size=(5, 4))
    values[0] = [-0.0, 0.0, -2.0, 1.0]
    assert same_bits(code, {"w": values}) == 1
