/**
 * How far one is with a skill, as pure functions: fewer given numbers with each right answer, three
 * right in a row on both surfaces for mastery, and a return after one, three and seven days.
 *
 * @typedef {{
 *   stage: number, rows: {network: number, program: number}, returns: number | null, due: number | null,
 * }} Progress  `returns`: days that were passed since mastery, of `DAYS`; null before it. `due`: ms since 1970
 */

export const LAST_STAGE = 2;
export const IN_A_ROW = 3;
export const DAYS = [1, 3, 7];
const DAY = 24 * 60 * 60 * 1000;

/** @type {Progress} */
export const BEGINNING = { stage: 0, rows: { network: 0, program: 0 }, returns: null, due: null };

/**
 * @param {Progress} before
 * @param {"network" | "program"} surface
 * @param {boolean} right  at the first try
 * @param {number} now  ms since 1970
 * @returns {Progress}
 */
export function after(before, surface, right, now) {
  const stage = Math.min(LAST_STAGE, Math.max(0, before.stage + (right ? 1 : -1)));
  const rows = { ...before.rows, [surface]: right ? Math.min(IN_A_ROW, before.rows[surface] + 1) : 0 };
  if (!right) return { stage, rows, returns: null, due: null };
  if (before.returns === null) {
    const mastered = Object.values(rows).every((count) => count >= IN_A_ROW);
    return { stage, rows, returns: mastered ? 0 : null, due: mastered ? now + DAYS[0] * DAY : null };
  }
  if (!isDue(before, now)) return { ...before, stage, rows };
  const returns = before.returns + 1;
  return { stage, rows, returns, due: returns < DAYS.length ? now + DAYS[returns] * DAY : null };
}

/** Whether it is time to come back to it. @param {Progress} progress @param {number} now */
export function isDue({ due }, now) {
  return due !== null && due <= now;
}

/** What was kept may be of another version, or of somebody's making. @param {unknown} kept @returns {kept is Progress} */
export function isProgress(kept) {
  if (typeof kept !== "object" || kept === null) return false;
  const { stage, rows, returns, due } = /** @type {any} */ (kept);
  /** @param {unknown} one */
  const isCount = (one) => Number.isInteger(one) && Number(one) >= 0;
  const isRows = typeof rows === "object" && rows !== null && isCount(rows.network) && isCount(rows.program);
  const isReturn = (returns === null && due === null) || (isCount(returns) && (due === null || Number.isFinite(due)));
  return isCount(stage) && stage <= LAST_STAGE && isRows && isReturn;
}
