"""How much of each tensor an answer tells, and where the rest of it can be had."""

from dataclasses import dataclass, replace
from typing import Annotated, Any
from urllib.parse import quote

import numpy as np
from fastapi import Query

from app.api.values import MAX_ANSWER_CELLS, MAX_CELLS, shortened, within_answer
from app.sessions.state import Session, View

CellsQuery = Annotated[
    int,
    Query(
        ge=0,
        le=MAX_CELLS,
        description="Tensors of more cells are told by shape, range, mean and a link.",
    ),
]
# The same where nothing is kept that a link could lead to.
AllCellsQuery = Annotated[
    int,
    Query(
        ge=0,
        le=MAX_ANSWER_CELLS,
        description="Tensors of more cells are told by shape, range and mean.",
    ),
]
# Whoever asks for a session gets the numbers of one for learning in full.
SESSION_CELLS = 10_000
# Whoever has just changed one has its numbers, but for what is short enough to come along.
CHANGE_CELLS = 64


@dataclass(frozen=True)
class Bound:
    """Tells tensors of up to ``max_cells`` cells in full.

    Attributes:
        max_cells: Most cells of a tensor that are told one by one.
        tensors: The address of the session's tensors; empty where nothing is kept of a pass.
        query: Says which of the session's passes is meant.
    """

    max_cells: int
    tensors: str = ""
    query: str = ""

    @classmethod
    def of(cls, session: Session, max_cells: int, view: View | None = None) -> "Bound":
        """For the pass of ``view``, by default that over all samples."""
        query = "level=op"
        if view is not None:
            level, loss, sample, form = view.trace_level
            query = f"level={level}&loss={loss}&sample={sample}&form={form}"
            if view.open_ops:
                query += f"&open={','.join(view.open_ops)}"
        return cls(max_cells, f"/api/v1/sessions/{session.id}/tensors", query)

    def within(self, cells: int) -> "Bound":
        """The same, but less where the whole answer would have more ``cells`` than are sent."""
        return replace(self, max_cells=within_answer(self.max_cells, cells))

    def __call__(self, name: str, array: np.ndarray | None) -> Any:
        """The tensor of that name as an answer tells it; None for what is not there."""
        if array is None:
            return None
        # An empty name is that of a tensor without an address.
        link = f"{self.tensors}/{quote(name)}?{self.query}" if self.tensors and name else None
        return shortened(array, self.max_cells, link)
