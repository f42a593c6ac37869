"""Isotonic regression by pooling adjacent violators: order and distances kept, least movement.

Given what every item of a column would like, and how far each must stay from the one above it,
the nearest feasible places in the least-squares sense are found in linear time (Ayer et al.,
1955; de Leeuw, Hornik and Mair, 2009). Bounds are met by clamping, which is exact here.
"""

from collections.abc import Sequence


def spread(
    desired: Sequence[float],
    distances: Sequence[float],
    low: float | None = None,
    high: float | None = None,
) -> list[float]:
    """Places nearest to the desired ones that keep the order and the distances.

    Args:
        desired: wished place of each item, in the order that is kept.
        distances: ``distances[i]`` is the least distance from item i to item i + 1.
        low: lower bound of the first item, None for no bound.
        high: upper bound of the last item, None for no bound.

    Returns:
        One place an item; differences are at least ``distances``.
    """
    if not desired:
        return []
    offsets = [0.0]
    for distance in distances[: len(desired) - 1]:
        offsets.append(offsets[-1] + distance)
    # A block is (sum of wishes, number of items); its common place is their mean.
    blocks: list[tuple[float, int]] = []
    for wish, offset in zip(desired, offsets, strict=True):
        total, count = wish - offset, 1
        while blocks and blocks[-1][0] * count >= total * blocks[-1][1]:
            previous_total, previous_count = blocks.pop()
            total, count = total + previous_total, count + previous_count
        blocks.append((total, count))
    levels = [total / count for total, count in blocks for _ in range(count)]
    if high is not None:
        levels = [min(level, high - offsets[-1]) for level in levels]
    if low is not None:
        levels = [max(level, low) for level in levels]
    return [level + offset for level, offset in zip(levels, offsets, strict=True)]
