"""Tensors that come as files: NumPy's ``.npy``, or safetensors with several.

What a file says of itself is checked before anything of that size is made: a header of a hundred
bytes can claim a shape of any size. Nothing is ever unpickled.
"""

import io
import math
from collections.abc import Mapping
from typing import Literal

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load
from starlette.requests import Request

from app.api.bodies import doubled_key, read_bytes
from app.api.problem import FieldError, Problem, invalid, pointer
from app.api.tensors import NPY, SAFETENSORS
from app.engine.errors import EngineError
from app.engine.targets import LOOKS_TRANSPOSED
from app.sessions.edits import Replace

Array = np.ndarray
# ``own`` is (inputs, outputs), as everywhere here; ``torch`` (outputs, inputs).
Layout = Literal["own", "torch"]

MAX_FILE_BYTES = 2 << 20
# More than any network has parameters.
MAX_TENSORS = 100
MAX_NPY_HEADER = 4_096
OCTETS = "application/octet-stream"
ONE_TYPES = (NPY, SAFETENSORS, OCTETS)
MANY_TYPES = (SAFETENSORS, OCTETS)

_NPY_MAGIC = b"\x93NUMPY"
_NPY_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
_TORCH_NAMES = {"weight": "W", "bias": "b"}


async def read_file(request: Request, name: str | None = None) -> dict[str, Array]:
    """The tensors of a body, float64, by their names.

    Args:
        request: The request, body not yet read.
        name: The tensor that the address names. A file of a single tensor is that one; a file of
            several must have it.

    Raises:
        Problem: 400 not such a file, 413 too many bytes, 415 another Content-Type, 422 a dtype, a
            number or a name that cannot be used.
    """
    types = MANY_TYPES if name is None else ONE_TYPES
    data = await read_bytes(request, MAX_FILE_BYTES)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if media_type not in types or encoding != "identity":
        raise Problem(
            "unsupported-type",
            f"Send the file as {' or '.join(types)}, not compressed.",
            headers={"Accept": ", ".join(types)},
        )
    if media_type == NPY or (media_type == OCTETS and data.startswith(_NPY_MAGIC)):
        if name is None:
            raise malformed("several tensors come as one safetensors file")
        arrays = {name: read_npy(data)}
    else:
        arrays = read_safetensors(data)
        if name is not None and len(arrays) == 1:
            arrays = {name: next(iter(arrays.values()))}
    return {key: _numbers(key, array) for key, array in arrays.items()}


def read_npy(data: bytes) -> Array:
    """The array of a ``.npy`` file, version 1.0 or 2.0, in any byte order and order of cells.

    Raises:
        Problem: 400, it is none.
    """
    stream = io.BytesIO(data)
    try:
        read_header = _NPY_HEADERS[np.lib.format.read_magic(stream)]
        shape, fortran, dtype = read_header(stream, max_header_size=MAX_NPY_HEADER)
    except Exception:  # the header is a Python literal: there are many ways to be none
        raise malformed("it is no npy file of version 1.0 or 2.0") from None
    if dtype.hasobject or dtype.subdtype or dtype.names:
        raise malformed("an npy file here holds plain numbers, no Python objects and no records")
    start = stream.tell()
    if any(type(size) is not int or size < 0 for size in shape) or len(shape) > 8:
        raise malformed("its shape is not one of an array")
    if math.prod(shape) * dtype.itemsize != len(data) - start:
        raise malformed("its header promises another number of bytes than it has")
    cells = np.frombuffer(data, dtype, offset=start)
    try:
        return cells.reshape(shape, order="F" if fortran else "C")
    except ValueError:  # no cells, but a size beyond any array's
        raise malformed("its shape is not one of an array") from None


def read_safetensors(data: bytes) -> dict[str, Array]:
    """The tensors of a safetensors file.

    Raises:
        Problem: 400, it is none; 422, it has none, too many or one of a type NumPy does not have.
    """
    try:
        arrays = load(data)
    except (SafetensorError, ValueError):
        raise malformed("it is no safetensors file, or its header does not fit its size") from None
    except KeyError:
        message = "a tensor has a dtype that NumPy does not have; send float32 or float64"
        raise invalid([FieldError("", "type", message)]) from None
    header = data[8 : 8 + int.from_bytes(data[:8], "little")]
    doubled = doubled_key(header)
    if doubled is not None:
        raise invalid([FieldError(pointer([doubled]), "duplicate", "the key stands twice")])
    if not 1 <= len(arrays) <= MAX_TENSORS:
        message = f"the file holds {len(arrays):,} tensors; 1 to {MAX_TENSORS} can be sent"
        raise invalid([FieldError("", "limit", message)])
    return arrays


def replacements(arrays: Mapping[str, Array], layout: Layout) -> dict[str, Replace]:
    """The edits that put ``arrays`` into a session, by the names that they have in the file.

    With layout ``torch`` every W is transposed, and ``affine1.weight`` and ``affine1.bias`` are
    ``affine1.W`` and ``affine1.b``, as a model's ``state_dict()`` names them.

    Raises:
        Problem: 422, two of them are the same tensor.
    """
    edits: dict[str, Replace] = {}
    for given, array in arrays.items():
        layer, dot, part = given.rpartition(".")
        name = given
        if layout == "torch":
            part = _TORCH_NAMES.get(part, part)
            name = f"{layer}{dot}{part}"
            if dot and part == "W":
                array = array.T
        if any(edit.tensor == name for edit in edits.values()):
            message = f"the file has {name} under two names"
            raise invalid([FieldError(pointer([given]), "duplicate", message)])
        edits[given] = Replace(name, array)
    return edits


def upload_problem(error: EngineError, names: list[str], layout: Layout) -> Problem:
    """What is wrong with an edit, told of the tensor in the file.

    Args:
        error: Of `Service.edit`; its field starts with the number of the edit.
        names: Of the tensors in the file, in the order of the edits.
        layout: As it was sent.
    """
    index, _, field = error.field.partition("/")
    if not index.isdecimal():
        return invalid([FieldError(pointer([*error.field.split("/")]), error.code, error.message)])
    name = names[int(index)]
    inner = [part for part in field.split("/")[1:] if part]
    message = error.message
    if error.code == "shape" and name.endswith((".W", ".weight")):
        if layout == "torch":
            message += "; layout=torch has transposed it"
        elif message.endswith(LOOKS_TRANSPOSED):
            message += ", which layout=torch mends"
    found = FieldError(pointer([name, *inner]), error.code, message, error.allowed)
    return invalid([found])


def _numbers(name: str, array: Array) -> Array:
    """float64 cells, all of them finite."""
    if array.dtype.kind not in "iuf":
        message = f"has dtype {array.dtype}; send floats or whole numbers"
        raise invalid([FieldError(pointer([name]), "type", message)])
    with np.errstate(over="ignore", invalid="ignore"):
        cells = array.astype(np.float64)
    finite = np.isfinite(cells)
    if not finite.all():
        place = np.unravel_index(int(finite.argmin()), cells.shape)
        path: list[str | int] = [name, *(int(index) for index in place)]
        raise invalid([FieldError(pointer(path), "finite", "must be a finite number")])
    return cells


def malformed(reason: str, code: str = "file", line: int | None = None) -> Problem:
    """A body that is no file of its kind, or a text that is not from some line on."""
    error = FieldError("", code, reason, line=line)
    return Problem("malformed", f"The body cannot be read: {reason}.", [error])
