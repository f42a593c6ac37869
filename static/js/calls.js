/**
 * The calls that the first picture does without; see `api.js`.
 *
 * @import { Cells, Nested, Session } from "./pagetypes.js"
 * @import { Check, Explanation, History, Nudged, Run } from "./types.js"
 * @import { Painted, Seen } from "./api.js"
 */
import { call, passQuery, query, ROOT } from "./api.js";

/**
 * What makes the session's numbers again, and of which version.
 * @param {string} id
 */
export async function getRecipe(id) {
  const answer = await call(`/sessions/${id}/recipe`);
  const version = Number(/\d+/.exec(answer.headers.get("ETag") ?? ""));
  return { recipe: /** @type {import("./types.js").Recipe} */ (await answer.json()), version };
}

/**
 * A data set of one's own, made of a CSV file.
 * @param {Blob} file
 * @param {{label: string | null, seed: number, scale: boolean}} options  label: the column of the labels; null: the last
 * @returns {Promise<import("./types.js").OwnDataset>}
 */
export async function createDataset(file, { label, seed, scale }) {
  const query = new URLSearchParams({ seed: String(seed), scale: String(scale), ...(label ? { label } : {}) });
  // A browser names the kind of a file by its ending, as it likes.
  const body = new Blob([file], { type: "text/csv" });
  return (await call(`/datasets?${query}`, { method: "POST", body })).json();
}

/**
 * A drawing as a picture of the data set would be.
 * @param {number[][]} pixels  0 is paper, the largest number ink
 * @returns {Promise<number[][]>}  28 rows of 28, from 0 to 1
 */
export async function prepareDrawing(pixels) {
  const answer = await call("/datasets/mnist/drawn", { method: "POST", body: { pixels } });
  return (await answer.json()).pixels;
}

/**
 * A session as lines of NumPy, and what each stands for.
 * @param {string} id
 * @returns {Promise<import("./types.js").Code>}
 */
export async function getCode(id) {
  return (await call(`/sessions/${id}/code`)).json();
}

/**
 * One step of the session's optimiser.
 * @param {{id: string, version: number}} session
 * @param {string} token
 * @returns {Promise<{loss: {before: number, predicted: number, after: number}}>}
 */
export async function updateSession({ id, version }, token) {
  return (await call(`/sessions/${id}/update?max_cells=0`, { method: "POST", body: {}, token, version })).json();
}

/**
 * Back over the last step of learning, with every bit as it was.
 * @param {{id: string, version: number, cursor: {step: number}}} session  which can go back
 * @param {string} token
 */
export async function stepBack({ id, version, cursor: { step } }, token) {
  const body = { direction: "back", granularity: "step" };
  // Whoever has moved the server's own cursor into the pass goes to its start first.
  for (let now = { version, step }; now.step === step;) {
    const answer = await call(`/sessions/${id}/step?max_cells=0`, {
      method: "POST",
      body,
      token,
      version: now.version,
    });
    const { version: next, cursor } = await answer.json();
    if (cursor.step === step && cursor.goes_back === false) return;
    now = { version: next, step: cursor.step };
  }
}

/**
 * Where the server paints the figure.
 * @param {string} id
 * @param {Seen} seen
 * @param {Painted} painted
 */
export function figureAddress(id, seen, painted) {
  return `${ROOT}${figurePath(id, seen, painted)}`;
}

/**
 * The figure as a file.
 * @param {string} id
 * @param {Seen} seen
 * @param {Painted} painted
 * @returns {Promise<{svg: string, name: string}>}
 */
export async function getFigure(id, seen, painted) {
  const answer = await call(`${figurePath(id, seen, painted)}&download=true`, { accept: "image/svg+xml" });
  const name = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") ?? "")?.[1];
  return { svg: await answer.text(), name: name ?? "figure.svg" };
}

/** @param {string} id @param {Seen} seen @param {Painted} painted */
function figurePath(id, seen, painted) {
  const asked = query(seen);
  for (const [name, value] of Object.entries(painted)) asked.set(name, String(value));
  return `/sessions/${id}/figure.svg?${asked}`;
}

/**
 * A tensor of the session itself, whatever is looked at, as NumPy's file.
 * @param {string} id
 * @param {string} name
 * @returns {Promise<Uint8Array>}
 */
