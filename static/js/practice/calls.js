/**
 * What is asked of the server about exercises.
 *
 * @import { Item, Judged } from "../types.js"
 */
import { call } from "../api.js";

/** @returns {Promise<Item["skill"][]>}  the easier first */
export async function getSkills() {
  return (await (await call("/practice/skills")).json()).skills;
}

/** @param {string} skill @param {number} seed @returns {Promise<Item>} */
export async function getExercise(skill, seed) {
  return (await call(`/practice?${new URLSearchParams({ skill, seed: String(seed) })}`)).json();
}

/**
 * @param {Item} item
 * @param {string} answer  as it was typed
 * @param {boolean} reveal  whether the right one is told even so
 * @returns {Promise<Judged>}
 */
export async function judge({ skill, seed }, answer, reveal) {
  return (await call("/practice/answer", { method: "POST", body: { skill, seed, answer, reveal } })).json();
}
