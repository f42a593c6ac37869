"""What there is to learn from, and data sets of one's own."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from app import datasets, handwriting
from app.api import examples
from app.api.answers_catalogue import (
    DatasetsAnswer,
    OwnDatasetAnswer,
    PictureAnswer,
    RowAnswer,
)
from app.api.bodies import read_bytes, read_model
from app.api.context import PREFIX, client, service
from app.api.documents import operation
from app.api.executor import in_executor
from app.api.files import MAX_FILE_BYTES, OCTETS, malformed
from app.api.models import PICTURE
from app.api.problem import Problem
from app.api.routes.catalogue import CACHE
from app.api.values import answer, encode
from app.engine.errors import EngineError
from app.engine.initializers import SEED
from app.sessions import planes
from app.sessions.csvfile import MAX_NAME, NO_TABLE, TEST, read_table
from app.sessions.store.errors import Unknown

router = APIRouter(prefix=PREFIX, tags=["datasets"])

TYPES = ("text/csv", OCTETS)

LabelQuery = Annotated[
    str | None,
    Query(max_length=MAX_NAME, description="The column of the labels; the last one by default."),
]
TestQuery = Annotated[
    float, Query(ge=TEST.minimum, le=TEST.maximum, description="The share of rows held out.")
]
SeedQuery = Annotated[
    int, Query(ge=SEED.minimum, le=SEED.maximum, description="Of the shuffle before the split.")
]
ScaleQuery = Annotated[
    bool,
    Query(description="Give every column mean 0 and standard deviation 1 over the training rows."),
]


@operation(router, "GET", "/datasets", answer=DatasetsAnswer)
async def get_datasets(request: Request) -> Response:
    """What a session can learn from: real data with its splits, and points that are made."""
    document = {"datasets": datasets.describe(), "planes": planes.describe()}
    return answer(encode(document), headers=CACHE)


@operation(
    router,
    "POST",
    "/datasets",
    answer=OwnDatasetAnswer,
    status=201,
    files=TYPES,
    problems=("unavailable",),
    answer_headers=("Location",),
)
async def create_dataset(
    request: Request,
    label: LabelQuery = None,
    test: TestQuery = 0.2,
    seed: SeedQuery = 0,
    scale: ScaleQuery = False,
) -> Response:
    """One's own data set, from a CSV file of at most 2 MiB.

    Its first line names the columns; one holds labels of any kind, all others numbers. It is kept
    as long as sessions are, and its name in the answer stands wherever a data set is named.
    """
    data = await read_bytes(request, MAX_FILE_BYTES)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in TYPES:
        said = f"Send the file as {' or '.join(TYPES)}."
        raise Problem("unsupported-type", said, headers={"Accept": ", ".join(TYPES)})
    sessions, owner = service(request), client(request)

    def create() -> Response:
        try:
            table = read_table(data, label, test, seed, scale)
        except EngineError as error:
            if error.code in NO_TABLE:
                raise malformed(error.message, error.code, error.line) from None
            raise
        about = sessions.own_data.add(table, owner)
        location = f"{PREFIX}/datasets/{about['name']}"
        return answer(encode(about), status=201, headers={"Location": location})

    return await in_executor(request, create)


@operation(router, "GET", "/datasets/{name}", answer=OwnDatasetAnswer, problems=("not-found",))
async def get_dataset(request: Request, name: str) -> Response:
    """One's own data set: its splits, columns and classes."""
    sessions = service(request)
    return await in_executor(request, lambda: answer(encode(sessions.own_data.about(name))))


@operation(
    router,
    "GET",
    "/datasets/{name}/rows/{split}/{row}",
    answer=RowAnswer,
    problems=("not-found",),
)
async def get_row(request: Request, name: str, split: str, row: int) -> Response:
    """One sample as it was recorded: pixels from 0 to 255, row by row, and its label."""
    try:
        pixels, label = datasets.digit(name, split, row)
    except EngineError as error:
        raise Unknown(error.message) from None
    document = {"row": row, "label": label, "pixels": pixels.tolist()}
    return answer(encode(document), headers=CACHE)


@operation(
    router,
    "POST",
    "/datasets/mnist/drawn",
    answer=PictureAnswer,
    body=PICTURE,
    examples=examples.PICTURE,
)
async def prepare_drawing(request: Request) -> Response:
    """A digit of one's own, made such a picture as those of `mnist` are; nothing is kept.

    It is scaled to fit a box of 20 by 20 pixels and moved so that its centre of mass is in the
    middle of 28 by 28. As one row of `x` it goes through any network that takes digits.
    """
    body = await read_model(request, PICTURE)

    def prepare() -> Response:
        return answer(encode({"pixels": handwriting.prepared(body.pixels)}))

    return await in_executor(request, prepare)
