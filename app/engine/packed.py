"""Arrays by name that stand one after the other in one piece of memory.

What is done to all of them alike, such as an optimiser's update, is then done in one go: on a small
network a call of NumPy costs more than the numbers it is for.
"""

from collections.abc import Mapping

import numpy as np

Array = np.ndarray


class Packed(dict[str, Array]):
    """Views of one vector, by name.

    Attributes:
        whole: All numbers ``(n,)``, in the order of the names; what is written here or into one of
            the views is seen in both.
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], dtype: np.dtype | str) -> None:
        """Zeros of these shapes."""
        ends = np.cumsum([0, *(int(np.prod(shape)) for shape in shapes.values())]).tolist()
        self.whole = np.zeros(ends[-1], dtype)
        super().__init__(
            (name, self.whole[start:end].reshape(shape))
            for (name, shape), start, end in zip(shapes.items(), ends, ends[1:], strict=False)
        )

    @classmethod
    def like(cls, other: "Packed") -> "Packed":
        """Zeros of the same names, shapes and dtype."""
        return cls({name: view.shape for name, view in other.items()}, other.whole.dtype)

    def fill(self, arrays: Mapping[str, Array]) -> None:
        """Copy into every view what there is of its name."""
        for name, view in self.items():
            view[...] = arrays[name]
