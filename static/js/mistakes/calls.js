/**
 * What the page asks about mistakes in a backward pass.
 *
 * @import { Nested } from "../pagetypes.js"
 * @import { Compared, Places, Specimen } from "../types.js"
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
