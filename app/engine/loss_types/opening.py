"""Nodes of a loss in a graph: their names, and the 1/N of a mean."""

from collections.abc import Sequence

from app.engine.builder import GraphBuilder, Use
from app.engine.graph import Tensor


class LossOpening:
    """Adds the nodes of one loss, whose layer is called ``loss``."""

    def __init__(self, builder: GraphBuilder, type: str) -> None:
        self.builder = builder
        self._layer = ("loss", type)

    def node(
        self, id: str, op: str, uses: Sequence[Use | str], symbol: str, grad_symbol: str | None
    ) -> str:
        """A node ``loss.id``; the name of what it makes, which is the same."""
        names = [use.tensor if isinstance(use, Use) else use for use in uses]
        shape = self.builder.shape_of(op, names)
        tensor = Tensor(f"loss.{id}", shape, "value", symbol, grad_symbol)
        return self.builder.node(self._layer, tensor.name, op, uses, [tensor])

    def constant(self, id: str, symbol: str, value: float) -> str:
        """A number that never changes."""
        return self.builder.source(f"loss.{id}", (), "constant", symbol, value=value)

    def mean(self, grad: str) -> str:
        """``grad`` with the 1/N of a mean, where there is one."""
        return rf"\frac{{1}}{{N}} {grad}".strip() if self.builder.averages else grad or "1"

    def scaled(self, total: str, id: str, symbol: str, factor: float) -> str:
        """The loss from the sum over all samples: times ``factor``, and times 1/N for a mean."""
        builder = self.builder
        by = self.constant(f"by_{id}", symbol, factor)
        if not builder.averages:
            return self._loss(id, [total, by])
        made = self.node(
            id, "multiply", [total, by], f"{symbol} {builder.tensors[total].symbol}", self.mean("")
        )
        over = self.constant("one_over_n", r"\frac{1}{N}", 1 / builder.n)
        return self._loss("mean", [made, over])

    def averaged(self, total: str) -> str:
        """The loss from the sum over all samples, whose op is `end` where it is the sum itself."""
        over = self.constant("one_over_n", r"\frac{1}{N}", 1 / self.builder.n)
        return self._loss("mean", [total, over])

    def end(self, id: str, op: str, uses: Sequence[Use | str]) -> str:
        """The node that makes the loss itself."""
        return self._loss(id, uses, op)

    def _loss(self, id: str, uses: Sequence[Use | str], op: str = "multiply") -> str:
        made = self.builder.data_loss()
        return self.builder.node(self._layer, f"loss.{id}", op, uses, [made])
