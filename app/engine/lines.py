"""NumPy lines that rows of the table of ops share: what was copied is added up, what was added up
is copied, and a sum of products is one again.

All are templates: ``{0}``, ``{1}`` are the operands, ``{g}`` is the gradient from above.
"""

from collections.abc import Sequence

Shape = tuple[int, ...]


def summed(text: str, given: Shape, wanted: Shape) -> str:
    """``text`` of shape ``given``, added up over what an operand of ``wanted`` was copied to."""
    extra = len(given) - len(wanted)
    ones = tuple(
        extra + axis for axis, size in enumerate(wanted) if size == 1 < given[extra + axis]
    )
    axes = (*range(extra), *ones)
    if not axes:
        return text
    if not wanted:
        return f"({text}).sum()"
    if extra and ones:
        return f"({text}).sum(axis={axes}).reshape({wanted})"
    return f"({text}).sum(axis={one_or_many(axes)}{', keepdims=True' if ones else ''})"


def spread(shape: Shape, gone: Sequence[int], keeps: bool) -> str:
    """The gradient of a sum over the axes ``gone``: the same for each cell of ``shape``."""
    if not shape:
        return "{g}"
    if len(gone) == len(shape) and not keeps:
        return f"np.full({shape}, {{g}})"
    wide = "{g}" if keeps or not gone else f"np.expand_dims({{g}}, {one_or_many(gone)})"
    return f"np.broadcast_to({wide}, {shape})"


def product(k: int, axes: Sequence[str], result: str, shapes: Sequence[Shape]) -> str:
    """dL/d(operand k) of a sum of products by its letters; ``0`` is an axis of length 1 that was
    copied.
    """
    own = axes[k].replace("0", "")
    others = [j for j in range(len(axes)) if j != k]
    known = result + "".join(axes[j] for j in others)
    given = "".join(letter for letter in own if letter in known)
    letters = ",".join([result, *(axes[j].replace("0", "") for j in others)])
    operands = ["{g}", *(_without_ones(j, axes[j], shapes[j]) for j in others)]
    text = f"np.einsum('{letters}->{given}', {', '.join(operands)})"
    if given != own:
        # A letter of this operand alone was summed over: every cell has the same gradient.
        place = ", ".join(":" if letter in given else "None" for letter in own)
        sizes = tuple(size for size, axis in zip(shapes[k], axes[k], strict=True) if axis != "0")
        text = f"np.broadcast_to({text}[{place}], {sizes})"
    return f"{text}.reshape({shapes[k]})" if "0" in axes[k] else text


def matrix_product(k: int, left: Shape, right: Shape) -> str | None:
    """dL/d(operand k) of ``{0} @ {1}`` as a product; None where it is no plain one."""
    ranks = len(left), len(right)
    if ranks == (1, 1):
        return ("{g} * {1}", "{g} * {0}")[k]
    if ranks == (1, 2):
        return ("{1} @ {g}", "np.outer({0}, {g})")[k]
    if ranks == (2, 1):
        return ("np.outer({g}, {1})", "{0}.T @ {g}")[k]
    if ranks == (2, 2):
        return ("{g} @ {1}.T", "{0}.T @ {g}")[k]
    if k == 0 and len(right) == 2:
        return "{g} @ {1}.T"
    if min(ranks) > 2 and left[:-2] == right[:-2]:
        return ("{g} @ np.swapaxes({1}, -1, -2)", "np.swapaxes({0}, -1, -2) @ {g}")[k]
    return None


def one_or_many(axes: Sequence[int]) -> int | tuple[int, ...]:
    """An axis as NumPy takes it: a number, or a tuple of several."""
    return axes[0] if len(axes) == 1 else tuple(axes)


def _without_ones(j: int, axes: str, shape: Shape) -> str:
    if "0" not in axes:
        return f"{{{j}}}"
    sizes = tuple(size for size, axis in zip(shape, axes, strict=True) if axis != "0")
    return f"{{{j}}}.reshape({sizes})"
