/**
 * A template drawn into a place of the page, and again whenever what it read has changed.
 *
 * @import { TemplateResult } from "lit-html"
 */
import { effect } from "@preact/signals-core";
import { render } from "lit-html";

/**
 * @param {string} id  of the element to draw into
 * @param {() => TemplateResult | unknown} template
 */
export function mount(id, template) {
  const place = document.getElementById(id);
  if (!place) throw new Error(`the page has no #${id}`);
  effect(() => {
    render(template(), place);
  });
}
