/**
 * What of two runs, of one session or of two, is different: each under its name.
 *
 * @import { Session } from "../pagetypes.js"
 * @import { Run } from "../types.js"
 */
import { html } from "lit-html";
import { short } from "../format.js";
import { activations } from "../rivals.js";
import { catalogue } from "../store.js";
import { language, t } from "../strings.js";
import { isProgram } from "../values.js";

/** @typedef {{run: Run, session: Session}} Trained */

/** What a session is called beside others. @param {Session} one */
export function sessionTitle(one) {
  if (isProgram(one)) return t("compare.lines");
  return [sizesOf(one), initializerOf(one), activationOf(one)].filter(Boolean).join(", ");
}

/** @type {readonly [string, (one: Trained) => string][]} */
const FACETS = [
  ["network.initializer", ({ session }) => initializerOf(session)],
  ["compare.facet.draw", ({ session }) => String(session.initializer?.seed ?? "")],
  ["compare.facet.activation", ({ session }) => activationOf(session)],
  ["compare.facet.sizes", ({ session }) => sizesOf(session)],
  ["compare.facet.loss", ({ session }) => session.network.loss?.type ?? ""],
  ["compare.facet.code", ({ session }) => session.network.code ?? ""],
  ["compare.facet.data", ({ session }) => session.data?.dataset ?? session.source?.dataset ?? ""],
  ["learn.optimizer", ({ run }) => t(`optimizer.${run.optimizer.type}`)],
  ["data.rate", ({ run }) => short(run.optimizer.learning_rate)],
  ["learn.batch", ({ run }) => run.batch_size.toLocaleString(language.value)],
  ["learn.seed", ({ run }) => String(run.seed)],
];

/** @param {readonly Trained[]} two */
export function differing(two) {
  const rows = FACETS.map(([key, of]) => ({ key, cells: two.map(of) })).filter(({ cells: [a, b] }) => a !== b);
  if (rows.length === 0) return html`<p class="hint" id="compare-differs">${t("compare.alike")}</p>`;
  return html`<table class="numbers differing" id="compare-differs">
    <caption>${t("compare.differs")}</caption>
    <thead>
      <tr>
        <td></td>
        <th scope="col">${t("compare.first")}</th>
        <th scope="col">${t("compare.second")}</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        ({ key, cells }) =>
          html`<tr data-facet=${key}>
            <th scope="row">${t(key)}</th>
            ${cells.map((cell) => html`<td>${cell === "" ? t("compare.none.of") : cell}</td>`)}
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** @param {Session} one */
function initializerOf({ initializer }) {
  if (!initializer) return "";
  const name = t(`network.initializer.${initializer.type}`);
  return initializer.type === "normal" ? `${name} (${short(initializer.std)})` : name;
}

/** @param {Session} one */
function activationOf({ network: { layers } }) {
  const kinds = activations();
  const used = [...new Set(layers.map(({ type }) => type).filter((type) => kinds.includes(type)))];
  const titles = catalogue.value?.layers ?? [];
  return used.map((type) => titles.find(({ name }) => name === type)?.title ?? type).join(", ");
}

/** @param {Session} one */
function sizesOf({ network: { input_size, layers } }) {
  if (layers.length === 0) return "";
  return [input_size, ...layers.flatMap(({ units }) => units ?? [])].join("-");
}
