/** What an address tells, and what it is not believed. */
import assert from "node:assert/strict";
import test from "node:test";
import { read, write } from "../../static/js/address.js";

test("an address is read back as it was written", () => {
  /** @type {any} */
  const place = {
    ...read(""),
    preset: "fig-5-27",
    level: "op",
    loss: "closed",
    open: ["affine1", "relu1", "affine1.add"],
    form: "stable",
    sample: 3,
    cursor: { seq: 4, element: 2 },
    stride: "element",
    lang: "ko",
  };
  const written = write(place);
  assert.equal(
    written,
    "?preset=fig-5-27&level=op&loss=closed&open=affine1%2Crelu1%2Caffine1.add&form=stable&sample=3&at=4.2" +
      "&stride=element&lang=ko",
  );
  assert.deepEqual(read(written), place);
});

test("a session stands for its preset, and what is as usual is left out", () => {
  /** @type {any} */
  const place = { ...read(""), session: "abc", preset: "two-layer", form: "book", sample: 0, open: [] };
  assert.equal(write({ ...place, cursor: { seq: 7, element: 0 } }), "?session=abc&at=7");
});

test("nonsense in an address is left out", () => {
  const long = Array.from({ length: 66 }, (_, i) => `layer${i}`).join(",");
  for (const search of [
    "?preset=../x&session=%00&level=all&at=-1&stride=x&sample=1e9&lang=<b>&form=x&loss=x&open=,",
    `?at=1.2.3&sample=-1&open=${long}&preset=${"x".repeat(129)}`,
  ]) {
    for (const [name, value] of Object.entries(read(search))) assert.equal(value, null, name);
  }
});
