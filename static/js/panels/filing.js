/**
 * Files of numbers, read into the session and written from it.
 *
 * @import { Session, Value } from "../pagetypes.js"
 * @import { Matrix } from "../matrices/parse.js"
 * @import { Entry, Misfit, Wanted } from "../files/plan.js"
 */
import { ApiError } from "../api.js";
import { getNpy } from "../calls.js";
import { bytesOf } from "../files/bytes.js";
import { writeCsv, textOf } from "../files/csv.js";
import { readNpy, writeNpy } from "../files/npy.js";
import { readNpz, writeNpz } from "../files/npz.js";
import { plan } from "../files/plan.js";
import { dataName } from "../figure/names.js";
import { shapeText } from "../format.js";
import { parseMatrix } from "../matrices/parse.js";
import { Refusal } from "../matrices/refusal.js";
import { messageOf } from "../messages.js";
import { edit } from "../session.js";
import { session, stale } from "../store.js";
import { t } from "../strings.js";
import { asRows, flat, isOmitted, isProgram, outputSize, shapeOf } from "../values.js";
import { download } from "./download.js";
import { note, whenSent } from "./said.js";
import { openShared } from "./share.js";
import { sentence } from "./words.js";

const MOST_BYTES = 64_000_000;
/** What is said about files of the whole network stands under this name. */
export const ALL = "files";

/** What is wrong with a file as a whole, in words. */
class Wrong extends Error {}

/**
 * @param {File[]} files
 * @param {string | null} name  of the tensor that they were dropped on
 */
export async function open(files, name) {
  const now = session.value;
  if (!now) return;
  if (files.length === 1 && isShared(files[0])) return openShared(files[0]);
  const place = name ?? ALL;
  try {
    const whole = files.find(isShared);
    if (whole) throw new Wrong(t("files.alone", { name: whole.name }));
    /** @type {Entry[]} */
    const entries = [];
    for (const file of files) entries.push(...(await entriesOf(file, files.length === 1 ? name : null, now)));
    take(entries, place, now);
  } catch (error) {
    if (error instanceof Wrong) note(place, error.message);
    else throw error;
  }
}

/**
 * @param {File} file
 * @param {string | null} name  of the tensor that it is for
 * @param {Session} now
 * @returns {Promise<Entry[]>}
 */
async function entriesOf(file, name, now) {
  const [, stem, kind] = /^(.*?)\.([^.]*)$/.exec(file.name) ?? [null, file.name, ""];
  if (file.size > MOST_BYTES) throw new Wrong(t("files.large", { name: file.name, limit: MOST_BYTES / 1e6 }));
  const bytes = await bytesOf(file);
  if (!bytes) throw new Wrong(t("files.broken", { name: file.name }));
  if (kind.toLowerCase() === "npz") {
    const arrays = attempt(file.name, () => readNpz(bytes));
    return [...arrays].map(([entry, content]) => ({ name: entry, matrix: attempt(entry, () => readNpy(content)) }));
  }
  if (name === null && !tensorsOf(now).some((tensor) => tensor.name === stem))
    throw new Wrong(t("files.which", { name: file.name, names: namesOf(now) }));
  return [{ name: name ?? stem, matrix: attempt(file.name, () => matrixOf(kind.toLowerCase(), bytes)) }];
}

/**
 * Whether a file holds a whole session, as Share saves it; browsers number files of one name:
 * `fig-5-25.backprop (1).json`.
 * @param {File} file
 */
export function isShared({ name }) {
  return name.toLowerCase().endsWith(".json");
}

/** @param {string} kind @param {Uint8Array} bytes @returns {Matrix} */
function matrixOf(kind, bytes) {
  if (kind === "npy") return readNpy(bytes);
  if (!["csv", "tsv", "txt"].includes(kind)) throw new Wrong(t("files.kind", { kind: `.${kind}` }));
  const { matrix, fault } = parseMatrix(textOf(bytes));
  if (matrix) return matrix;
  throw new Refusal(fault.code, fault);
}

/**
 * @template T
 * @param {string} name  of the file or of the array in it
 * @param {() => T} read
 */
function attempt(name, read) {
  try {
    return read();
  } catch (error) {
    if (error instanceof Refusal) throw new Wrong(`${name}: ${sentence(error.fault, "files")}`);
    throw error;
  }
}

/**
 * @param {Entry[]} entries
 * @param {string} place  where to speak
 * @param {Session} now
 */
