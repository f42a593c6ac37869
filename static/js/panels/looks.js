/**
 * What one looks at while a network learns: what goes wrong, all layers, the plane or the digits,
 * and another run beside this one.
 */
import { html } from "lit-html";
import { t } from "../strings.js";
import { compare } from "./compare.js";
import { alarms, board, boardTitle } from "./health.js";
import { titled } from "./large.js";
import { isPlane, plane } from "./plane.js";
import { doubtfulDigits, isOfDigits, weightPictures } from "./seen.js";

export function looks() {
  return html`<div class="learning-looks">
    ${titled({ id: "health", title: boardTitle(), content: health })}
    ${isPlane() ? titled({ id: "plane", title: t("plane.title"), content: plane }) : null}
    ${
      isOfDigits()
        ? html`${titled({ id: "weights", title: t("seen.weights"), content: weightPictures })}
          ${titled({ id: "doubts", title: t("seen.title"), content: doubtfulDigits })}`
        : null
    }
    ${titled({ id: "compare", title: t("compare.title"), content: compare })}
  </div>`;
}

function health() {
  return html`${alarms()} ${board()}`;
}
