"""Points in a plane to learn from: the classic small sets whose decision regions can be drawn.

Every point is in hundredths, so that a figure shows its numbers whole. The training and the
test split are two draws of the same kind; neither depends on the size of the other.
"""

from collections.abc import Callable

import numpy as np

from app.engine.bounds import Bounds, whole
from app.engine.errors import EngineError

Array = np.ndarray

MAX_POINTS = 2_000
NOISE = Bounds(minimum=0, maximum=2)
MAX_CLASSES = 10
# A split has a stream of random numbers of its own.
_STREAMS = {"train": 0, "test": 1}


def points(
    name: str, n: int, classes: int, noise: float, seed: int, split: str = "train"
) -> tuple[Array, Array]:
    """A set of points and their classes, which take turns.

    Args:
        name: One of `PLANES`.
        n: How many, 1 to 2,000.
        classes: Outputs of the network that is to learn them: ``spiral`` and ``blobs`` have as
            many, the others are of two and need at least two.
        noise: Standard deviation of what is added to either coordinate, 0 to 2.
        seed: 0 or more; the same seed gives the same points.
        split: ``train`` or ``test``.

    Returns:
        x ``(n, 2)``, hundredths of about -1 to 1, and labels ``(n,)``.

    Raises:
        EngineError: names the field that is out of its bounds.
    """
    _check(name, "dataset", tuple(PLANES))
    _check(split, "split", tuple(_STREAMS))
    _within(n, "samples", whole(1, MAX_POINTS))
    _within(noise, "noise", NOISE)
    _within(seed, "seed", whole(0, 2**63 - 1))
    if not 2 <= classes <= MAX_CLASSES:
        raise EngineError(
            f"{name} has from 2 to {MAX_CLASSES} classes, the network has {classes} outputs",
            "dataset",
            "range",
            whole(2, MAX_CLASSES).schema,
        )
    make, most, _ = PLANES[name]
    if most is not None:
        classes = most
    random = np.random.default_rng([seed, _STREAMS[split]])
    labels = np.arange(n) % classes
    x = make(random, labels, classes)
    x = x + noise * random.standard_normal((n, 2))
    # Adding 0 turns -0 into 0.
    return np.rint(x * 100) / 100 + 0.0, labels


def _xor(random: np.random.Generator, labels: Array, classes: int) -> Array:
    """Quarters of the plane: class 0 where both signs are alike, with a lane between them."""
    x = random.uniform(0.1, 1.0, (len(labels), 2))
    sign = random.choice([-1.0, 1.0], len(labels))
    return np.asarray(x * np.column_stack([sign, np.where(labels == 0, sign, -sign)]))


def _moons(random: np.random.Generator, labels: Array, classes: int) -> Array:
    """Two half circles, each with an end in the other's hollow."""
    angle = np.pi * random.uniform(0, 1, len(labels))
    upper = np.column_stack([np.cos(angle) - 0.5, np.sin(angle) - 0.25])
    return np.where((labels == 0)[:, np.newaxis], upper, -upper) * 0.65


def _circles(random: np.random.Generator, labels: Array, classes: int) -> Array:
    """A disc of class 0, and a ring around it of class 1."""
    inner, outer = np.where(labels == 0, 0.0, 0.65), np.where(labels == 0, 0.4, 0.95)
    radius = np.sqrt(random.uniform(inner**2, outer**2))
    angle = random.uniform(0, 2 * np.pi, len(labels))
    return np.asarray(radius[:, np.newaxis] * np.column_stack([np.cos(angle), np.sin(angle)]))


def _spiral(random: np.random.Generator, labels: Array, classes: int) -> Array:
    """An arm for each class, turning once around the middle."""
    along = random.uniform(0.05, 1.0, len(labels))
    angle = 2 * np.pi * labels / classes + 4.5 * along
    return np.asarray(along[:, np.newaxis] * np.column_stack([np.sin(angle), np.cos(angle)]))


def _blobs(random: np.random.Generator, labels: Array, classes: int) -> Array:
    """A heap for each class, the middles evenly on a circle."""
    angle = 2 * np.pi * (labels + 0.5) / classes
    middle = 0.65 * np.column_stack([np.cos(angle), np.sin(angle)])
    return middle + 0.12 * random.standard_normal((len(labels), 2))


_Make = Callable[[np.random.Generator, Array, int], Array]
# What makes each, how many classes it has where that is fixed, and its title.
PLANES: dict[str, tuple[_Make, int | None, str]] = {
    "xor": (_xor, 2, "Exclusive or"),
    "moons": (_moons, 2, "Two moons"),
    "circles": (_circles, 2, "Disc and ring"),
    "spiral": (_spiral, None, "Spiral arms"),
    "blobs": (_blobs, None, "Heaps"),
}


def describe() -> list[dict[str, object]]:
    """What there is, for whoever chooses; the most samples and the most noise of each."""
    return [
        {
            "name": name,
            "title": title,
            "classes": classes,
            "samples": MAX_POINTS,
            "noise": NOISE.maximum,
        }
        for name, (_, classes, title) in PLANES.items()
    ]


def _check(value: str, field: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise EngineError(
            f"{field} is one of {', '.join(allowed)}", field, "name", {"enum": list(allowed)}
        )


def _within(value: float, field: str, bounds: Bounds) -> None:
    if not bounds.holds(value):
        raise EngineError(f"{field} is {bounds.words}", field, "range", bounds.schema)
