"""The numbers and the words of answers, as the schemas say them.

A `Cell` is a JSON number, or one of three texts where the result is not finite. In the code a
tensor is an array, which `values` writes; `written_as` says what it is written as.
"""

from typing import Annotated, Any, Literal

from pydantic import GetPydanticSchema, WithJsonSchema

# pydantic takes only this TypedDict before Python 3.12.
from typing_extensions import TypeAliasType, TypedDict

from app.engine.spec import DTYPES
from app.sessions.state import FORMS, LEVELS, LOSS_VIEWS


def words(*allowed: str) -> WithJsonSchema:
    """The schema of a text that is one of a few words."""
    return WithJsonSchema({"type": "string", "enum": list(allowed)})


def written_as(kind: Any) -> GetPydanticSchema:
    """The schema of what is an array here and becomes ``kind`` in JSON."""
    return GetPydanticSchema(lambda _, handler: handler(kind))


Word = Annotated[str, words("NaN", "Infinity", "-Infinity")]
Cell = TypeAliasType("Cell", Annotated[Any, written_as(float | Word)])
Vector = TypeAliasType("Vector", Annotated[Any, written_as(list[Cell])])
Matrix = TypeAliasType("Matrix", Annotated[Any, written_as(list[list[Cell]])])
Images = TypeAliasType("Images", Annotated[Any, written_as(list[Matrix] | list[list[Matrix]])])
Cells = TypeAliasType("Cells", Annotated[Any, written_as(Cell | Vector | Matrix | Images)])
Shape = list[int]

Level = TypeAliasType("Level", Annotated[str, words(*LEVELS)])
LossView = TypeAliasType("LossView", Annotated[str, words(*LOSS_VIEWS)])
Form = TypeAliasType("Form", Annotated[str, words(*FORMS)])
Phase = Annotated[str, words("forward", "loss", "backward", "update")]
Dtype = Annotated[str, words(*DTYPES)]


class Omitted(TypedDict):
    """Stands for a tensor of too many cells; `link`, if it has one, gives all of them."""

    shape: Shape
    min: Cell
    max: Cell
    mean: Cell
    omitted: Literal[True]
    link: str | None


Value = TypeAliasType("Value", Annotated[Any, written_as(Cells | Omitted)])
MatrixValue = TypeAliasType("MatrixValue", Annotated[Any, written_as(Matrix | Omitted)])
Values = dict[str, Value]
