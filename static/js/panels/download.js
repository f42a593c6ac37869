/**
 * Gives the visitor a file that the page has made.
 *
 * @param {Blob} blob
 * @param {string} name
 */
export function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The browser reads it after the click; nothing says when it has.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
