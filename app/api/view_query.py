"""Which view of a session a query asks for; what is left out is as the session has it."""

from typing import Annotated

from fastapi import Depends, Query

from app.api.models_parts import MAX_NAME, MAX_OPEN, Form, Level, LossView
from app.api.written import INDEX
from app.sessions.edits import ChangeView

LevelQuery = Annotated[Level | None, Query(description="Default: the session's view.")]
LossQuery = Annotated[LossView | None, Query(description="Default: the session's view.")]
SampleQuery = Annotated[
    int | None, Query(ge=0, le=9999, description="The row that level `element` shows.")
]
SingleQuery = Annotated[
    bool | None, Query(description="Write shapes of one sample as `(2,)`, not `(1, 2)`.")
]
OpenQuery = Annotated[
    str | None,
    Query(
        max_length=MAX_OPEN * (MAX_NAME + 1),
        description="Layers that stand opened among boxes, and ops that are opened: `affine1.add`,"
        " the + of a layer, which shows how b is repeated for the rows, and `loss.mean`, which"
        " shows 1/N. With commas between; empty for none.",
        examples=["affine1,relu1", "affine1.add"],
    ),
]
FormQuery = Annotated[
    Form | None,
    Query(description="How an opened loss is computed; `book` gives way where it is not safe."),
]
IndexQuery = Annotated[
    Annotated[str, INDEX],
    Query(max_length=100, description="The cell; empty for a scalar.", examples=["0,1"]),
]
UpdateQuery = Annotated[
    bool | None, Query(description="Whether the pass goes on into the update of the parameters.")
]


# Both are async: FastAPI would run plain functions in a thread each.
async def _pass(
    level: LevelQuery = None,
    loss: LossQuery = None,
    sample: SampleQuery = None,
    open: OpenQuery = None,
    form: FormQuery = None,
    update: UpdateQuery = None,
) -> ChangeView:
    return ChangeView(level, loss, sample, open=_names(open), form=form, update=update)


async def _drawing(
    level: LevelQuery = None,
    loss: LossQuery = None,
    sample: SampleQuery = None,
    single: SingleQuery = None,
    open: OpenQuery = None,
    form: FormQuery = None,
    update: UpdateQuery = None,
) -> ChangeView:
    return ChangeView(level, loss, sample, single, _names(open), form, update)


def _names(open: str | None) -> tuple[str, ...] | None:
    if open is None:
        return None
    return tuple(name.strip() for name in open.split(",") if name.strip())


# The pass whose numbers are meant, and with it how the figure is drawn.
PassQuery = Annotated[ChangeView, Depends(_pass)]
DrawingQuery = Annotated[ChangeView, Depends(_drawing)]