function take(entries, place, now) {
  const { edits, transposed, misfit } = plan(entries, wantedOf(now));
  if (misfit) return note(place, misfitText(misfit, now));
  const opened = entries.map(
    ({ name, matrix }) => `${dataName(name)} ${matrix.rows.length} \u00d7 ${matrix.rows[0].length}`,
  );
  const send = () => whenSent(place, edit(edits), t("files.opened", { names: opened.join(", ") }));
  if (transposed.length === 0) return void send();
  const shapes = transposed.map((name) => {
    const matrix = /** @type {Entry} */ (entries.find((entry) => entry.name === name)).matrix;
    return `${dataName(name)} (${matrix.rows.length}, ${matrix.rows[0].length})`;
  });
  const offer = { label: t("files.turn"), take: send };
  note(place, t("files.transposed", { names: shapes.join(", ") }), { offer });
}

/** @param {Misfit} misfit @param {Session} now */
function misfitText({ code, entry, shape, target = "", row = 0, other = "", found = 0, wanted = 0 }, now) {
  const names = namesOf(now);
  const said = { entry, shape: shape ? shapeText(shape) : "", target, row, other, found, wanted, names };
  return t(`files.misfit.${code}`, said);
}

/** What there is, as the figure calls it and as a file must: `W (affine1.W)`. @param {Session} now */
function namesOf(now) {
  return tensorsOf(now)
    .map(({ name }) => `${dataName(name)} (${name})`)
    .join(", ");
}

/** @param {Session} now @returns {Wanted} */
function wantedOf(now) {
  const tensors = tensorsOf(now).map(({ name, value }) => ({
    name,
    shape: isOmitted(value) ? value.shape : shapeOf(value),
  }));
  return { tensors, isProgram: isProgram(now), inputs: now.network.input_size, outputs: outputSize(now.network) };
}

/** @param {Session} now @returns {{name: string, value: Value}[]} what the session starts from */
function tensorsOf(now) {
  const samples = isProgram(now) ? {} : { x: now.x, t: now.t };
  const given = { ...samples, grad_output: now.loss === null ? now.grad_output : null, ...now.parameters };
  return Object.entries(given).flatMap(([name, value]) => (value === null ? [] : [{ name, value }]));
}

/**
 * @param {string} name
 * @param {".npy" | ".csv"} kind
 */
export async function saveOne(name, kind) {
  await saved(name, `${name}${kind}`, async (now) => {
    const value = tensorsOf(now).find((tensor) => tensor.name === name)?.value ?? null;
    if (value === null) throw new Wrong(t("problem.not-found"));
    if (kind === ".npy") return npyOf(now, name, value);
    const rows = isOmitted(value)
      ? readNpy(await getNpy(now.id, name)).rows
      : /** @type {number[][]} */ (asRows(value));
    return writeCsv(rows, isLabels(name, value));
  });
}

/** Everything that the pass starts from, in one file. */
export async function saveAll() {
  await saved(ALL, `${session.value?.preset ?? "network"}.npz`, async (now) => {
    /** @type {Map<string, Uint8Array>} */
    const arrays = new Map();
    for (const { name, value } of tensorsOf(now)) arrays.set(name, await npyOf(now, name, value));
    return writeNpz(arrays);
  });
}

/**
 * @param {string} place
 * @param {string} file
 * @param {(now: Session) => Promise<string | Uint8Array<ArrayBuffer>>} make
 */
async function saved(place, file, make) {
  const now = session.value;
  if (!now) return;
  if (stale.value) return note(place, t("stale.now"));
  try {
    download(new Blob([await make(now)], { type: "application/octet-stream" }), file);
    note(place, null, { hint: t("files.saved", { name: file }) });
  } catch (error) {
    if (error instanceof Wrong) note(place, error.message);
    else if (error instanceof ApiError) note(place, messageOf(error));
    else throw error;
  }
}

/**
 * @param {Session} now
 * @param {string} name
 * @param {Value} value
 */
async function npyOf(now, name, value) {
  if (isOmitted(value)) return new Uint8Array(await getNpy(now.id, name));
  return writeNpy(/** @type {number[]} */ (flat(value)), shapeOf(value), isLabels(name, value) ? "<i8" : "<f8");
}

/** @param {string} name @param {Value} value */
function isLabels(name, value) {
  return name === "t" && session.peek()?.network.code === undefined && !isOmitted(value) && shapeOf(value).length === 1;
}
