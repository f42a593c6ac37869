"""Whether a run has the same bits however it came about: all optimisers, by REST.

    python -m benchmarks.exactness              20 kills, 200 steps opened
    python -m benchmarks.exactness 3 40         fewer of both

Four runs, one for each optimiser, go on at once. Again and again each is paused and resumed, and
then the server is killed (SIGKILL), which ends what trains, too, and started again, whereupon they
go on by themselves. In the end each must have the very parameters that a training in one piece has,
made in this process by the engine alone; and so must any step of it that is opened.
"""

import io
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from app.engine.initializers import Initializer, initialize
from app.engine.network import Network
from app.engine.optimizers import OPTIMIZERS, OptimizerConfig, make_optimizer
from app.engine.spec import LayerSpec, NetworkSpec
from app.engine.training import Training
from benchmarks.learners import Learner, network
from benchmarks.served import Server, serving

KILLS, OPENED = 20, 200
SIZES, ROWS, BATCH, SEED, RATE = [20, 16, 4], 500, 7, 5, 0.01
ENDLESS = 1_000_000


def samples() -> tuple[np.ndarray, np.ndarray]:
    """x and labels, which do not fall apart into mini-batches without a rest."""
    generator = np.random.default_rng(0)
    return generator.normal(size=(ROWS, SIZES[0])), generator.integers(0, SIZES[-1], ROWS)


def body(type: str) -> dict[str, Any]:
    """A session for one of the optimisers."""
    x, t = samples()
    return {
        "network": network(SIZES),
        "seed": SEED,
        "x": x.tolist(),
        "t": t.tolist(),
        "optimizer": {"type": type, "learning_rate": RATE},
    }


class Alone:
    """The same training in one piece."""

    def __init__(self, type: str) -> None:
        inputs, hidden, classes = SIZES
        layers = (
            LayerSpec("affine", units=hidden),
            LayerSpec("relu"),
            LayerSpec("affine", units=classes),
        )
        spec = NetworkSpec.build(inputs, layers, "softmax_cross_entropy")
        self.network = Network(spec, initialize(spec, Initializer(), SEED))
        optimizer = make_optimizer(OptimizerConfig(type, RATE))
        self.training = Training(self.network, *samples(), optimizer, BATCH, ENDLESS, SEED)

    def differs(self, step: int, found: bytes) -> bool:
        """Whether parameters in an npz file are others than those after so many steps."""
        while self.training.done < step:
            self.training.advance()
        with np.load(io.BytesIO(found)) as arrays:
            mine = self.network.parameters
            assert set(arrays) == set(mine)
            return any(arrays[name].tobytes() != mine[name].tobytes() for name in mine)


@contextmanager
def killed(store: Path) -> Iterator[Server]:
    """A server that ends with SIGKILL."""
    with serving("app", "--port", "0", "--store", f"sqlite:{store}") as server:
        yield server
        server.process.kill()


def main(kills: int, opened: int) -> int:
    """Train, kill, compare; 1 where a bit differs."""
    generator, wrong = random.Random(0), 0
    learners: dict[str, Learner] = {}
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "s.db"
        steps = []
        for _ in range(kills):
            with killed(store) as server:
                for type in OPTIMIZERS:
                    if type not in learners:
                        plan = {"batch_size": BATCH, "steps": ENDLESS, "seed": SEED}
                        learners[type] = Learner.new(server, body(type)).train(plan)
                    learner = learners[type]
                    learner.server = server
                    learner.control("pause")
                    time.sleep(generator.uniform(0, 0.05))
                    learner.control("resume")
                time.sleep(generator.uniform(0, 2.5))
                steps.append(min(learner.step() for learner in learners.values()))
        print(f"{kills} kills, at steps {steps[0]:,} to {steps[-1]:,}")
        with killed(store) as server:
            for learner in learners.values():
                learner.server = server
                learner.control("stop")
                learner.finish()
            for type, learner in learners.items():
                alone = Alone(type)
                last = learner.step()
                told = learner.get(f"/runs/{learner.run}/history")["step"]
                end = learner.arrays()
                looked = sorted(generator.sample(told, opened // len(learners)))
                bad = 0
                for step in looked:
                    learner.post(f"/runs/{learner.run}/open", {"step": step})
                    bad += alone.differs(step - 1, learner.arrays())
                bad += alone.differs(last, end)
                print(f"{type:8} {last:7,} steps, {len(looked)} opened: {bad} with other bits")
                wrong += bad
    return 1 if wrong else 0


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:]]
    sys.exit(main(*numbers) if numbers else main(KILLS, OPENED))
