/**
 * A pad to draw a digit on, by mouse, finger or keys. After every stroke the server makes the
 * drawing such a picture as those of the data set are, and it goes through the network.
 */
import { signal } from "@preact/signals-core";
import { html } from "lit-html";
import { prepareDrawing } from "../calls.js";
import { messageOf } from "../messages.js";
import { t } from "../strings.js";

/** The pad's pixels; as wide as a stroke is in the pictures of the data set, for 20 of them. */
const SIDE = 140;
const STROKE = SIDE / 9;
/** How far a key moves the pen. */
const KEY_STEP = SIDE / 28;
const KEYS = new Map([
  ["ArrowLeft", [-1, 0]],
  ["ArrowRight", [1, 0]],
  ["ArrowUp", [0, -1]],
  ["ArrowDown", [0, 1]],
]);

/** Where the pen is, for who draws by keys. */
const pen = signal({ x: SIDE / 2, y: SIDE / 4, down: false, shown: false });
const problem = signal("");
let strokes = 0;

/** @param {(pixels: number[]) => unknown} take  784 numbers, row by row */
export function drawingPad(take) {
  const { x, y, down, shown } = pen.value;
  return html`<div class="pad">
    <div class="paper">
      <canvas
        id="pad"
        width=${SIDE}
        height=${SIDE}
        tabindex="0"
        role="application"
        aria-label=${t("pad.name")}
        aria-describedby="pad-hint"
        @pointerdown=${begin}
        @pointermove=${follow}
        @pointerup=${() => void send(take)}
        @pointercancel=${() => void send(take)}
        @keydown=${(/** @type {KeyboardEvent} */ press) => byKey(press, take)}
        @blur=${() => (pen.value = { ...pen.value, shown: false })}
      ></canvas>
      ${shown ? html`<span class=${down ? "pen down" : "pen"} .style=${`left:${(100 * x) / SIDE}%;top:${(100 * y) / SIDE}%`}></span>` : null}
    </div>
    <p class="hint" id="pad-hint">${t("pad.hint")}</p>
    <p class="unseen" role="status">${shown ? t(down ? "pad.down" : "pad.up") : ""}</p>
    <button type="button" id="pad-clear" @click=${clear}>${t("pad.clear")}</button>
    ${problem.value ? html`<p class="problem" role="alert">${problem.value}</p>` : null}
  </div>`;
}

function canvas() {
  return /** @type {HTMLCanvasElement} */ (document.getElementById("pad"));
}

function context() {
  const found = /** @type {CanvasRenderingContext2D} */ (canvas().getContext("2d", { willReadFrequently: true }));
  found.lineWidth = STROKE;
  found.lineCap = found.lineJoin = "round";
  // What counts is where there is ink; its colour is the page's.
  found.strokeStyle = getComputedStyle(canvas()).color;
  return found;
}

/** Where the stroke that is being drawn has come to. @type {{x: number, y: number} | null} */
let last = null;

/** @param {PointerEvent} event */
function begin(event) {
  if (event.button !== 0) return;
  canvas().setPointerCapture(event.pointerId);
  last = placeOf(event);
  line(last, last);
}

/** @param {PointerEvent} event */
function follow(event) {
  if (last === null) return;
  const to = placeOf(event);
  line(last, to);
  last = to;
}

/** @param {PointerEvent} event */
function placeOf({ clientX, clientY }) {
  const { left, top, width, height } = canvas().getBoundingClientRect();
  return { x: ((clientX - left) / width) * SIDE, y: ((clientY - top) / height) * SIDE };
}

/** @param {{x: number, y: number}} from @param {{x: number, y: number}} to */
function line(from, to) {
  const pad = context();
  pad.beginPath();
  pad.moveTo(from.x, from.y);
  pad.lineTo(to.x, to.y);
  pad.stroke();
}

/** @param {KeyboardEvent} press @param {(pixels: number[]) => unknown} take */
function byKey(press, take) {
  const step = KEYS.get(press.key);
  const now = pen.value;
  if (press.key === " " || press.key === "Enter") {
    press.preventDefault();
    if (press.repeat) return;
    pen.value = { ...now, down: !now.down, shown: true };
    if (now.down) void send(take);
    else line(now, now);
  } else if (step) {
    press.preventDefault();
    const [x, y] = [now.x + KEY_STEP * step[0], now.y + KEY_STEP * step[1]].map((at) =>
      Math.min(SIDE, Math.max(0, at)),
    );
    if (now.down) line(now, { x, y });
    pen.value = { ...now, x, y, shown: true };
  }
}

function clear() {
  strokes++;
  pen.value = { ...pen.value, down: false };
  problem.value = "";
  context().clearRect(0, 0, SIDE, SIDE);
  canvas().focus();
}

/** @param {(pixels: number[]) => unknown} take */
async function send(take) {
  last = null;
  const mine = ++strokes;
  const { data } = context().getImageData(0, 0, SIDE, SIDE);
  const rows = Array.from({ length: SIDE }, (_, y) =>
    Array.from({ length: SIDE }, (_, x) => data[4 * (SIDE * y + x) + 3]),
  );
  try {
    problem.value = "";
    const pixels = await prepareDrawing(rows);
    // Another stroke has come meanwhile.
    if (mine === strokes) await take(pixels.flat());
  } catch (error) {
    problem.value = messageOf(error);
  }
}
