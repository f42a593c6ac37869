/**
 * The edit tokens of this tab's sessions. They live in sessionStorage, never in the address: a
 * link gives reading, not writing.
 */

const PREFIX = "backprop-explorer.token.";

/** @param {string} id @param {string} token */
export function remember(id, token) {
  sessionStorage.setItem(PREFIX + id, token);
}

/** @param {string} id */
export function tokenOf(id) {
  return sessionStorage.getItem(PREFIX + id);
}
