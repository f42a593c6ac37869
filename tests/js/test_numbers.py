"""Numbers are written in a picture, by Python, as they are on the page."""

import random

from app.drawing.svg.numbers import short, shorts
from tests.js.node import call

SHORT = "given.map((one) => m.short(one))"


def test_numbers_are_rounded_in_a_file_as_they_are_on_the_page() -> None:
    dice = random.Random(5)
    numbers = [dice.uniform(-1, 1) * 10 ** dice.randint(-12, 12) for _ in range(2000)]
    numbers += [round(number, dice.randint(0, 6)) for number in numbers]
    # Ties, of which JavaScript takes the larger and Python the even one; and the ends of each way
    # to write a number.
    numbers += [k / 16 for k in range(-40_000, 40_000, 7)]
    numbers += [sign * edge for sign in (1, -1) for edge in (
        0.0, 0.001, 0.00099995, 0.000999949, 0.0009999, 9999.5, 9999.4, 99999.0, 99999.5, 1e5,
        100001.0, 1e21, 1.5e300, 5e-324, 0.1 + 0.2, 1 / 3, 2.0625, 1000.5,
    )]  # fmt: skip

    assert call("format.js", SHORT, numbers) == [short(one) for one in numbers]
    words = call("format.js", SHORT, ["NaN", "Infinity", "-Infinity"])
    assert words == [short(float(one)) for one in ("nan", "inf", "-inf")]


def test_tensors_are_written_in_a_file_as_they_are_on_the_page() -> None:
    dice = random.Random(7)
    tensors: list[list[float]] = []
    for _ in range(3000):
        powers, decimals = dice.choice([(0, 0), (-2, 1), (-6, 5), (-20, 20)]), dice.randint(0, 8)
        tensor = [
            dice.uniform(-10, 10) * 10 ** dice.randint(*powers) for _ in range(dice.randint(1, 12))
        ]
        if dice.random() < 0.6:
            tensor = [round(number, decimals) for number in tensor]
        if dice.random() < 0.3:
            # Off by what float arithmetic leaves behind.
            tensor = [number * (1 + dice.uniform(-2e-12, 2e-12)) for number in tensor]
        if dice.random() < 0.3:
            tensor.append(0.0)
        tensors.append(tensor)

    assert call("format.js", "given.map(m.shorts)", tensors) == [shorts(one) for one in tensors]
