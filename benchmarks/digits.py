"""The book's network on the digits that come along: how many of those held out it gets right.

    python -m benchmarks.digits          seeds 0 to 4, all by REST

784-50-10, weights of standard deviation 0.01, SGD with rate 0.1, mini-batches of 100 (section 5.7),
on 8,000 digits; the other 2,000 are held out. Not a measure of speed: it must be at least 93 of 100
after 4,000 steps, and 94 after 10,000.
"""

import sys
from typing import Any

from benchmarks.learners import Learner, network
from benchmarks.served import explorer

SEEDS = range(5)
STEPS = 10_000
# After so many steps, at least so many of the held-out digits must be right.
WANTED = {4_000: 0.93, STEPS: 0.94}


def body(seed: int) -> dict[str, Any]:
    """The session that learns them."""
    return {
        "network": network([784, 50, 10]),
        "initializer": {"type": "normal", "std": 0.01},
        "seed": seed,
        "data": {"dataset": "mnist", "batch_size": 100, "seed": seed},
    }


def plan(seed: int) -> dict[str, Any]:
    """What its run is to do."""
    return {
        "optimizer": {"type": "sgd", "learning_rate": 0.1},
        "batch_size": 100,
        "steps": STEPS,
        "seed": seed,
        "evaluate_every": 1_000,
    }


def main() -> int:
    """Train with every seed, and say how it went; 1 where one is not good enough."""
    fine = True
    with explorer() as server:
        learners = {seed: Learner.new(server, body(seed)).train(plan(seed)) for seed in SEEDS}
        for seed, learner in learners.items():
            learner.finish()
            history = learner.get(f"/runs/{learner.run}/history")
            told = []
            for step, least in WANTED.items():
                place = history["step"].index(step)
                share = history["test_accuracy"][place]
                fine = fine and share >= least
                told.append(f"{share:.2%} after {step:,}, loss {history['test_loss'][place]:.3f}")
            print(f"seed {seed}: {'; '.join(told)}")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
