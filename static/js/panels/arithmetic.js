/**
 * The arithmetic of a derivation: terms with the numbers put in, their signs, and what is left out.
 *
 * @import { Cell, Divisor, Explanation, Factor, Term } from "../types.js"
 * @typedef {{functions: Record<string, string>, shift: Cell}} Written  how functions are written, and what exponents are less
 */
import { html } from "lit-html";
import { ask } from "../asking.js";
import { formulaPicture } from "../figure/formula.js";
import { formulaFor, indexText, nameOf, tensorOf } from "../figure/names.js";
import { full, plainFormula, short } from "../format.js";
import { pointed } from "../store.js";
import { t } from "../strings.js";
import { positionOf } from "../values.js";

/** Terms that are asked for: of more, those that count most. */
export const TERMS_SHOWN = 12;
const MINUS = "\u2212";

/** @param {Explanation} explanation */
export function arithmetic(explanation) {
  const { value, rule, rule_name: name, terms, combine, omitted = 0, divisor, note } = explanation;
  const given = name === "input" || name === "seed.given" || name === "seed.loss";
  if (given) return html`<p class="hint">${t(name === "input" ? "explain.given" : `rule.${name}`, { out: "" })}</p>`;
  const formula = formulaFor(rule);
  const isCompared = combine === "positive";
  const zero = Number(value) === 0 && omitted === 0 && !isCompared ? whyZero(terms) : null;
  return html`
    ${formula ? formulaPicture(formula) : html`<p class="plain-formula">${plainFormula(rule)}</p>`}
    ${combine === "max" ? html`<p class="hint">${t("explain.largest")}</p>` : null}
    ${divisor ? quotient(terms[0], divisor, explanation.functions) : sum(explanation)}
    ${isCompared ? html`<p class="hint">${comparison(name, terms)}</p>` : null}
    <p class="result">= <output title=${full(value)} data-full=${full(value)}>${short(value)}</output></p>
    ${zero ? html`<p class="hint" id="why-zero">${t(`explain.zero.${zero}`)}</p>` : null}
    ${note ? html`<p class="hint" id="explain-note">${t(`explain.note.${note}`)}</p>` : null}
    ${
      divisor && Number(divisor.shift) !== 0
        ? html`<p class="hint" id="explain-note">${t("explain.shifted", { max: short(divisor.shift) })}</p>`
        : null
    }
  `;
}

/** What a comparison makes of its sum. @param {string} name  of its rule @param {Term[]} terms */
function comparison(name, terms) {
  const total = terms.reduce((all, { value }) => all + Number(value), 0);
  return t(`explain.positive.${name.includes("equal") ? "least" : "above"}`, { sum: short(total) });
}

/**
 * A computed 0 says why it is one.
 * @param {Term[]} terms
 * @returns {"gate" | "target" | "factor" | "cancel" | "none"}
 */
function whyZero(terms) {
  if (terms.length === 0) return "none";
  if (terms.some(({ value }) => Number(value) !== 0)) return "cancel";
  const zeros = terms.flatMap(({ factors }) => factors.filter(({ value }) => Number(value) === 0));
  if (zeros.some(({ function: applied }) => applied === "step" || applied === "relu")) return "gate";
  return zeros.some(({ tensor }) => tensor === "t" || tensor.startsWith("loss.t.")) ? "target" : "factor";
}

/**
 * Single numbers stand in one line, (2 + 5) / 2; products in a line each.
 * @param {Explanation} explanation
 */
function sum({ terms, scale, combine, functions, omitted = 0, omitted_value: left = 0 }) {
  const written = { functions, shift: 0 };
  const isLine = combine !== "max" && terms.every(isNumber);
  const isBracketed = isLine && scale !== 1 && terms.length + omitted > 1;
  const rest = omitted > 0 ? restRow(omitted, left) : null;
  const scaled = scale === 1 ? null : scaleText(scale);
  return html`
    <ol class=${isLine ? "terms line" : "terms"}>
      ${terms.map((term, i) => {
        const before = isBracketed && i === 0 ? "(" : "";
        const after = isBracketed && i === terms.length - 1 && !rest ? `) ${scaled}` : "";
        return termRow(term, { isFirst: i === 0 || combine === "max", isLine, before, after, written });
      })}
      ${rest}
    </ol>
    ${scaled && !(isBracketed && !rest) ? html`<p class="scale">${t("explain.scale", { scale: scaled })}</p>` : null}
  `;
}

/**
 * exp(a) / (exp(a) + exp(b)) = 2 / 5, as softmax has it.
 * @param {Term} top @param {Divisor} divisor @param {Record<string, string>} functions
 */
