"""One's own table: what is read, how it is split, and how every fault is told."""

import csv
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.errors import EngineError
from app.sessions.csvfile import MAX_CLASSES, MAX_ROWS, read_table

PLAIN = b"width,height,kind\n1,2,a\n3,4,b\n5,6.5,a\n-7,8e-1,b\n9,.5,a\n"


def test_a_table_is_read_whole_and_split() -> None:
    table = read_table(PLAIN)
    assert table.columns == ("width", "height")
    assert table.label == "kind"
    assert table.classes == ("a", "b")
    assert table.train == 4
    rows = {(*x, table.classes[k]) for x, k in zip(table.x.tolist(), table.labels, strict=True)}
    assert rows == {(1, 2, "a"), (3, 4, "b"), (5, 6.5, "a"), (-7, 0.8, "b"), (9, 0.5, "a")}


def test_the_label_column_is_named_and_numbers_sort_as_numbers() -> None:
    table = read_table(b"y;x\n10;1\n2;2\n2;3\n", label="y", test=0)
    assert table.classes == ("2", "10")
    assert table.columns == ("x",)
    assert table.train == 3


def test_a_seed_shuffles_and_never_loses_a_row() -> None:
    same, other = read_table(PLAIN, seed=1), read_table(PLAIN, seed=2)
    np.testing.assert_array_equal(same.x, read_table(PLAIN, seed=1).x)
    assert not np.array_equal(same.x, other.x)
    assert sorted(same.x.tolist()) == sorted(other.x.tolist())


def test_scaled_columns_have_mean_0_over_the_training_rows() -> None:
    table = read_table(b"a,b,c,y\n1,5,1,0\n2,5,3,1\n6,5,8,0\n7,5,9,1\n", test=0.25, scale=True)
    part = table.x[: table.train]
    np.testing.assert_allclose(part.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(part.std(axis=0), [1, 0, 1], atol=1e-12)


def test_bytes_that_editors_leave_do_no_harm() -> None:
    text = "\ufeffa\tb\r\n1\t\u00e9\r\n\r\n2\tf\r\n"
    assert read_table(text.encode()).classes == ("f", "\u00e9")


@given(
    st.lists(
        st.tuples(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9), st.sampled_from("pqr")),
        min_size=2,
        max_size=30,
    ).filter(lambda rows: len({row[2] for row in rows}) > 1)
)
def test_numbers_come_back_to_the_last_bit(rows: list[tuple[float, float, str]]) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([("u", "v", "label"), *rows])
    table = read_table(out.getvalue().encode())
    found = sorted(
        (*x, table.classes[k]) for x, k in zip(table.x.tolist(), table.labels, strict=True)
    )
    assert found == sorted(rows)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "the file is empty"),
        (b"a,b\n", "no rows"),
        (b"a\n1\n", "line 1: there is one column"),
        (b"1,2\n3,4\n", "line 1: these are numbers alone"),
        (b"a,a\n1,2\n", "line 1: columns 1 and 2 have the same name"),
        (b"a,\n1,2\n", "line 1: column 2 needs a name"),
        (b"a,b\n1,x\n2\n", "line 3: there are 1 cells, the header has 2"),
        (b"a,b\n1,x\n\n,y\n", "line 4, column 1: there is no number"),
        (b"a,b\n1,x\nnan,y\n", "line 3, column 1: this is no number"),
        (b'a;b\n"1,5";x\n', "line 2, column 1: this is no number; a decimal has a point"),
        (b"a,b\n1e999,x\n", "line 2, column 1: the number is too large"),
        (b"a,b\n1_0,x\n", "line 2, column 1: this is no number"),
        (b"a,b\n1,\n", "line 2, column 2: a label has"),
        (b"a,b\n1,x\n2,\xff\n", "line 3: this is no UTF-8 text"),
        (b'a,b\n1,"x\n', "line 2: this is no CSV"),
        (b"a,b\n1,x\n2,x\n", "one value only"),
        (b"a,b\n" + b"1,x\n" * (MAX_ROWS + 1), f"at most {MAX_ROWS:,} rows"),
        (
            b"a,b\n" + b"".join(b"1,%d\n" % k for k in range(MAX_CLASSES + 1)),
            f"at most {MAX_CLASSES} classes",
        ),
    ],
)
def test_a_fault_is_told_with_its_line(data: bytes, words: str) -> None:
    with pytest.raises(EngineError) as caught:
        read_table(data)
    assert words in caught.value.message
    assert caught.value.field in ("", "label")


@pytest.mark.parametrize(
    ("field", "change"),
    [("label", {"label": "z"}), ("test", {"test": 0.95}), ("seed", {"seed": -1})],
)
def test_a_wrong_wish_is_named(field: str, change: dict[str, object]) -> None:
    with pytest.raises(EngineError) as caught:
        read_table(PLAIN, **change)  # type: ignore[arg-type]
    assert caught.value.field == field
