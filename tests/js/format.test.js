/** Numbers, shapes and formulas as text. */
import assert from "node:assert/strict";
import test from "node:test";
import { full, percentText, plainFormula, shapeText, short, shorts } from "../../static/js/format.js";

const MINUS = "\u2212";

test("four significant digits, and zeros only where digits were cut", () => {
  /** @type {[any, string][]} */
  const cases = [
    [0, "0"],
    [-0, "0"],
    [1, "1"],
    [0.5, "0.5"],
    [0.1 + 0.2, "0.3"],
    [0.30001, "0.3000"],
    [-1.23456, `${MINUS}1.235`],
    [12345, "12345"],
    [123456, "1.235e5"],
    [1e5, "1e5"],
    [0.001, "0.001"],
    [0.0001234567, `1.235e${MINUS}4`],
    [2e-9, `2e${MINUS}9`],
    [9999.6, "1.000e4"],
    ["NaN", "NaN"],
    ["Infinity", "\u221e"],
    ["-Infinity", `${MINUS}\u221e`],
    [1 / 0, "\u221e"],
    [null, ""],
    [undefined, ""],
  ];
  for (const [number, text] of cases) assert.equal(short(number), text);
});

test("the numbers of one tensor have the same decimals", () => {
  const cells = ["NaN", 0.30000000000000004, null, -0, 1.25, 1e-9, "-Infinity"];
  assert.deepEqual(shorts(/** @type {any} */ (cells)), [
    "NaN",
    "0.30",
    "",
    "0.00",
    "1.25",
    `1e${MINUS}9`,
    `${MINUS}\u221e`,
  ]);
  assert.deepEqual(shorts([]), []);
});

test("the full number round-trips", () => {
  const numbers = [0.1, 1 / 3, -1.5e-300, Number.MAX_VALUE, Number.MIN_VALUE, 123456789.123];
  assert.deepEqual(
    numbers.map((number) => Number(full(number))),
    numbers,
  );
  assert.deepEqual([full(-0), full("NaN"), full(undefined)], ["0", "NaN", ""]);
});

test("shapes are written as NumPy writes them", () => {
  assert.deepEqual([[], [3], [2, 3]].map(shapeText), ["()", "(3,)", "(2, 3)"]);
});

test("formulas are said in plain text", () => {
  /** @type {[string, string][]} */
  const cases = [
    ["\\frac{\\partial L}{\\partial \\mathbf{X}}", "\u2202L/\u2202X"],
    [
      "\\mathbf{X}^{\\mathsf{T}} \\cdot \\frac{\\partial L}{\\partial \\mathbf{A}_{1}}",
      "X\u1d40 \u00b7 \u2202L/\u2202A\u2081",
    ],
    ["-\\frac{t_{1}}{y_{1}}", `${MINUS}t\u2081/y\u2081`],
    ["\\frac{1}{N} (\\mathbf{Y} - \\mathbf{T})", `1/N (Y ${MINUS} T)`],
    ["-\\frac{\\mathbf{T}}{N \\mathbf{Y}}", `${MINUS}T/(N Y)`],
    ["\\frac{\\partial L}{\\partial \\mathbf{A}_{2}}", "\u2202L/\u2202A\u2082"],
    ["\\frac{\\partial L}{\\partial \\mu}", "\u2202L/\u2202\u03bc"],
    ["\\frac{\\partial L}{\\partial \\mathbf{x}^{(1)}}", "\u2202L/\u2202x\u207d\u00b9\u207e"],
    ["\\mathrm{apple}\\;\\mathrm{count}", "apple count"],
    ["\\sqrt{\\sigma + 10^{-7}}", `\u221a(\u03c3 + 10^${MINUS}7)`],
  ];
  for (const [latex, plain] of cases) assert.equal(plainFormula(latex), plain);
});

test("a share has one decimal, and more where it is next to nothing or all but whole", () => {
  /** @type {[any, string][]} */
  const cases = [
    [0, "0%"],
    [1, "100%"],
    [0.5, "50%"],
    [0.93951, "94%"],
    [0.93949, "93.9%"],
    [0.0123, "1.2%"],
    [0.00052, "0.052%"],
    [0.9997, "99.97%"],
    [1 - 2 ** -20, "99.999905%"],
    [12.34567, "1,234.6%"],
  ];
  for (const [share, text] of cases) assert.equal(percentText(share, "en"), text);
  assert.equal(percentText("NaN", "en"), "NaN%");
  assert.equal(percentText(2e-9, "ko"), "0.0000002%");
});
