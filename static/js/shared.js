/**
 * Numbers that came in a link or a file: checked, made again on this server, and compared.
 *
 * @import { Where } from "./session.js"
 * @import { View } from "./types.js"
 */
import { ApiError } from "./api.js";
import { getRecipe } from "./calls.js";
import { MARK } from "./arrive.js";
import { bytesOf } from "./files/bytes.js";
import { parsed, unpack, Unreadable } from "./packing.js";
import { openRecipe } from "./session.js";
import { notice, session } from "./store.js";
import { t } from "./strings.js";
import { isRecipe } from "./tokens.js";

export const FILE = ".backprop.json";
const KNOWN = ["base", "edits", "digest"];

/** @typedef {{where?: Where, view?: Partial<View>}} Options */

/**
 * @param {string} hash  of the address
 * @param {Options} options
 * @returns {Promise<boolean>}  false where it cannot be opened; the notice says so
 */
export async function openLink(hash, options) {
  return opened(async () => unpack(hash.slice(MARK.length)), options);
}

/** @param {File} file @returns {Promise<boolean>} */
export async function openFile(file) {
  return opened(async () => {
    if (file.size > 4_000_000) throw new Unreadable();
    const bytes = await bytesOf(file);
    if (!bytes) throw new Unreadable();
    return parsed(bytes);
  }, {});
}

/** @param {() => Promise<any>} read @param {Options} options */
async function opened(read, options) {
  try {
    const recipe = await read();
    if (!isRecipe(recipe) || Object.keys(recipe).some((name) => !KNOWN.includes(name))) throw new Unreadable();
    try {
      await openRecipe(recipe, options);
    } catch (error) {
      // Only the view may be at fault, such as a row that is not there.
      if (!(error instanceof ApiError) || error.status !== 422 || !options.view) throw error;
      await openRecipe(recipe, {});
    }
    await compare(recipe.digest);
    return true;
  } catch (error) {
    const isRefused = error instanceof ApiError && [400, 413, 422].includes(error.status);
    if (!isRefused && !(error instanceof Unreadable)) throw error;
    notice.value = t("share.unreadable");
    return false;
  }
}

/** Another version of the figures, or another processor, may make other numbers of the same seed. @param {unknown} digest */
async function compare(digest) {
  const now = session.peek();
  if (!now || typeof digest !== "string") return;
  const { recipe } = await getRecipe(now.id);
  if (recipe.digest !== digest) notice.value = t("share.differs");
}
