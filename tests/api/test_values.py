import json
import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from app.api.values import encode

NUMBERS = st.floats(allow_nan=True, allow_infinity=True)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.text(max_size=5),
    NUMBERS,
    NUMBERS.map(np.float64),
    st.integers(0, 9).map(np.int64),
    NUMBERS.map(np.array),
    arrays(np.float64, array_shapes(max_dims=3, max_side=3), elements=NUMBERS),
    arrays(np.float64, array_shapes(max_dims=2, max_side=3), elements=NUMBERS).map(np.transpose),
    arrays(np.int64, 2, elements=st.integers(0, 9)),
)
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.text(max_size=3), inner, max_size=3),
        st.dictionaries(st.text(max_size=3), inner, max_size=3).map(MappingProxyType),
    ),
    max_leaves=12,
)


def told(value: Any) -> Any:
    """What a reader is to find for ``value``, written down as slowly and plainly as can be."""
    if isinstance(value, np.ndarray | np.generic):
        return told(value.tolist())
    if isinstance(value, Mapping):
        return {key: told(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [told(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


@given(DOCUMENTS)
def test_every_number_is_told_and_none_becomes_null(document: Any) -> None:
    assert json.loads(encode(document)) == told(document)


def test_a_number_of_float32_has_the_digits_of_float32() -> None:
    assert encode({"x": np.array([0.1, 0.2], np.float32)}) == b'{"x":[0.1,0.2]}'
    assert encode([np.float32(0.1), np.float32("nan")]) == b'[0.1,"NaN"]'


def test_a_text_of_null_is_no_number() -> None:
    document = {"null": "null", "none": None, "x": np.array([1.0, np.nan]), "of": ("null", "null")}

    assert json.loads(encode(document)) == told(document)


def test_what_has_no_json_form_is_a_fault_of_ours() -> None:
    with pytest.raises(TypeError):
        encode({"x": object()})
