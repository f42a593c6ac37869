/**
 * What the page asks about mistakes in a backward pass.
 *
 * @import { Nested } from "../pagetypes.js"
 * @import { Compared, Found, Hidden, Places, Specimen } from "../types.js"
 */
import { call } from "../api.js";

/**
 * The mistakes that would change something, and the gradients that can be compared.
 * @param {string} id
 * @returns {Promise<Places>}
 */
export async function getPlaces(id) {
  return (await call(`/sessions/${id}/faults`)).json();
}

/**
 * @param {string} id
 * @param {string} tensor  a gradient
 * @param {Nested} value  somebody's own
 * @returns {Promise<Compared>}
 */
export async function compare(id, tensor, value) {
  return (await call(`/sessions/${id}/compare`, { method: "POST", body: { tensor, value } })).json();
}

/**
 * A mistake at work.
 * @param {string} id
 * @param {string} fault
 * @param {number | null} site  which of its places alone; null: the usual
 * @param {number} steps  of the training beside the right one
 * @returns {Promise<Specimen>}
 */
export async function getSpecimen(id, fault, site, steps) {
  const query = new URLSearchParams({ steps: String(steps), ...(site === null ? {} : { site: String(site) }) });
  return (await call(`/sessions/${id}/faults/${fault}?${query}`)).json();
}

/**
 * The gradients of the pass with a mistake in it, and what it could be.
 * @param {string} id
 * @param {number} seed  which mistake
 * @returns {Promise<Hidden>}
 */
export async function getHidden(id, seed) {
  return (await call(`/sessions/${id}/hidden?seed=${seed}`)).json();
}

/**
 * @param {string} id
 * @param {{seed: number, fault: string, layer: string, reveal: boolean}} guess
 * @returns {Promise<Found>}
 */
export async function judgeHidden(id, guess) {
  return (await call(`/sessions/${id}/hidden`, { method: "POST", body: guess })).json();
}
