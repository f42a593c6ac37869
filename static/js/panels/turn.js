/**
 * A button that opens an op, or closes it: for whoever reads the words, and for fingers and keys.
 *
 * @import { Turn } from "../figure/openops.js"
 */
import { html } from "lit-html";
import { shownBy } from "../figure/openops.js";
import { openOrClose } from "../figure/opening.js";
import { t } from "../strings.js";

/** @param {Turn | null} turn */
export function turnButton(turn) {
  if (!turn) return null;
  const name = shownBy("opens" in turn ? turn.opens : turn.closes);
  return html`<p>
    <button type="button" class="turn" @click=${() => openOrClose(turn)}>
      ${"opens" in turn ? t("op.show", { name }) : t("op.hide", { name })}
    </button>
  </p>`;
}
