/**
 * What a key of the trace is called in this figure, and where it is drawn.
 *
 * @import { Formula, GraphEdge } from "../types.js"
 */
import { plainFormula, shapeText } from "../format.js";
import { catalogue, graph, session, trace, view } from "../store.js";
import { t } from "../strings.js";

/** What the session has a row of for each sample. */
const BY_SAMPLE = ["x", "t", "grad_output"];
/** The book's name of the last layer, in every language. */
const BOOKS_LOSS = "softmax_cross_entropy";
const LOSS_LAYER = "Softmax-with-Loss";

/** @param {string} key @returns {GraphEdge | undefined} */
export function edgeOf(key) {
  const here = graph.value?.edges.find((edge) => edge.key === key);
  if (here || !graph.value) return here;
  // Inside a closed box.
  for (const { edges } of Object.values(graph.value.insides)) {
    const inside = edges.find((edge) => edge.key === key && edge.label);
    if (inside) return inside;
  }
}

/** What an update makes of a parameter, and what its optimiser has gathered: `affine1.W.change`. */
const OF_UPDATE = /^(.+?)\.(change|new|(?:velocity|squares|mean|square)(\.new)?)$/;
/** @type {Record<string, string>} */
const GATHERED = { velocity: "v", squares: "h", mean: "m", square: "v" };

/**
 * Shape of a tensor that the figure draws, or that stands beside it in the panel as those of an
 * update do.
 * @param {string} key
 * @returns {{key: string, shape: number[], shape_text: string, label?: GraphEdge["label"]} | undefined}
 */
export function tensorOf(key) {
  const edge = edgeOf(key);
  if (edge || !OF_UPDATE.test(key)) return edge;
  const event = trace.value?.events.find(({ reads, writes }) => writes.includes(key) || reads.includes(key));
  return event && { key, shape: event.shape, shape_text: shapeText(event.shape) };
}

/** @param {string} key  of an update @returns {string | null} */
function nameInUpdate(key) {
  const [, parameter, part, isNew] = OF_UPDATE.exec(key) ?? [];
  if (!parameter) return null;
  const of = nameOf(parameter);
  if (part === "change") return `\u0394${of}`;
  if (part === "new") return t("update.new", { name: of });
  const name = GATHERED[part.replace(".new", "")];
  return isNew ? t("update.new", { name }) : name;
}

/** @param {string} key @returns {Formula | null} */
export function formulaOf(key) {
  const edge = edgeOf(key);
  if (!edge || !graph.value) return null;
  // A constant such as -1 is its own name.
  const constant = graph.value.nodes.find(({ id, kind }) => kind === "constant" && id === edge.from);
  const name = edge.label?.name?.formula ?? constant?.symbol;
  return (name && graph.value.formulas[name]) || null;
}

/**
 * Its name in the figure as plain text (`∂L/∂W`). Where the figure does not draw it, its name is the
 * left side of the rule that makes it, or follows from the parameter's own name.
 * @param {string} key
 */
export function nameOf(key) {
  const formula = formulaOf(key);
  if (formula) return plainFormula(formula.latex);
  const inUpdate = nameInUpdate(key);
  if (inUpdate) return inUpdate;
  const made = trace.value?.events.find(({ writes }) => writes.includes(key));
  if (made?.rule) return plainFormula(made.rule.split(" = ")[0]);
  const parameter = /^[a-z]+(\d*)\.([Wb])$/.exec(key);
  return parameter ? plainFormula(`${parameter[2].toUpperCase()}_{${parameter[1]}}`) : key;
}

/**
 * What the gradient of a tensor is called that comes in several parts, one for each use or cell.
 * @param {string} part  the key of one of them
 * @returns {string | null}  null where the pass has no loss to name it after
 */
export function totalName(part) {
  const key = part.slice(0, -".grad".length);
  const events = trace.value?.events ?? [];
  const loss = /\\partial (.*?)\}\{/.exec(events.find(({ rule_name: name }) => name === "seed.loss")?.rule ?? "");
  const made = events.find(({ writes }) => writes.includes(key))?.rule.split(" = ")[0];
  return loss && made ? `\u2202${plainFormula(loss[1])}/\u2202${plainFormula(made)}` : null;
}

