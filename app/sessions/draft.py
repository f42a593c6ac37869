"""A session on its way to the next one: all edits are applied, or none.

`apply_edits` takes one immutable session and gives another; whatever is wrong with the k-th edit is
an `EngineError` whose field starts with k, such as ``2/index/1``.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeVar

import numpy as np

from app.engine.bounds import whole
from app.engine.code.spec import CodeSpec
from app.engine.errors import EngineError
from app.engine.spec import Limits, check_limits
from app.engine.targets import (
    check_ids,
    check_numbers,
    check_samples,
    fitted,
    label_bounds,
    samples_of,
    takes_labels,
    targets_of,
)
from app.sessions.cells import check_place, put_cell
from app.sessions.code_draft import apply_to_code
from app.sessions.edits import (
    LEARNING_RATE,
    ChangeCode,
    ChangeOptimizer,
    ChangeView,
    DeleteRow,
    Edit,
    InsertRow,
    Load,
    Loader,
    NameClasses,
    Replace,
    Reset,
    SetCell,
    changed_view,
    kept_targets,
)
from app.sessions.origin import began_with, same
from app.sessions.pool import Pool
from app.sessions.pools import some
from app.sessions.rows import with_row, without_row
from app.sessions.samples import Samples, loaded
from app.sessions.state import FIRST_OPTIMIZER, Session, Source
from app.sessions.steps import Steps

Array = np.ndarray
T = TypeVar("T")


def apply_edits(session: Session, edits: Iterable[Edit], limits: Limits, loader: Loader) -> Session:
    """The session after all edits, with a new data version where a number changed.

    Args:
        session: Left as it is.
        edits: Applied in order; checked one by one and, where edits belong together (x and t of a
            new length), once more at the end.
        limits: For a new number of samples.
        loader: Gives x ``(N, D)`` and labels ``(N,)`` of a data set's rows.

    Raises:
        EngineError: nothing has been changed then.
    """
    if isinstance(session.spec, CodeSpec):
        return apply_to_code(session, edits, limits, loader)
    draft = _Draft(session, limits, loader)
    for index, edit in enumerate(edits):
        draft.apply(edit, str(index))
    return draft.finish()


class _Draft:
    """A session on the way to the next one; arrays are copied when first written."""

    def __init__(self, session: Session, limits: Limits, loader: Loader) -> None:
        self.old = session
        self.limits = limits
        self.loader = loader
        self.arrays: dict[str, Array | None] = {
            "x": session.x,
            "t": session.t,
            "grad_output": session.grad_output,
            **session.parameters,
        }
        self.optimizer = session.optimizer
        self.keeps_state = True
        self.view = session.view
        self.source = session.source
        self.pool = session.pool
        self.steps = session.steps
        self.classes = session.classes
        # The field of the last edit of each tensor, for faults found at the end.
        self.fields: dict[str, str] = {}

    def apply(self, edit: Edit, field: str) -> None:
        match edit:
            case SetCell(tensor, index, value):
                self._set(tensor, index, value, field)
            case Replace(tensor, value):
                self._replace(tensor, value, field)
            case InsertRow():
                rows = with_row(self.arrays, edit, self.old.spec, field)
                check_limits(self.old.spec, len(rows["x"]), self.limits)
                self._put(rows, field)
            case DeleteRow():
                self._put(without_row(self.arrays, edit, field), field)
            case NameClasses(names):
                self._name_classes(names, field)
            case ChangeView():
                # Checked at the end too: another edit may change the number of rows.
                self.view = changed_view(self.view, edit, self._session(), field)
            case Load():
                self._load(edit, field)
            case ChangeOptimizer(optimizer):
                self.optimizer = optimizer
                self.keeps_state = False
            case Reset():
                self._reset(field)
            case ChangeCode():
                raise EngineError(
                    "the session holds a network of layers, not a program", f"{field}/op", "choice"
                )

    def finish(self) -> Session:
        """Check what belongs together and make the session."""
        self._check_together()
        session = self._session()
        view = self.view
        if view.sample >= session.n:
            view = replace(view, sample=session.n - 1)
        if view.single and session.n > 1:
            view = replace(view, single=False)
        numbers_changed = bool(self.fields)
        return replace(
            session,
            view=view,
            source=self.source,
            pool=self.pool,
            steps=self.steps,
            opened=None if self.fields.keys() & {"x", "t"} else session.opened,
            classes=self.classes,
            optimizer=self.optimizer,
            optimizer_state=self.old.optimizer_state if self.keeps_state else {},
            data_version=self.old.data_version + numbers_changed,
        )

    def _session(self) -> Session:
        x = self.arrays["x"]
        assert x is not None
        parameters = {name: self.arrays[name] for name in self.old.spec.parameter_shapes}
        return replace(
            self.old,
            x=x,
            t=self.arrays["t"],
            grad_output=self.arrays["grad_output"],
            parameters={name: value for name, value in parameters.items() if value is not None},
        )

    def _set(self, tensor: str, index: tuple[int, ...], value: float, field: str) -> None:
        if tensor == LEARNING_RATE:
            if index:
                raise EngineError("learning_rate is one number: []", f"{field}/index", "shape")
            self._learning_rate(value, field)
            return
        array = self._array(tensor, field)
        sample = self.old.spec.sample
        if tensor == "x" and len(index) == len(sample) + 1 > 2:
            # Samples are kept as rows.
            check_place(array.reshape(len(array), *sample), index, field)
            index = (index[0], int(np.ravel_multi_index(index[1:], sample)))
        check_place(array, index, field)
        if tensor == "t" and array.ndim == 1 and takes_labels(self.old.spec):
            self._check_label(value, f"{field}/value")
        if tensor not in self.fields:
            array = array.copy()
            self.arrays[tensor] = array
        put_cell(array, index, value, field)
        self._note(tensor, field)

    def _replace(self, tensor: str, value: Array, field: str) -> None:
        at = f"{field}/value"
        if tensor == LEARNING_RATE:
            if value.ndim:
                raise EngineError("learning_rate is one number", at, "shape")
            self._learning_rate(float(value), field)
            return
        spec = self.old.spec
        if tensor == "t":
            if spec.loss is None:
                raise EngineError("a network without a loss has no t", f"{field}/tensor", "name")
            new = kept_targets(value, spec)
        elif tensor == "x":
            new = _renamed(lambda: samples_of(spec, value), at)
            check_limits(spec, len(new), self.limits)
        elif tensor == "grad_output":
            if spec.loss is not None:
                raise EngineError(
                    "with a loss the backward pass starts at the loss", f"{field}/tensor", "name"
                )
            size = spec.sizes[-1]
            new = _renamed(lambda: check_samples(value, size, spec.dtype, "grad_output"), at)
        else:
            shape = self._array(tensor, field).shape
            new = _renamed(lambda: check_numbers(value, spec.dtype, "value"), at)
            new = fitted(new, shape, tensor, at)
        self.arrays[tensor] = new
        self._note(tensor, field)
        if tensor in ("x", "t"):
            # One's own samples now: none of these numbers is the pool's any more.
            self.pool = None

    def _put(self, rows: dict[str, Array], field: str) -> None:
        for name, array in rows.items():
            self.arrays[name] = array
            self._note(name, field)
        self.pool = None

    def _name_classes(self, names: tuple[str, ...], field: str) -> None:
        spec = self.old.spec
        if spec.loss is None or not spec.loss.has_classes:
            raise EngineError("a network without a loss has no classes", f"{field}/names", "name")
        if names and len(names) != spec.output_size:
            raise EngineError(
                f"there are {spec.output_size} classes to name, or none",
                f"{field}/names",
                "shape",
                {"minItems": spec.output_size, "maxItems": spec.output_size},
            )
        self.classes = names

    def _note(self, tensor: str, field: str) -> None:
        """Remember that a tensor was edited; samples that were are no data set's any more."""
        self.fields[tensor] = field
        if tensor in ("x", "t"):
            self.source = None

    def _load(self, edit: Load, field: str) -> None:
        spec = self.old.spec
        source = Source(edit.dataset, edit.split, edit.rows)
        samples = _renamed(lambda: self._rows(source), field, True)
        self.arrays["x"] = samples.x
        self.fields["x"] = field
        if spec.loss is not None:
            self.arrays["t"] = kept_targets(samples.labels, spec)
            self.fields["t"] = field
        self.source = source
        check_limits(spec, len(samples.x), self.limits)

    def _rows(self, source: Source) -> Samples:
        """Rows that are asked for; those of the session's own pool leave it as it is."""
        pool = self.pool or self._first_pool(source)
        if pool is None or (pool.dataset, pool.split) != (source.dataset, source.split):
            samples = loaded(self.old.spec, self.loader, source)
            self.pool = None
            return samples
        allowed = whole(0, pool.samples - 1)
        for place, row in enumerate(source.rows):
            if not allowed.holds(row):
                raise EngineError(
                    f"a row is {allowed.words}", f"rows/{place}", "range", allowed.schema
                )
        self.pool = pool
        return some(self.old.spec, pool, np.array(source.rows, dtype=np.intp), self.loader)

    def _first_pool(self, source: Source) -> Pool | None:
        """The pool that the session began with, where these are its next rows once more."""
        if self.old.origin.get("data", {}).get("dataset") != source.dataset:
            return None
        pool = began_with(self.old, self.limits, self.loader, "dataset").pool
        same_rows = pool is not None and source.rows == tuple(pool.rows(self.steps.made).tolist())
        return pool if same_rows else None

    def _reset(self, field: str) -> None:
        began = began_with(self.old, self.limits, self.loader, field)
        for name, array in began.arrays().items():
            if not same(array, self.arrays[name]):
                self.fields[name] = field
                self.arrays[name] = array
        self.source, self.pool = began.source, began.pool
        if began.pool is not None or self.old.spec.draws:
            self.steps = Steps(began.made, began.made)
        self.keeps_state = False
        if self.old.preset is not None:
            self.optimizer = FIRST_OPTIMIZER

    def _learning_rate(self, value: float, field: str) -> None:
        self.optimizer = _renamed(
            lambda: replace(self.optimizer, learning_rate=value), f"{field}/value"
        )

    def _array(self, tensor: str, field: str) -> Array:
        array = self.arrays.get(tensor)
        if array is None:
            raise EngineError("the session has no such tensor to edit", f"{field}/tensor", "name")
        return array

    def _check_label(self, value: float, field: str) -> None:
        allowed = label_bounds(self.old.spec.output_size)
        if not allowed.holds(value):
            raise EngineError(f"a label is {allowed.words}", field, "range", allowed.schema)

    def _check_together(self) -> None:
        """x, t and grad_output have the same rows, and every target is one class."""
        session = self._session()
        spec, n = session.spec, session.n
        if "x" in self.fields and spec.vocabulary is not None:
            _renamed(lambda: check_ids(spec, session.x, "x"), f"{self.fields['x']}/value")
        if session.t is not None and self.fields.keys() & {"x", "t"}:
            field = self.fields.get("t", self.fields.get("x", ""))
            _renamed(lambda: targets_of(spec, session.t, n), f"{field}/value")
        if session.grad_output is not None and len(session.grad_output) != n:
            field = self.fields.get("grad_output", self.fields.get("x", ""))
            raise EngineError(
                f"x has {n} rows, grad_output has {len(session.grad_output)}",
                f"{field}/value",
                "shape",
                {"shapes": [[n, *spec.sizes[-1]]]},
            )


def _renamed(call: Callable[[], T], field: str, keep: bool = False) -> T:
    """``call()``, its errors told as errors of ``field`` (``keep``: as fields below it)."""
    try:
        return call()
    except EngineError as error:
        inner = error.field.split("/")
        if not keep:
            inner = inner[1:] if inner[0] != "optimizer" else []
        raise EngineError(
            error.message, "/".join([field, *inner]), error.code, error.allowed
        ) from None
