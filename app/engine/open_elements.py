"""Softmax-with-Loss in scalar rows for one sample: figure 5-29 opened, figure 5-30 closed."""

from collections.abc import Sequence

from app.engine.builder import GraphBuilder, Use
from app.engine.graph import Tensor
from app.engine.open_loss import LAYER, gate_of


class Rows:
    """Adds the rows of one sample to a graph, counted from 1 as in the book."""

    def __init__(self, builder: GraphBuilder, scores: str, classes: int) -> None:
        self.builder = builder
        self.scores = scores
        self.rows = range(1, classes + 1)

    def a(self, i: int, part: str = "", grad: str | None = None) -> Use:
        """Score a_i: a cell of the score tensor on an edge of its own."""
        edge = f"loss.a.{i}" + (f":{part}" if part else "")
        grad = grad or f"y_{{{i}}} - t_{{{i}}}"
        return Use(self.scores, grad, (0, i - 1), edge, f"a_{{{i}}}", i)

    def t(self, i: int) -> Use:
        """Target t_i."""
        return Use("t", None, (0, i - 1), f"loss.t.{i}", f"t_{{{i}}}", i)

    def scalar(
        self,
        id: str,
        op: str,
        uses: Sequence[Use | str],
        symbol: str,
        grad: str,
        i: int | None = None,
        output: Tensor | None = None,
    ) -> str:
        """A node with a scalar result, in row i where there is one."""
        name = f"loss.{id}" + (f".{i}" if i is not None else "")
        tensor = Tensor(name, (), "value", symbol, grad, row=i) if output is None else output
        return self.builder.node(LAYER, name, op, uses, [tensor], row=i)

    def closed(self) -> str:
        """Two boxes, with a_i, y_i and t_i on straight rows."""
        outputs = [Tensor(f"loss.y.{i}", (), "value", f"y_{{{i}}}", row=i) for i in self.rows]
        outputs.append(self.builder.data_loss())
        uses = [self.a(i) for i in self.rows] + [self.t(i) for i in self.rows]
        attributes = {"total": False, "classes": len(self.rows)}
        name = "loss.softmax_with_loss"
        self.builder.node(LAYER, name, "softmax_with_loss", uses, outputs, attributes)
        return outputs[-1].name

    def opened(self, form: str) -> str:
        """All ops of figure 5-29; ``form`` as in `open_loss.opened`."""
        z = {i: self.a(i) for i in self.rows}
        self.whole(f"{self.scores}.grad", "score_gradient")
        for i in self.rows:
            meeting = f"loss.a.{i}" if form == "book" else f"loss.subtract.{i}"
            self.whole(f"{meeting}.grad", "score_gradient", i)
        letter = "a"
        if form != "book":
            letter = "z"
            z = self._shifted()
        # Only log-sum-exp uses z twice; there each use carries its part of y - t.
        sums = form == "logsumexp"
        e = {
            i: self.scalar(
                "exp",
                "exp",
                [Use(z[i].tensor, f"y_{{{i}}}") if sums else z[i]],
                rf"\exp({letter}_{{{i}}})",
                r"\frac{1}{S}",
                i,
            )
            for i in self.rows
        }
        parts = [Use(e[i], r"\frac{1}{S}") for i in self.rows]
        total = self.scalar("sum", "add", parts, "S", r"\frac{1}{S}")
        if sums:
            log_total = self.scalar("log", "log", [total], r"\log S", "1")
            self.whole(log_total, "log_sum")
            log_y = {
                i: self.scalar(
                    "log_y",
                    "subtract",
                    [Use(z[i].tensor, f"-t_{{{i}}}"), Use(log_total, f"t_{{{i}}}")],
                    rf"\log y_{{{i}}}",
                    f"-t_{{{i}}}",
                    i,
                )
                for i in self.rows
            }
        else:
            log_y = self._logs(e, total, letter)
        for i, name in log_y.items():
            self.whole(name, "log_probabilities", i)
        self.whole(self.builder.data_loss().name, "loss")
        return self._loss(log_y)

    def whole(self, key: str, quantity: str, row: int | None = None) -> None:
        """As `GraphBuilder.whole`, for the scores."""
        self.builder.whole(key, quantity, self.scores, row)

    def _shifted(self) -> dict[int, Use]:
        """z_i = a_i - max(a): nothing that follows changes, and no exp overflows."""
        grad = self.builder.derivative("m")
        gates = [self.a(i, "max", f"{grad} {gate_of('a', i)}") for i in self.rows]
        largest = self.scalar("max", "max", gates, "m", grad)
        self.whole(f"{largest}.grad", "shift_gradient")
        z = {}
        for i in self.rows:
            slope = f"y_{{{i}}} - t_{{{i}}}"
            uses = [self.a(i, "subtract"), Use(largest, f"t_{{{i}}} - y_{{{i}}}")]
            z[i] = Use(self.scalar("subtract", "subtract", uses, f"z_{{{i}}}", slope, i))
        return z

    def _logs(self, e: dict[int, str], total: str, letter: str) -> dict[int, str]:
        inverse = self.scalar("reciprocal", "reciprocal", [total], r"\frac{1}{S}", "-S")
        y = {}
        for i in self.rows:
            by_e = rf"-\frac{{t_{{{i}}}}}{{\exp({letter}_{{{i}}})}}"
            uses = [Use(e[i], by_e), Use(inverse, f"-t_{{{i}}} S")]
            slope = rf"-\frac{{t_{{{i}}}}}{{y_{{{i}}}}}"
            y[i] = self.scalar("multiply", "multiply", uses, f"y_{{{i}}}", slope, i)
            self.whole(y[i], "probabilities", i)
            self.whole(f"{e[i]}.grad", "exp_gradient", i)
        return {
            i: self.scalar("log", "log", [y[i]], rf"\log y_{{{i}}}", f"-t_{{{i}}}", i)
            for i in self.rows
        }

    def _loss(self, log_y: dict[int, str]) -> str:
        products = [
            self.scalar(
                "times_t",
                "multiply",
                [log_y[i], self.t(i)],
                rf"t_{{{i}}} \log y_{{{i}}}",
                "-1",
                i,
            )
            for i in self.rows
        ]
        total = self.scalar("add", "add", products, r"\sum_{i} t_{i} \log y_{i}", "-1")
        self.builder.source("loss.minus_one", (), "constant", "-1", value=-1.0)
        return self.scalar(
            "negate", "multiply", [total, "loss.minus_one"], self.builder.loss, "1",
            output=self.builder.data_loss(),
        )  # fmt: skip
