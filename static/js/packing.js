/**
 * A recipe as a part of a link, and back: JSON, deflated by the browser, as base64url. A link may
 * come from anybody, so its size is bounded while it is read. Pure, but for the browser's streams.
 */

const MOST_BYTES = 4_000_000;

/** What is wrong with a link or a file that should hold numbers. */
export class Unreadable extends Error {}

/** @param {unknown} recipe @returns {Promise<string>} */
export async function pack(recipe) {
  const text = new Blob([JSON.stringify(recipe)]);
  const bytes = await read(text.stream().pipeThrough(new CompressionStream("deflate-raw")));
  let signs = "";
  for (let i = 0; i < bytes.length; i += 4096) signs += String.fromCharCode(...bytes.subarray(i, i + 4096));
  return btoa(signs).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @param {string} packed @returns {Promise<any>} */
export async function unpack(packed) {
  if (!/^[A-Za-z0-9_-]+$/.test(packed)) throw new Unreadable();
  try {
    const signs = atob(packed.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(signs, (sign) => sign.charCodeAt(0));
    const inflated = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return parsed(await read(inflated));
  } catch (error) {
    throw error instanceof Unreadable ? error : new Unreadable();
  }
}

/** @param {Uint8Array} bytes @returns {any} */
export function parsed(bytes) {
  if (bytes.length > MOST_BYTES) throw new Unreadable();
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new Unreadable();
  }
}

/** @param {ReadableStream<Uint8Array>} stream @returns {Promise<Uint8Array>} */
async function read(stream) {
  const reader = stream.getReader();
  /** @type {Uint8Array[]} */
  const parts = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > MOST_BYTES) {
      void reader.cancel().catch(() => undefined);
      throw new Unreadable();
    }
    parts.push(value);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
