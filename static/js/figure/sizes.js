/**
 * Sizes that do not follow the scale: from near, strokes and signs are no thicker than they have to
 * be; from afar, names are as large as their place allows. As properties for the style sheet, set
 * when the figure rests, since a change of them is a change of everything drawn.
 */

/** From this scale on strokes grow no more. */
const THICKEST = 1.5;
/** Names of boxes are set at 14 px, and of lines at 15 px: what they should at least be on the screen. */
const TITLE = 11.5 / 14;
const NAME = 9 / 15;
/** So much larger than they are drawn, and no more, or they would meet. */
const LARGEST = 1.5;
/** From afar shapes would be specks, in the place into which the names grow. */
const SHAPES = 0.58;

/** @param {HTMLElement} stage */
export function makeSizes(stage) {
  let set = "";

  /** @param {number} k  the scale */
  return (k) => {
    const stroke = THICKEST / k;
    const title = Math.min(LARGEST, Math.max(1, TITLE / k));
    const name = Math.min(LARGEST, Math.max(1, NAME / k));
    const now = [Math.min(stroke, 5), title, name].map((size) => size.toFixed(2)).join(" ");
    if (now === set) return;
    set = now;
    stage.style.setProperty("--stroke-most", stroke.toFixed(2));
    stage.style.setProperty("--title", title.toFixed(2));
    stage.style.setProperty("--name", name.toFixed(2));
    stage.classList.toggle("from-afar", k < SHAPES);
  };
}
