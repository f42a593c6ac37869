/**
 * A style sheet that the first picture does without.
 *
 * @param {string} address
 */
export function bringStyle(address) {
  if (document.querySelector(`link[href="${address}"]`)) return;
  document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: address }));
}