function quotient(top, { terms, value, shift, omitted, omitted_value: left }, functions) {
  const written = { functions, shift };
  return html`
    <ol class="terms line">
      ${termRow(top, { isFirst: true, isLine: true, before: "", after: " / (", written })}
      ${terms.map((term, i) =>
        termRow(term, {
          isFirst: i === 0,
          isLine: true,
          before: "",
          after: i === terms.length - 1 && !omitted ? ")" : "",
          written,
        }),
      )}
      ${omitted > 0 ? restRow(omitted, left, ")") : null}
    </ol>
    <p class="quotient">= <span title=${full(top.value)}>${short(top.value)}</span> / <span title=${full(value)}>${short(value)}</span></p>
  `;
}

/** @param {Term} term  whether it is one number, with a sign at most */
function isNumber({ factors, coefficient = 1 }) {
  return factors.length === 1 && Math.abs(Number(coefficient)) === 1;
}

/** @param {number} count @param {Cell} left @param {string} [after] */
function restRow(count, left, after = "") {
  const value = html`<span title=${full(left)}>${t("explain.more", { count, sum: short(left) })}</span>`;
  return html`<li class="rest">+ ${value}${after}</li>`;
}

/**
 * 1/N is a division, anything else a factor.
 * @param {Cell} scale
 */
function scaleText(scale) {
  const parts = Math.round(1 / Number(scale));
  const isDivision = parts > 1 && Math.abs(1 / Number(scale) - parts) < 1e-9 * parts;
  return isDivision ? `/ ${parts}` : `\u00d7 ${short(scale)}`;
}

/**
 * @param {Term} term
 * @param {{isFirst: boolean, isLine: boolean, before: string, after: string, written: Written}} place
 */
function termRow(term, { isFirst, isLine, before, after, written }) {
  const { factors, value, coefficient = 1 } = term;
  const isMinus = Number(coefficient) < 0;
  const sign = isMinus ? MINUS : isFirst ? "" : "+";
  const size = Math.abs(Number(coefficient));
  const times = size === 1 ? null : `${short(size)} \u00d7`;
  // After a sign a negative number stands in brackets: 2 + (-5).
  const product = factors.map((factor, i) => [
    i > 0 ? "\u00d7" : null,
    factorButton(factor, written, sign !== "" || factors.length > 1 || times !== null),
  ]);
  const made =
    isLine || isPlain(term) ? null : html`<span class="term-value" title=${full(value)}>= ${short(value)}</span>`;
  return html`<li>${before}${sign} ${times} ${product}${after} ${made}</li>`;
}

/** @param {Term} term  whether its only factor is a number as it stands */
function isPlain(term) {
  return isNumber(term) && (term.factors[0].function ?? "identity") === "identity";
}

/**
 * A factor as the server says that its function is written, with the numbers put in.
 * @param {Factor} factor
 * @param {Written} written
 * @param {boolean} isAmong  whether signs are near
 */
function factorText(
  { value, function: applied = "identity", cell_value: cell = value },
  { functions, shift },
  isAmong,
) {
  const form = functions[applied] ?? "{value}";
  if (form === "{x}" || form === "{value}") return isAmong ? bracketed(short(value)) : short(value);
  return form.replace(/\{(\(?)(-?)(x|shift)\)?\}/g, (_, bracket, minus, name) => {
    const number = Number(name === "x" ? cell : shift);
    const text = short(minus ? -number : number);
    return bracket ? bracketed(text) : text;
  });
}

/** @param {string} text */
function bracketed(text) {
  return text.startsWith(MINUS) ? `(${text})` : text;
}

/**
 * What a button with a number is called: by all digits, and first by what is seen, where that is
 * written in another way, since those who speak to the page say what they see.
 * @param {string} text @param {string} name
 */
export function factorName(text, name) {
  return name.endsWith(` ${text}`) ? name : `${text}, ${name}`;
}

/** @param {Factor} factor @param {Written} written @param {boolean} isAmong */
function factorButton(factor, written, isAmong) {
  const { tensor, index, value, cell_value: cell = value } = factor;
  const text = factorText(factor, written, isAmong);
  const edge = tensorOf(tensor);
  const title = `${edge ? nameOf(tensor) : tensor}${indexText(edge, index)} = ${full(cell)}`;
  if (!edge) return html`<span class="factor" title=${title}>${text}</span>`;
  const spots = [{ key: tensor, index: positionOf(index, edge.shape) }];
  return html`<button
    type="button"
    class=${tensor.endsWith(".grad") ? "factor gradient" : "factor"}
    title=${title}
    aria-label=${factorName(text, title)}
    @click=${() => ask(spots[0], { hop: true })}
    @pointerenter=${() => (pointed.value = spots)}
    @pointerleave=${() => (pointed.value = [])}
    @focus=${() => (pointed.value = spots)}
    @blur=${() => (pointed.value = [])}
  >${text}</button>`;
}
