/**
 * What the first page can do without: fetched, all of it at once, by `coming.js`. One door for all
 * keeps the bundle at two scripts to begin with, whatever they share.
 */
import { watchSelectedCell } from "./panels/cell.js";
import { watchRuns } from "./learning.js";
import { bringStyle } from "./style.js";
import { listenToDrops } from "./panels/drops.js";
import { listenToUndo } from "./panels/undoing.js";
import { watchPractice } from "./practice/state.js";
import { watchPrograms } from "./programs.js";
import { watchHunt } from "./mistakes/finding.js";
import { watchMistakes } from "./mistakes/state.js";
import { watchRecipes } from "./recipes.js";
import { watchLessons } from "./lessons.js";
import { mountLesson } from "./panels/lesson.js";
import { keepUndo } from "./undokept.js";

export { mountBeside } from "./panels/beside.js";
export { cellExplanation, spokenAnswer, way } from "./panels/cell.js";
export { code } from "./panels/code.js";
export { data } from "./panels/data.js";
export { digitSection } from "./panels/digit.js";
export { batchSection, sampleText } from "./panels/minibatch.js";
export { pasteText } from "./panels/paste.js";
export { openNetworkForm } from "./panels/network.js";
export { openExport } from "./panels/export.js";
export { openLesson } from "./lessons.js";
export { present, presenterBar } from "./presenting.js";
export { openHelp } from "./panels/help.js";
export { presetMenu } from "./panels/menu.js";
export { openShare } from "./panels/share.js";
export { openLink } from "./shared.js";
export { nextExercise, openExercise } from "./practice/state.js";
export { learn } from "./panels/learn.js";
export { practice } from "./panels/practising.js";
export { startHunt } from "./mistakes/finding.js";
export { strike } from "./mistakes/strike.js";
export { updateTables } from "./panels/updating.js";
export { table } from "./panels/table.js";
export { classNameOf } from "./classes.js";
export { patched } from "./changes.js";
export { backward, onward } from "./onward.js";
export { goOn } from "./recipes.js";

/** What it looks after from now on. */
export function start() {
  bringStyle("/static/css/editing.css");
  bringStyle("/static/css/learning.css");
  bringStyle("/static/css/checking.css");
  bringStyle("/static/css/code.css");
  bringStyle("/static/css/network.css");
  bringStyle("/static/css/practice.css");
  bringStyle("/static/css/mistakes.css");
  bringStyle("/static/css/lessons.css");
  mountLesson();
  watchLessons();
  watchSelectedCell();
  watchPrograms();
  watchRecipes();
  listenToDrops();
  listenToUndo();
  keepUndo();
  watchRuns();
  watchPractice();
  watchMistakes();
  watchHunt();
}