/**
 * What the figure calls a tensor that the session has: X for `x`, a where it draws its cells one by
 * one, \u2202L/\u2202Y for the gradient that is given.
 * @param {string} name
 */
export function dataName(name) {
  if (name === "grad_output") {
    const seed = trace.value?.events.find(({ rule_name: rule }) => rule === "seed.given");
    return seed ? nameOf(seed.writes[0]) : name;
  }
  if (formulaOf(name)) return nameOf(name);
  const cell = graph.value?.edges.find(({ tensor, direction }) => tensor === name && direction === "forward");
  return cell ? nameOf(cell.key).replace(/[\u2080-\u2089]+$/, "") : nameOf(name);
}

/** A cell of such a tensor: `X[0, 1]`. @param {string} name @param {readonly number[]} index */
export function dataCell(name, index) {
  return index.length > 0 ? `${dataName(name)}[${dataAxes(name, index).join(", ")}]` : dataName(name);
}

/**
 * Of a shape or an index what the figure writes: one sample has no axis for samples there.
 * @param {string} name @param {readonly number[]} axes
 */
export function dataAxes(name, axes) {
  const isAlone = view.value.single && axes.length === 2 && BY_SAMPLE.includes(name);
  return isAlone ? axes.slice(1) : axes;
}

/**
 * A layer's name in the figure: of its frame or box, or else made of its type and number.
 * @param {string} layer  its name in the code
 */
export function layerTitle(layer) {
  const { losses = [], layers: kinds = [] } = catalogue.value ?? {};
  const loss = session.value?.network.loss?.type;
  if (layer === "loss")
    return loss === BOOKS_LOSS ? LOSS_LAYER : (losses.find(({ name }) => name === loss)?.title ?? layer);
  const { groups, nodes } = graph.value ?? { groups: [], nodes: [] };
  const title = [...groups, ...nodes].find((one) => one.layer === layer && one.title)?.title;
  if (title) return title;
  const [, type, number] = /^([a-z_]+)(\d+)$/.exec(layer) ?? [];
  const kind = kinds.find(({ name }) => name === type)?.title;
  const layers = session.value?.network.layers ?? [];
  const isOnly = layers.filter((one) => one.type === type).length === 1;
  return kind ? `${kind}${isOnly ? "" : ` ${number}`}` : layer;
}

/** An op by its sign and its layer; by one name where both are the same. @param {string} id */
export function opTitle(id) {
  const event = trace.value?.events.find(({ node }) => node === id);
  const drawn = graph.value?.nodes.find((node) => node.id === id);
  const symbol = plainFormula(drawn?.symbol ?? event?.op ?? "");
  const layer = event?.layer ?? drawn?.layer;
  const title = layer ? layerTitle(layer) : "";
  return title.startsWith(symbol) ? title : `${symbol} \u00b7 ${title}`;
}

/**
 * Which cell of a tensor, as the figure writes its shape: without the 1 of a single sample where
 * that is not written.
 * @param {{shape_text: string} | undefined} edge
 * @param {readonly number[]} index
 */
export function indexText(edge, index) {
  const axes = edge ? (edge.shape_text.match(/\w+/g)?.length ?? 0) : index.length;
  const written = index.slice(Math.max(0, index.length - axes));
  return written.length > 0 ? `[${written.join(", ")}]` : "";
}

/**
 * A set formula by its LaTeX, where the figure has it.
 * @param {string} latex
 * @returns {Formula | null}
 */
export function formulaFor(latex) {
  const { formulas } = graph.value ?? {};
  if (!formulas) return null;
  if (Object.hasOwn(formulas, latex)) return formulas[latex];
  return Object.values(formulas).find((one) => one.latex === latex) ?? null;
}

/** @param {string} key  of an edge or its gradient  @returns {string} the other of the two */
export function partnerOf(key) {
  return key.endsWith(".grad") ? key.slice(0, -".grad".length) : `${key}.grad`;
}
