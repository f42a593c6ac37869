/**
 * `<scroll-box name="…"><div>…</div></scroll-box>`: what may be wider than its place and must not
 * be cut. Where it is, the box fades at the side that goes on, and the keyboard can scroll it: it
 * is a tab stop with a name. Where all of it is in sight, it is nothing but a box.
 *
 * @import { TemplateResult } from "lit-html"
 */
import { html } from "lit-html";

/** So little out of sight is rounding, in px. */
const HAIR = 1;
/** How far an arrow key scrolls, in px. */
const STRIDE = 48;

class ScrollBox extends HTMLElement {
  static observedAttributes = ["name"];
  #sizes = new ResizeObserver(() => this.#look());

  connectedCallback() {
    this.#sizes.observe(this);
    if (this.firstElementChild) this.#sizes.observe(this.firstElementChild);
    this.addEventListener("scroll", this.#look, { passive: true });
    this.addEventListener("keydown", this.#press);
  }

  disconnectedCallback() {
    this.#sizes.disconnect();
  }

  attributeChangedCallback() {
    if (this.hasAttribute("role")) this.#name();
  }

  #look = () => {
    const beyond = this.scrollWidth - this.clientWidth;
    const before = this.scrollLeft > HAIR;
    const after = beyond - this.scrollLeft > HAIR;
    this.classList.toggle("more-before", before);
    this.classList.toggle("more-after", after);
    const scrolls = before || after;
    if (scrolls === this.hasAttribute("role")) return;
    if (scrolls) {
      this.setAttribute("role", "region");
      this.tabIndex = 0;
      this.#name();
    } else {
      for (const name of ["role", "tabindex", "aria-label"]) this.removeAttribute(name);
    }
  };

  /** @param {KeyboardEvent} press  arrows that step through the pass elsewhere */
  #press = (press) => {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[press.key];
    if (!way || press.target !== this || press.ctrlKey || press.metaKey || press.altKey) return;
    this.scrollBy({ left: way * STRIDE });
    press.preventDefault();
  };

  #name() {
    this.setAttribute("aria-label", this.getAttribute("name") ?? "");
  }
}

customElements.define("scroll-box", ScrollBox);

/**
 * @param {unknown} content
 * @param {string} name  of the region, where it scrolls
 * @returns {TemplateResult}
 */
export function scrolling(content, name) {
  return html`<scroll-box name=${name}><div>${content}</div></scroll-box>`;
}

/**
 * The same for an element.
 * @param {Element} content
 * @param {string} name
 */
export function scrollBox(content, name) {
  const box = document.createElement("scroll-box");
  const inner = document.createElement("div");
  box.setAttribute("name", name);
  inner.append(content);
  box.append(inner);
  return box;
}
