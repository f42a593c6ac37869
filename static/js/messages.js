/**
 * A refusal of the server, said in the learner's language: its code picks the sentence, and the
 * server's own English words follow only where there is no sentence for it.
 *
 * @import { FieldError } from "./api.js"
 */
import { ApiError } from "./api.js";
import { has, t } from "./strings.js";

/** @param {unknown} error */
export function messageOf(error) {
  if (!(error instanceof ApiError)) throw error;
  if (error.errors.length > 0) return error.errors.map(fieldMessage).join(" ");
  const key = `problem.${error.status}`;
  return has(key) ? t(key) : t("problem.other", { status: error.status });
}

/** @param {FieldError} error */
export function fieldMessage({ pointer, code, message }) {
  const key = `invalid.${code}`;
  const limit = /[\d,]+(?=\D*$)/.exec(message)?.[0] ?? "";
  const field = pointer.split("/").filter(Boolean).join(" \u203a ");
  return has(key) ? t(key, { field, limit }) : t("invalid.other", { field });
}
