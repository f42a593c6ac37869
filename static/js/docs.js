/**
 * Shows the OpenAPI document; the viewer and the document both come from this server. What the
 * viewer leaves without a name or out of reach of the keyboard gets it here.
 */

const NAMES = {
  "#servers": "Server",
  ".examples-select-element": "Example",
  ".content-type": "Media type of the answer",
  ".body-param-content-type select": "Media type of the body",
};

const bundle = /** @type {{SwaggerUIBundle?: (options: object) => void}} */ (globalThis);
const place = /** @type {HTMLElement} */ (document.getElementById("docs"));
new MutationObserver(complete).observe(place, { childList: true, subtree: true });
bundle.SwaggerUIBundle?.({
  dom_id: "#docs",
  url: "/openapi.json",
  validatorUrl: null,
  // Its colours on its dark ground cannot be read.
  syntaxHighlight: { activated: false },
});

function complete() {
  for (const [selector, name] of Object.entries(NAMES)) {
    for (const found of place.querySelectorAll(`${selector}:not([aria-label])`)) found.setAttribute("aria-label", name);
  }
  for (const code of place.querySelectorAll(".microlight:not([tabindex])")) code.setAttribute("tabindex", "0");
}
