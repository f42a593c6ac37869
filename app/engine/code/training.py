"""A program that learns, one step at a call: as a network does, from what it is given."""

from collections.abc import Mapping

import numpy as np

from app.engine.batches import Batches, MiniBatches, check_sizes
from app.engine.code.samples import samples_of, with_rows
from app.engine.code.spec import CodeSpec
from app.engine.code.unrecorded import UnrecordedPass, plain
from app.engine.errors import EngineError
from app.engine.meter import Meter
from app.engine.optimizers import Optimizer
from app.engine.packed import Packed
from app.engine.rates import Rates
from app.engine.spec import Limits
from app.engine.training import Training, Watch

Array = np.ndarray


class ProgramTraining(Training):
    """The training of a program whose last line is a loss.

    Where some of what it is given is samples (`samples_of`), a step may learn from a mini-batch of
    them; else, and where no size is given, from all of it as it stands. The bits are those of
    going on step by step.
    """

    def __init__(
        self,
        spec: CodeSpec,
        values: Mapping[str, Array],
        optimizer: Optimizer,
        batch_size: int | None = None,
        steps: int | None = None,
        seed: int = 0,
        batches: Batches | None = None,
        start: int = 0,
        limits: Limits = Limits(),
        rates: Rates | None = None,
        watch: Watch | None = None,
    ) -> None:
        """Set up a training; nothing is computed yet.

        Args:
            spec: The program, for all samples.
            values: All that it is given, by name; copied.
            optimizer: As for `Training`, as is all that follows.
            batch_size: Of samples; all of them where it is None.
            steps: How many in all.
            seed: For the shuffles.
            batches: Row numbers of every mini-batch.
            start: Steps that were made before.
            limits: How large a pass over one of ``batches`` may be.
            rates: Of all steps.
            watch: What is noted on the way, and what ends it early.

        Raises:
            EngineError: names the field: no loss, nothing that learns, a size or rows of samples
                that are not there.
            TooLarge: one of ``batches`` is beyond the limits.
        """
        if spec.loss is None or not spec.learned:
            raise EngineError(
                "training needs a last line that is one number, and something that learns", "code"
            )
        samples = samples_of(spec)
        if samples is None and (batches is not None or (batch_size or 1) > 1):
            field = "batch_size" if batches is None else "batches"
            raise EngineError(
                "no rows of what the program is given can be told to be samples, so each step "
                "learns from all of it",
                field,
                "value",
            )
        rows = 1 if samples is None else samples.rows
        drawn = MiniBatches(rows, batch_size, seed, batches, in_order=True)
        if batches is not None:
            check_sizes(batches, spec, limits)
        work = ProgramWork(spec, values, () if samples is None else samples.names)
        watch = watch or Watch()
        meter = None if watch.history is None else Meter(watch.history, work.parameters)
        self._begin(work.parameters, work, drawn, optimizer, steps, start)
        self._look(rates, watch, meter)


class ProgramWork:
    """The passes of one program, over mini-batches of its samples where it has some.

    Attributes:
        parameters: What it learns; changed by whoever trains it.
        gradients: Of these, of the last mini-batch.
    """

    def __init__(
        self, spec: CodeSpec, values: Mapping[str, Array], samples: tuple[str, ...]
    ) -> None:
        """Nothing is computed yet; ``samples``: the names that hold some."""
        self._spec, self._samples = spec, samples
        shapes = {name: spec.shapes[name] for name in spec.learned}
        self.parameters = Packed(shapes, spec.dtype)
        self.parameters.fill(values)
        self.gradients = Packed.like(self.parameters)
        self._before = Packed.like(self.parameters)
        # As a pass sees them: without -0.
        self._shown = Packed.like(self.parameters)
        self._given = {name: plain(values[name]) for name in spec.shapes if name not in shapes}
        self._all = spec.shapes[samples[0]][0] if samples else 1
        self._passes: dict[int, UnrecordedPass] = {}
        self._loss = float("nan")

    @property
    def spare(self) -> Array:
        """None: a pass makes its own arrays."""
        return np.zeros(0)

    def pass_over(self, rows: Array, step: int = 0) -> None:
        """Forward and backward over these rows of the samples; the same at every step."""
        given = self._given
        if self._samples and not self._is_all(rows):
            drawn = {name: given[name].take(rows, axis=0) for name in self._samples}
            given = given | drawn
        run = self._pass(len(rows))
        np.add(self.parameters.whole, 0.0, out=self._shown.whole)
        self._loss = float(run.forward({**given, **self._shown}))
        self.gradients.fill(run.backward(np.ones(())))

    def loss(self) -> float:
        """The loss of the last mini-batch."""
        return self._loss

    def accuracy(self) -> None:
        """None: what a program computes has no classes."""

    def copy_of_parameters(self) -> Packed:
        """The parameters as they are now, until the next copy."""
        np.copyto(self._before.whole, self.parameters.whole)
        return self._before

    def note(self, meter: Meter, step: int) -> None:
        """Have the last loss noted as that of a step."""
        meter.note_loss(step, self._loss)

    def note_health(self, meter: Meter, before: Packed) -> None:
        """Have the norms of a step noted, with the parameters that it began with."""
        meter.health(self.gradients, before, {})

    def _is_all(self, rows: Array) -> bool:
        return len(rows) == self._all and bool((rows == np.arange(self._all)).all())

    def _pass(self, rows: int) -> UnrecordedPass:
        if rows not in self._passes:
            spec = with_rows(self._spec, self._samples, rows) if self._samples else self._spec
            self._passes[rows] = UnrecordedPass(spec)
        return self._passes[rows]
