/**
 * What stands in a file. What cannot be read, such as a folder, or a file that is gone, has nothing in it.
 * @param {File} file
 * @returns {Promise<Uint8Array | null>}
 */
export async function bytesOf(file) {
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch {
    return null;
  }
}
