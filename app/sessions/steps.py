"""How far a session has learned by going on from one mini-batch to the next; see `stepping`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Steps:
    """How far a session has learned by going on, and from where the way back is made again.

    Attributes:
        made: Steps of learning, counted from the session's first numbers.
        base: Steps that were made when ``parameters`` and ``optimizer_state`` were as they are
            here; going back ends there.
        parameters: Empty where nothing was made since.
    """

    made: int = 0
    base: int = 0
    parameters: Mapping[str, Array] = field(default_factory=dict)
    optimizer_state: Mapping[str, Array] = field(default_factory=dict)

    @property
    def behind(self) -> int:
        """How many steps can be gone back."""
        return self.made - self.base

    def cut(self) -> "Steps":
        """The same place after something else has changed the numbers: no way leads back."""
        return Steps(self.made, self.made)
