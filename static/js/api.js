/**
 * The calls the page makes, each a few lines over fetch; a refusal becomes an ApiError.
 *
 * @import { Catalogue, Cells, Edit, Nested, Network, Session } from "./pagetypes.js"
 * @import { Check, Form, Explanation, Graph, History, Level, LossView, Nudged, Run, Trace } from "./types.js"
 */
import { isOp } from "./figure/openops.js";
import { readTensors } from "./safetensors.js";

export const ROOT = "/api/v1";
const SAFETENSORS = "application/vnd.safetensors";

/**
 * What a field may be, in the words of JSON Schema; `shapes` are those of an array.
 * @typedef {{
 *   type?: "integer" | "number" | "boolean" | "array", minimum?: number, maximum?: number, exclusiveMinimum?: number,
 *   exclusiveMaximum?: number, minItems?: number, maxItems?: number, enum?: string[], shapes?: number[][],
 * }} Allowed
 * @typedef {{
 *   pointer: string, code: string, message: string, allowed?: Allowed, line?: number, column?: number,
 * }} FieldError  line, column: of a text that was sent, counted from 1
 */

export class ApiError extends Error {
  /**
   * @param {number} status  0 when there was no answer at all
   * @param {string} kind  the problem's type, such as `run-active`
   * @param {string} detail  the server's sentence, in English
   * @param {FieldError[]} errors
   */
  constructor(status, kind, detail, errors = []) {
    super(detail);
    this.status = status;
    this.kind = kind;
    this.errors = errors;
    /** What was refused, where it was edits. @type {readonly Edit[] | undefined} */
    this.edits = undefined;
  }
}

/** Statuses that say that there is no such session, or that what was kept of it cannot be read. */
export const GONE = new Set([404, 410]);

/** Stands for the id of a session that is shown and that the server does not have yet. */
export const UNMADE = "new";
const OF_UNMADE = new RegExp(`^/sessions/${UNMADE}\\b`);
/** @type {() => Promise<string>} */
let make = () => Promise.reject(new Error("no session is shown"));

/** @param {() => Promise<string>} made  makes that session, if it is not made, and gives its id */
export function makeWith(made) {
  make = made;
}

/**
 * @param {string} path
 * @param {{method?: string, body?: unknown, token?: string | null, version?: number, accept?: string}} [options]
 * @returns {Promise<Response>}
 */
export async function call(path, { method = "GET", body, token, version, accept } = {}) {
  const headers = new Headers({ Accept: accept ?? "application/json" });
  const isFile = body instanceof Blob;
  if (body !== undefined) headers.set("Content-Type", isFile ? body.type : "application/json");
  if (token) headers.set("Authorization", `Bearer ${token}`);
  if (version !== undefined) headers.set("If-Match", `"${version}"`);
  const sent = body === undefined || isFile ? body : JSON.stringify(body);
  if (OF_UNMADE.test(path)) path = path.replace(UNMADE, await make());
  /** @type {Response} */
  let answer;
  try {
    answer = await fetch(ROOT + path, { method, headers, body: sent });
  } catch {
    throw new ApiError(0, "offline", "no answer");
  }
  if (answer.ok) return answer;
  const [, id, part] = (GONE.has(answer.status) && /^\/sessions\/([^/?]+)(\/[^?]*)?/.exec(path)) || [];
  if (id) void noteGone(id, part);
  const problem = await answer.json().catch(() => ({}));
  const kind = String(problem.type ?? "").split("#")[1] ?? "";
  throw new ApiError(answer.status, kind, problem.detail ?? answer.statusText, problem.errors ?? []);
}

/** @type {(id: string) => void} */
let tellGone = () => undefined;

/**
 * Something of a session was not found: is the session gone, or was there never such a part of it?
 * @param {string} id
 * @param {string | undefined} part
 */
async function noteGone(id, part) {
  const isWhole = part === undefined || ["/trace", "/graph", "/update"].includes(part);
  if (isWhole || (await isMissing(id))) tellGone(id);
}

/** @param {string} id */
async function isMissing(id) {
  return fetch(`${ROOT}/sessions/${id}`, { method: "HEAD" }).then(
    ({ status }) => GONE.has(status),
    () => false,
  );
}

/** Be told of sessions that the server does not have any more. @param {(id: string) => void} told */
export function whenGone(told) {
  tellGone = told;
}

/**
 * All parameters of a session, to the last bit, as a file.
 * @param {string} id
 */
export async function getParameters(id) {
  return (await call(`/sessions/${id}/tensors`, { accept: SAFETENSORS })).blob();
}

/**
 * What such a file has, put in its places.
 * @param {Session} session
 * @param {string} token
 * @param {Blob} file
 */