export async function getNpy(id, name) {
  const path = `/sessions/${id}/tensors/${encodeURIComponent(name)}?level=op&loss=closed`;
  return new Uint8Array(await (await call(path, { accept: "application/x-npy" })).arrayBuffer());
}

/**
 * @param {string} id
 * @param {Seen} seen
 * @param {string} tensor
 * @param {readonly number[]} index
 * @param {number} most  terms; of more, those that count most
 * @returns {Promise<Explanation>}
 */
export async function explain(id, seen, tensor, index, most) {
  const asked = passQuery(seen);
  asked.set("tensor", tensor);
  asked.set("index", index.join(","));
  asked.set("max_terms", String(most));
  return (await call(`/sessions/${id}/explain?${asked}`)).json();
}

/** @param {string} language @returns {Promise<import("./types.js").LessonRow[]>} */
export async function getLessons(language) {
  return (await (await call(`/lessons?language=${language}`)).json()).lessons;
}

/** @param {string} id @param {string} language @returns {Promise<import("./types.js").Lesson>} */
export async function getLesson(id, language) {
  return (await call(`/lessons/${encodeURIComponent(id)}?language=${language}`)).json();
}

/**
 * @param {string} id
 * @param {Seen} seen
 * @param {{tensor: string, index: readonly number[] | null, answer: string, reveal: boolean}} prediction
 * @returns {Promise<import("./types.js").Predicted>}
 */
export async function judgePrediction(id, seen, prediction) {
  return (await call(`/sessions/${id}/predictions?${passQuery(seen)}`, { method: "POST", body: prediction })).json();
}

/**
 * The derivative of one number by its definition, for steps of many sizes.
 * @param {string} id
 * @param {Seen} seen
 * @param {string} tensor  a gradient
 * @param {readonly number[]} index
 * @returns {Promise<Nudged>}
 */
export async function getNudge(id, seen, tensor, index) {
  const asked = passQuery(seen);
  asked.set("tensor", tensor);
  asked.set("index", index.join(","));
  return (await call(`/sessions/${id}/nudge?${asked}`)).json();
}

/**
 * @param {string} id
 * @param {string} token
 * @param {number} h
 * @returns {Promise<Check>}
 */
export async function checkGradients(id, token, h) {
  return (await call(`/sessions/${id}/check`, { method: "POST", body: { h }, token })).json();
}

/**
 * @param {string} id
 * @param {string} token
 * @param {import("./learning.js").Plan} plan
 * @returns {Promise<Run>}
 */
export async function startRun(id, token, plan) {
  return (await call(`/sessions/${id}/runs`, { method: "POST", body: plan, token })).json();
}

/**
 * @param {string} id
 * @param {string} token
 * @param {string} run
 * @param {"pause" | "resume" | "stop"} action
 * @returns {Promise<Run>}
 */
export async function controlRun(id, token, run, action) {
  return (await call(`/sessions/${id}/runs/${run}/${action}`, { method: "POST", body: {}, token })).json();
}

/**
 * @param {string} id
 * @param {string} token
 * @param {string} run
 * @param {{learning_rate: number}} change
 * @returns {Promise<Run>}
 */
export async function patchRun(id, token, run, change) {
  return (await call(`/sessions/${id}/runs/${run}`, { method: "PATCH", body: change, token })).json();
}

/**
 * @param {string} id
 * @param {string} token
 * @param {string} run
 * @param {number | null} step  null for what the run has come to
 * @returns {Promise<Session>}
 */
export async function openRunStep(id, token, run, step) {
  const body = step === null ? {} : { step };
  return (await call(`/sessions/${id}/runs/${run}/open`, { method: "POST", body, token })).json();
}

/**
 * @param {string} id
 * @returns {Promise<Run[]>}  oldest first
 */
export async function getRuns(id) {
  return (await (await call(`/sessions/${id}/runs`)).json()).runs;
}

/**
 * @param {string} id
 * @param {string} run
 * @param {number} points  at most
 * @returns {Promise<History>}
 */
export async function getHistory(id, run, points) {
  return (await call(`/sessions/${id}/runs/${run}/history?points=${points}`)).json();
}

/** Where the server tells of the session's runs. @param {string} id */
export function eventsAddress(id) {
  return `${ROOT}/sessions/${id}/events`;
}
