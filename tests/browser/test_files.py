"""Numbers that come in as files and go out as files: .npy, .npz, .csv."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.pasting import becomes, open_own, paste, tensor

RNG = np.random.default_rng(8)
DROP = """async ([selector, files]) => {
  const data = new DataTransfer();
  for (const [name, bytes] of files) data.items.add(new File([new Uint8Array(bytes)], name));
  const place = document.querySelector(selector);
  const fire = (type) => place.dispatchEvent(
    new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
  const taken = !fire("dragover");
  const hint = document.querySelector("#drop-hint:popover-open");
  const lit = document.querySelector(".dropping") !== null;
  fire("drop");
  return [taken, hint ? hint.innerText : lit];
}"""


def npy(array: np.ndarray, version: tuple[int, int] = (1, 0)) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version)
    return buffer.getvalue()


def npz(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    named: dict[str, Any] = {name.replace("__", "."): value for name, value in arrays.items()}
    np.savez_compressed(buffer, **named)
    return buffer.getvalue()


def drop(explorer: Any, selector: str, *files: tuple[str, bytes]) -> Any:
    """Whether the page took the drop, and lit what would; or what it said of dropping there."""
    return explorer.page.evaluate(DROP, [selector, [[name, list(data)] for name, data in files]])


def section(name: str) -> str:
    return f'section[data-name="{name}"]'


def download(explorer: Any, button: str) -> tuple[str, bytes]:
    with explorer.page.expect_download() as loading:
        explorer.page.get_by_role("button", name=button, exact=True).click()
    return loading.value.suggested_filename, Path(loading.value.path()).read_bytes()


def said(explorer: Any, words: str) -> None:
    explorer.until(lambda: words in explorer.page.inner_text("#panel"))


def test_an_npy_file_dropped_on_a_tensor_becomes_it(explorer: Any) -> None:
    open_own(explorer)
    w = RNG.normal(size=(4, 10))
    assert drop(explorer, section("affine1.W"), ("whatever.npy", npy(w))) == [True, True]
    becomes(explorer, "affine1.W", w.tolist())
    said(explorer, "Read: W\u2081 4 \u00d7 10.")
    assert explorer.page.locator(".dropping").count() == 0
    # On the panel its name tells where it goes.
    drop(explorer, "#panel", ("affine2.b.npy", npy(np.array([[1], [2], [3]]))))
    becomes(explorer, "affine2.b", [1, 2, 3])


def test_every_kind_of_npy_is_read_as_numpy_reads_it(explorer: Any) -> None:
    open_own(explorer, (2, 3, 3), 2)
    a = np.array([[1, 2, 3], [4, 5, 6]])
    kinds = [
        f"{order}{kind}" for order in "<>" for kind in ("f4", "f8", "i2", "i4", "i8", "u2", "u8")
    ]
    for k, kind in enumerate([*kinds, "i1", "u1"]):
        array = (a + k).astype(kind)
        version = ((1, 0), (2, 0), (3, 0))[k % 3]
        drop(explorer, section("affine1.W"), ("w.npy", npy(array, version)))
        becomes(explorer, "affine1.W", (a + k).tolist())
    third = np.asfortranarray(a / 3)
    assert b"'fortran_order': True" in npy(third)
    drop(explorer, section("affine1.W"), ("w.npy", npy(third)))
    becomes(explorer, "affine1.W", third.tolist())


def test_an_npz_fills_samples_targets_and_parameters_at_once(explorer: Any) -> None:
    open_own(explorer)
    x, w = RNG.normal(size=(7, 4)), RNG.normal(size=(4, 10))
    labels = np.array([0, 1, 2, 0, 1, 2, 0])
    file = npz(x=x, t=labels, affine1__W=w, affine1__b=np.arange(10)[None])
    drop(explorer, "#panel", ("all.npz", file))
    becomes(explorer, "x", x.tolist())
    assert tensor(explorer, "t") == labels.tolist()
    assert tensor(explorer, "affine1.W") == w.tolist()
    assert tensor(explorer, "affine1.b") == list(range(10))


def test_csv_files_of_samples_and_targets_are_dropped_together(explorer: Any) -> None:
    open_own(explorer)
    x = "a,b,c,d\n" + "\n".join("0.5,1,2,3" for _ in range(6))
    drop(explorer, "#panel", ("x.csv", x.encode()), ("t.csv", b"0\n1\n2\n0\n1\n2\n"))
    becomes(explorer, "t", [0, 1, 2, 0, 1, 2])
    assert tensor(explorer, "x") == [[0.5, 1, 2, 3]] * 6


def test_a_file_can_be_chosen_with_the_keyboard_too(explorer: Any) -> None:
    open_own(explorer)
    opener = explorer.page.get_by_label("B\u2082: Open a file")
    opener.focus()
    with explorer.page.expect_file_chooser() as choosing:
        opener.press("Enter")
    choosing.value.set_files({"name": "b.tsv", "mimeType": "", "buffer": b"0,5\t0,25\t1\n"})
    becomes(explorer, "affine2.b", [0.5, 0.25, 1])


def test_what_fits_only_transposed_is_offered_for_files_too(explorer: Any) -> None:
    open_own(explorer)
    w1, w2 = RNG.normal(size=(4, 10)), RNG.normal(size=(10, 3))
    before = tensor(explorer, "affine1.W")
    drop(explorer, "#panel", ("torch.npz", npz(affine1__W=w1.T, affine2__W=w2.T)))
    said(explorer, "W\u2081 (10, 4), W\u2082 (3, 10)")
    assert tensor(explorer, "affine1.W") == before
    explorer.page.get_by_role("button", name="Take it transposed").click()
    becomes(explorer, "affine1.W", w1.tolist())
    assert tensor(explorer, "affine2.W") == w2.tolist()


def test_what_does_not_fit_is_refused_by_name_and_nothing_is_changed(explorer: Any) -> None:
    open_own(explorer)
    version = explorer.get("")["version"]
    w = np.ones((4, 10))
    half = np.ones((4, 10))
    half[2, 3] = np.nan
    for file, words in {
        ("a.npz", npz(affine1__W=w, affine9__W=w)): "affine9.W (4, 10): this network has nothing",
        ("a.npz", npz(affine1__W=w, affine2__b=np.ones(4))): "affine2.b has shape (4,), but must",
        ("a.npz", npz(x=np.ones((5, 3)))): "x has shape (5, 3), but must have (N, 4)",
        ("a.npz", npz(x=np.ones((6, 4)))): "x would have 6, t 5",
        ("a.npz", npz(t=np.ones((5, 3)))): "t: row 1 is not one-hot",
        ("a.npz", b"PK\x03\x04 and no more"): "not a .npz file",
        ("a.npz", npz(affine1__W=half)): "affine1.W: Row 3, column 4: \u201cNaN\u201d",
        ("affine1.W.npy", npy(w)[:-1]): "cut short",
        ("affine1.W.npy", npy(w > 0)): "type |b1",
        ("affine1.W.npy", npy(w.astype(complex))): "type <c16",
        ("affine1.W.npy", npy(w[None])): "3 dimensions",
        ("affine1.W.npy", npy(np.array(1.0))): "0 dimensions",
        ("affine1.W.npy", npy(np.full((4, 10), 2**53 + 1))): "9007199254740993 is too large",
        ("affine1.W.npy", b"no numpy"): "not a .npy file",
        ("affine1.W.csv", b"1,5\n2,5\n"): "could be a decimal point",
        ("affine1.W.xlsx", b"PK"): "kind .xlsx",
        ("weights.npy", npy(w)): "(x), T (t), W\u2081 (affine1.W), ",
    }.items():  # fmt: skip
        drop(explorer, "#panel", file)
        explorer.until(lambda words=words: words in problem_of_files(explorer))
    assert explorer.get("")["version"] == version


def problem_of_files(explorer: Any) -> str:
    text: str = explorer.page.evaluate("document.getElementById('problem-files')?.innerText ?? ''")
    return text


@pytest.mark.parametrize(
    ("name", "shown"),
    [("x", "X"), ("affine1.W", "W\u2081"), ("affine1.b", "B\u2081"), ("t", "T")],
)
def test_a_saved_tensor_holds_all_digits_and_comes_back(
    explorer: Any, name: str, shown: str
) -> None:
    open_own(explorer)
    paste(explorer, "affine1.W", "0,0", repr((RNG.normal(size=(4, 10)) / 3).tolist()))
    explorer.until(lambda: explorer.get("")["version"] == 2)
    explorer.settle()
    value = tensor(explorer, name)
    file, data = download(explorer, f"{shown}: Save as .npy")
    assert file == f"{name}.npy"
    array = np.load(io.BytesIO(data))
    assert array.tolist() == value
    assert array.dtype == ("int64" if name == "t" else "float64")
    file, text = download(explorer, f"{shown}: Save as .csv")
    assert file == f"{name}.csv"
    assert np.loadtxt(io.BytesIO(text), delimiter=",").tolist() == value
    blank = np.zeros_like(array)
    drop(explorer, section(name), (f"{name}.npy", npy(blank)))
    becomes(explorer, name, blank.tolist())
    drop(explorer, section(name), (file, text))
    becomes(explorer, name, value)


def test_everything_is_saved_in_one_npz_that_numpy_reads(explorer: Any) -> None:
    explorer.open("?preset=fig-5-27&lang=en")
    explorer.page.click("#tab-data")
    file, data = download(explorer, "Save as .npz")
    assert file == "fig-5-27.npz"
    assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None
    state = explorer.get("")
    arrays = np.load(io.BytesIO(data))
    wanted = {"x": state["x"], "grad_output": state["grad_output"], **state["parameters"]}
    assert {name: arrays[name].tolist() for name in arrays} == wanted
    drop(explorer, "#panel", (file, data))
    said(explorer, "Read: X 3")
    explorer.settle()
    assert {name: tensor(explorer, name) for name in wanted} == wanted


def test_tensors_too_large_for_a_table_come_and_go_as_files(explorer: Any) -> None:
    explorer.open("?preset=fig-5-28&lang=en")
    explorer.page.click("#tab-data")
    name, shown = "affine1.W", "W\u2081"
    whole = explorer.get(f"/tensors/{name}")["value"]
    file, data = download(explorer, f"{shown}: Save as .npy")
    assert np.load(io.BytesIO(data)).tolist() == whole
    drop(explorer, section(name), (file, npy(np.negative(whole))))
    explorer.until(lambda: explorer.get(f"/tensors/{name}?slice=0,0")["value"] == -whole[0][0])
    explorer.settle()
    assert explorer.get(f"/tensors/{name}")["value"] == np.negative(whole).tolist()


def test_a_file_dropped_beside_the_panel_does_not_replace_the_page(explorer: Any) -> None:
    open_own(explorer)
    version = explorer.get("")["version"]
    file = ("x.npy", npy(np.zeros((5, 4))))
    notice = explorer.page.locator("#notice p")
    for place in ("#figure", "#panel", "#share"):
        if place == "#panel":
            explorer.page.click("#tab-table")
        if place == "#share":
            explorer.page.click("#share-button")
            explorer.page.wait_for_selector("#share-save")
        taken, hint = drop(explorer, place, file)
        assert taken
        assert ".backprop.json" in hint
        notice.wait_for()
        assert notice.inner_text().startswith("x.npy cannot be opened here.")
        # It covers none of the buttons above the figure.
        bar, told = (explorer.page.locator(one).bounding_box() for one in ("#toolbar", "#notice"))
        assert told["y"] >= bar["y"] + bar["height"]
        assert not explorer.page.is_visible("#drop-hint")
        assert explorer.page.locator("dialog[open]").count() == 0
        explorer.page.click("#notice button")
    # Whoever holds a file cannot press a tab, but hold it there.
    drop(explorer, "#tab-data", file)
    assert explorer.page.get_attribute("#tab-data", "aria-selected") == "true"
    assert explorer.get("")["version"] == version


def test_a_shared_file_dropped_anywhere_is_opened(explorer: Any) -> None:
    explorer.open("?preset=fig-5-25&lang=en")
    recipe = {
        "base": {"preset": "fig-5-25"},
        "edits": [{"op": "set", "tensor": "affine1.W", "index": [0, 0], "value": 9}],
    }
    before = explorer.id
    # As a browser names the second of two.
    drop(explorer, "#figure", ("fig-5-25.backprop (1).json", json.dumps(recipe).encode()))
    explorer.until(lambda: explorer.id != before and explorer.numbers("affine1.W")[0] == 9)
    drop(explorer, "#timeline", ("notes.json", b"[1, 2]"))
    explorer.page.wait_for_selector("#notice p")
    assert "no numbers that can be opened" in explorer.page.inner_text("#notice p")
    # With others it could not be told what is wanted.
    explorer.page.click("#tab-data")
    drop(explorer, "#panel", ("x.npy", npy(np.zeros((1, 2)))), ("one.json", b"{}"))
    said(explorer, "one.json holds a whole figure with its numbers.")


def test_somebody_else_s_numbers_can_be_saved_and_not_replaced(explorer: Any) -> None:
    open_own(explorer)
    address = explorer.page.evaluate("location.search")
    explorer.page.evaluate("localStorage.clear()")
    explorer.open(address)
    explorer.page.click("#tab-data")
    assert explorer.page.locator("#panel input[type=file]").count() == 0
    drop(explorer, section("x"), ("x.npy", npy(np.zeros((5, 4)))))
    explorer.page.wait_for_selector("#notice p")
    _, data = download(explorer, "X: Save as .npy")
    assert np.load(io.BytesIO(data)).tolist() == explorer.get("")["x"]
    assert problem_of_files(explorer) == ""
