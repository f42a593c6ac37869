"""Edits of a session that holds a program: its numbers by their names, and the program itself."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from app.engine.code.reading import names_read, read
from app.engine.code.running import fits_scalars, read_code
from app.engine.code.spec import CodeSpec
from app.engine.errors import EngineError
from app.engine.spec import Limits
from app.engine.targets import check_numbers
from app.sessions.cells import set_cell
from app.sessions.creation import Numbers
from app.sessions.edits import (
    LEARNING_RATE,
    ChangeCode,
    ChangeOptimizer,
    ChangeView,
    Edit,
    Loader,
    Replace,
    Reset,
    SetCell,
    changed_view,
)
from app.sessions.origin import same, start
from app.sessions.presets import first_optimizer
from app.sessions.state import Session

Array = np.ndarray

GRADIENT = "grad_output"


def apply_to_code(
    session: Session, edits: Iterable[Edit], limits: Limits, loader: Loader
) -> Session:
    """The session after all edits, or none of them; as `draft.apply_edits` of a network.

    Args:
        session: Its spec is a `CodeSpec`; left as it is.
        edits: Applied in order.
        limits: For the cells of a pass.
        loader: For a preset's own numbers.

    Raises:
        EngineError: the field starts with the number of the edit.
    """
    draft = _CodeDraft(session, limits, loader)
    for index, edit in enumerate(edits):
        draft.field = str(index)
        draft.apply(edit)
    return draft.finish()


class _CodeDraft:
    def __init__(self, session: Session, limits: Limits, loader: Loader) -> None:
        assert isinstance(session.spec, CodeSpec)
        self.session = session
        self.limits = limits
        self.loader = loader
        self.field = ""
        self.numbers_changed = False

    @property
    def spec(self) -> CodeSpec:
        assert isinstance(self.session.spec, CodeSpec)
        return self.session.spec

    def apply(self, edit: Edit) -> None:
        session = self.session
        match edit:
            case SetCell(tensor, _, value) if tensor == LEARNING_RATE:
                self._rate(value, edit.index == ())
            case SetCell(tensor, index, value):
                array = set_cell(self._array(tensor), index, value, self.field)
                self._put({tensor: array})
            case Replace(tensor, value) if tensor == LEARNING_RATE:
                self._rate(float(value) if value.ndim == 0 else 0.0, value.ndim == 0)
            case Replace(tensor, value):
                self._array(tensor)
                self._put({tensor: check_numbers(value, "float64", f"{self.field}/value")})
            case ChangeCode():
                self._program(edit)
            case ChangeView():
                self.session = replace(
                    session, view=changed_view(session.view, edit, session, self.field)
                )
            case ChangeOptimizer(optimizer):
                self.session = replace(session, optimizer=optimizer, optimizer_state={})
            case Reset():
                began = start(session, self.limits, self.loader).numbers
                if session.preset is not None:
                    first = first_optimizer(session.preset)
                    self.session = replace(session, optimizer=first, optimizer_state={})
                self._take(began)
            case _:
                raise EngineError(
                    "a program has no rows of samples and no classes", f"{self.field}/op", "choice"
                )

    def finish(self) -> Session:
        """The session, with a new data version where a number or the program changed."""
        session, view = self.session, self.session.view
        if view.level == "element" and not fits_scalars(self.spec):
            # The program has grown past what single numbers show.
            view = replace(view, level="op")
        return replace(session, view=view, data_version=session.data_version + self.numbers_changed)

    def _array(self, tensor: str) -> Array:
        arrays = dict(self.session.parameters)
        if self.session.grad_output is not None:
            arrays[GRADIENT] = self.session.grad_output
        if tensor not in arrays:
            raise EngineError(
                "the session has no such tensor to edit", f"{self.field}/tensor", "name"
            )
        return arrays[tensor]

    def _put(self, arrays: dict[str, Array]) -> None:
        """Other numbers for the same program; other shapes are another program."""
        gradient = arrays.pop(GRADIENT, self.session.grad_output)
        values = {**self.session.parameters, **arrays}
        # Other shapes may mend a clash, or leave it as it is.
        clashes = self.spec.clash is not None
        self._read(self.spec.code, values, gradient, f"{self.field}/value", None, clashes)

    def _program(self, edit: ChangeCode) -> None:
        code, gradient = edit.code, edit.grad_output
        try:
            names = names_read(read(code))
        except EngineError as error:
            raise self._at(error, "code") from None
        kept = {name: one for name, one in self.session.parameters.items() if name in names}
        was = self.session.grad_output if gradient is None and not edit.clears else None
        self._read(code, {**kept, **edit.values}, gradient, None, was, edit.up_to_clash)

    def _read(
        self,
        code: str,
        values: dict[str, Array],
        gradient: Array | None,
        field: str | None,
        was: Array | None,
        up_to_clash: bool,
    ) -> None:
        try:
            spec, checked, given = read_code(code, values, gradient, self.limits, up_to_clash)
        except EngineError as error:
            raise self._at(error, field) from None
        is_array = spec.loss is None and spec.clash is None
        if was is not None and is_array and was.shape == spec.output_shape:
            given = was
        if spec == self.spec:
            # The same program: nothing that was gathered belongs to other parameters.
            spec = self.spec
        self._take(Numbers(spec, checked, self.session.x, None, given))

    def _take(self, numbers: Numbers) -> None:
        is_other = numbers.spec != self.session.spec
        self.session = replace(
            self.session,
            spec=numbers.spec,
            parameters=numbers.parameters,
            grad_output=numbers.grad_output,
            # Samples of one's own, or another program, are no step of a run any more.
            opened=self.session.opened if self._is_of_run(numbers) else None,
            optimizer_state={} if is_other else self.session.optimizer_state,
        )
        self.numbers_changed = True

    def _is_of_run(self, numbers: Numbers) -> bool:
        """Whether nothing but what learns is another, as in a step of a run that was opened."""
        old, new, spec = self.session.parameters, numbers.parameters, self.spec
        given = [name for name in spec.shapes if name not in spec.learned]
        return numbers.spec == spec and all(same(old[name], new[name]) for name in given)

    def _rate(self, value: float, is_one: bool) -> None:
        if not is_one:
            raise EngineError("learning_rate is one number: []", f"{self.field}/index", "shape")
        try:
            optimizer = replace(self.session.optimizer, learning_rate=value)
        except EngineError as error:
            raise EngineError(
                error.message, f"{self.field}/value", error.code, error.allowed
            ) from None
        self.session = replace(self.session, optimizer=optimizer)

    def _at(self, error: EngineError, field: str | None) -> EngineError:
        """The error as one of this edit: of ``field``, or of the field that it names below it."""
        told = EngineError(error.message, field or error.field, error.code, error.allowed)
        if field is None or field == "code":
            told.field = f"{self.field}/{field or error.field}"
        told.line, told.column = error.line, error.column
        told.others = tuple(self._at(one, field) for one in error.others)
        return told