export async function putTensors({ id, version }, token, file) {
  const body = new Blob([file], { type: SAFETENSORS });
  await call(`/sessions/${id}/tensors`, { method: "PUT", body, token, version });
}

/**
 * Every limit of the server, and the data sets that a network of one's own can take.
 * @returns {Promise<Catalogue>}
 */
export async function getCatalogue() {
  const [{ layers, losses, program, limits }, { datasets, planes }] = await Promise.all(
    ["/catalogue", "/datasets"].map(async (path) => (await call(path)).json()),
  );
  return { layers, losses, program, limits, digits: datasets[0], planes };
}

/** @returns {Promise<import("./types.js").Preset[]>} */
export async function getPresets() {
  return (await (await call("/presets")).json()).presets;
}

/**
 * @param {{preset: string, row?: number} | {network: Network, [field: string]: unknown}} body
 * @returns {Promise<Session>}
 */
export async function createSession(body) {
  return (await call("/sessions", { method: "POST", body })).json();
}

/**
 * @param {string} id
 * @param {number} [cells]  of each tensor at most
 * @returns {Promise<Session>}
 */
export async function getSession(id, cells) {
  return (await call(`/sessions/${id}${cells === undefined ? "" : `?max_cells=${cells}`}`)).json();
}

/**
 * @param {string} id
 * @param {{code?: boolean}} as
 * @returns {Promise<Session>}
 */
export async function forkSession(id, as) {
  return (await call(`/sessions/${id}/fork`, { method: "POST", body: as })).json();
}

/**
 * @param {{id: string, version: number}} session
 * @param {string} token
 * @param {Edit[]} edits
 * @param {number} cells  the most that a tensor of the answer has; larger ones are told by their range
 * @returns {Promise<Session>}
 */
export async function patchSession({ id, version }, token, edits, cells) {
  const options = { method: "PATCH", body: edits, token, version };
  try {
    return (await call(`/sessions/${id}?max_cells=${cells}`, options)).json();
  } catch (error) {
    if (error instanceof ApiError) error.edits = edits;
    throw error;
  }
}

/** @typedef {{level: Level, loss: LossView, sample: number, open: readonly string[], form: Form, update: boolean}} Seen */

/**
 * Which pass is meant: at which depth, of which row, computed in which form, with which ops opened,
 * and whether the update belongs to it.
 * @param {Seen} seen
 */
export function passQuery({ level, loss, sample, form, open, update }) {
  // A layer opens in the drawing alone.
  const ops = open.filter(isOp).join(",");
  return new URLSearchParams({ level, loss, sample: String(sample), form, open: ops, update: String(update) });
}

/** @param {Seen} seen  the pass, and how it is drawn */
export function query(seen) {
  const asked = passQuery(seen);
  asked.set("open", seen.open.join(","));
  return asked;
}

/**
 * @param {string} id
 * @param {Seen} seen
 * @returns {Promise<Graph>}
 */
export async function getGraph(id, seen) {
  return (await call(`/sessions/${id}/graph?${query(seen)}`)).json();
}

/**
 * @param {string} id
 * @param {Seen} seen
 * @returns {Promise<Trace>}
 */
export async function getTrace(id, seen) {
  return (await call(`/sessions/${id}/trace?${passQuery(seen)}`)).json();
}

/** @typedef {{cursor: string, theme: string, numbers: boolean, equations: boolean, lit: boolean, lang: string}} Painted */

/**
 * All numbers of a tensor that an answer left out.
 * @param {string} link  as the answer has it
 * @returns {Promise<Nested>}
 */
export async function getLinked(link) {
  return (await (await call(link.slice(ROOT.length))).json()).value;
}

/**
 * @param {string} id
 * @param {Seen} seen
 * @param {readonly string[]} names
 * @returns {Promise<{tensors: Map<string, Cells>, dataVersion: number}>}
 */
export async function getTensors(id, seen, names) {
  const asked = passQuery(seen);
  for (const name of names) asked.append("name", name);
  const answer = await call(`/sessions/${id}/tensors?${asked}`, { accept: SAFETENSORS });
  return { tensors: readTensors(await answer.arrayBuffer()), dataVersion: Number(answer.headers.get("Data-Version")) };
}

/**
 * Where all numbers of a tensor are, in full.
 * @param {string} id
 * @param {Seen} seen
 * @param {string} name
 */
export function tensorAddress(id, seen, name) {
  return `${ROOT}${tensorPath(id, seen, name)}`;
}

/** @param {string} id @param {Seen} seen @param {string} name */
function tensorPath(id, seen, name) {
  return `/sessions/${id}/tensors/${encodeURIComponent(name)}?${passQuery(seen)}`;
}
