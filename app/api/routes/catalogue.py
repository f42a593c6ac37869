"""What there is to start from, and what problems mean."""

import math
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api import texts
from app.api.answers_catalogue import (
    CatalogueAnswer,
    IndexAnswer,
    IndexLinks,
    PresetsAnswer,
    ProblemsAnswer,
)
from app.api.context import PREFIX, service
from app.api.context import words as context_words
from app.api.documents import operation
from app.api.files import MAX_FILE_BYTES
from app.api.problem import CATALOGUE, KINDS
from app.api.values import answer, encode
from app.api.views import presets_json
from app.engine.bounds import whole
from app.engine.code.calls import CALLS, CONSTANTS, METHODS, as_called
from app.engine.functions import FAMILIES, FUNCTIONS, function
from app.engine.layer_types import LAYERS, LayerType
from app.engine.layer_types.elementwise import CONSTANT
from app.engine.loss_types import LOSSES
from app.engine.op import ShapeClash, Written, written
from app.engine.ops import OPS
from app.sessions.limits import told
from app.sessions.state import LEVELS

router = APIRouter(prefix=PREFIX, tags=["catalogue"])

# Changes with the program only.
CACHE = {"Cache-Control": "public, max-age=300"}


@operation(router, "GET", "", answer=IndexAnswer)
async def get_index(request: Request) -> Response:
    """Where to begin."""
    links = {name: f"{PREFIX}/{name}" for name in IndexLinks.__annotations__ if name != "document"}
    return answer(encode({"links": {"document": "/openapi.json", **links}}), headers=CACHE)


@operation(router, "GET", "/catalogue", answer=CatalogueAnswer)
async def get_catalogue(request: Request) -> Response:
    """What networks and programs are made of, the levels they are drawn at, and every limit."""
    limits = told(service(request).limits)
    limits["file_bytes"] = whole(1, MAX_FILE_BYTES).schema
    words = {language: context_words(request, language) for language in texts.LANGUAGES}
    document = {
        "functions": [
            _function(name, words) for name in (*FUNCTIONS, *FAMILIES) if function(name).title
        ],
        "ops": [
            {
                "name": name,
                "symbol": op.symbol,
                "formula": _of_operands(op.formula, (r"\mathbf{A}", r"\mathbf{B}", r"\mathbf{C}")),
                "numpy": _of_operands(op.numpy, ("A", "B", "C")),
                "texts": texts.of_op(words, name, op),
            }
            for name, op in OPS.items()
        ],
        "layers": [
            {
                "name": layer.name,
                "title": layer.title,
                "formula": written(layer.formula, [r"\mathbf{X}"], {}),
                "activation": layer.activation,
                "learned": _learned(layer),
                "texts": texts.of_fields(words, layer.by_name),
                # How large a network may be is the service's to say.
                "fields": {
                    field.name: field.schema | limits.get(field.name, {}) for field in layer.fields
                },
            }
            for layer in LAYERS.values()
        ],
        "losses": [
            {
                "name": loss.name,
                "title": loss.title,
                "formula": loss.formula,
                "classes": loss.has_classes,
                "texts": texts.of_fields(words, loss.by_name),
                "fields": {field.name: field.schema for field in loss.fields},
            }
            for loss in LOSSES.values()
        ],
        "levels": [
            {"name": name, "fields": {}, "texts": texts.of_level(words, name)} for name in LEVELS
        ],
        "program": {
            "functions": [as_called(name) for name in CALLS],
            "methods": sorted(METHODS),
            "constants": [f"np.{name}" for name in CONSTANTS],
        },
        "limits": limits,
    }
    return answer(encode(document), headers=CACHE)


def _learned(layer: LayerType) -> int:
    """Numbers that a layer learns for each that it takes, where no field decides it."""
    if any(field.default is None for field in layer.fields):
        return 0
    try:
        found = layer.parameters((1,), layer.whole({}))
    except ShapeClash:
        # It takes no rows.
        return 0
    return sum(math.prod(one.shape) for one in found.values())


def _function(name: str, words: texts.Words) -> dict[str, Any]:
    row, family = function(name), FAMILIES.get(name)
    x = r"\mathbf{X}"
    allowed = {} if family is None else {family.constant: CONSTANT.schema}
    return {
        "name": name,
        "title": row.title,
        "formula": row.formula.format(x),
        "gradient": row.gradient.format(x, y=r"\mathbf{Y}", g=r"\mathbf{G}"),
        "numpy": row.numpy.format("x"),
        "plain": row.plain,
        "kinks": list(row.kinks),
        "layer": row.layer,
        "texts": texts.of_op(words, name, OPS[name]),
        "fields": {
            field: {**schema, "default": family.default if family else 0.0}
            for field, schema in allowed.items()
        },
    }


def _of_operands(form: str | Written, names: tuple[str, ...]) -> str | None:
    """A formula or a line with the operands in it, where it is the same however it is used."""
    return form.format(*names) if isinstance(form, str) else None


@operation(router, "GET", "/presets", answer=PresetsAnswer)
async def get_presets(request: Request) -> Response:
    """Figures of the book, and programs from it and from papers, as sessions to start from."""
    return answer(encode(presets_json()), headers=CACHE)


@operation(router, "GET", "/problems", answer=ProblemsAnswer)
async def get_problems(request: Request) -> Response:
    """What the `type` of a problem document means."""
    problems = [
        {
            "type": f"{CATALOGUE}#{name}",
            "title": kind.title,
            "status": kind.status,
            "meaning": kind.meaning,
        }
        for name, kind in KINDS.items()
    ]
    return answer(encode({"problems": problems}), headers=CACHE)
