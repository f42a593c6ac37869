/**
 * What the first page can do without: fetched, all of it at once, when it is first used. One door
 * for all keeps the bundle at two scripts to begin with, whatever they share.
 */
export * as filing from "./panels/filing.js";
export { pasteText } from "./panels/paste.js";
export { openNetworkForm } from "./panels/network.js";
export { openExport } from "./panels/export.js";
export { openShare } from "./panels/share.js";
