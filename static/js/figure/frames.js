/**
 * At most once a frame: the first call of a frame runs at once, all later ones together before the
 * next frame is drawn.
 */

/**
 * @param {() => void} run
 * @returns {{ask: () => void, now: () => void}}
 *   `now` runs what has been put off, if anything, without waiting for the frame
 */
export function oncePerFrame(run) {
  let ran = false;
  let due = false;

  function frame() {
    ran = false;
    if (due) go();
  }

  function go() {
    due = false;
    if (!ran) requestAnimationFrame(frame);
    ran = true;
    run();
  }

  return {
    ask() {
      if (ran) due = true;
      else go();
    },
    now() {
      if (due) go();
    },
  };
}
