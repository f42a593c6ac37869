"""How far two pictures are from each other, counted by a browser."""

import base64
import os

from playwright.sync_api import Browser

# Pictures are slow to compare. By default each is compared in one theme, at one place and scale;
# EVERY_PICTURE=1 has all of them.
EVERY_PICTURE = bool(os.environ.get("EVERY_PICTURE"))

# A pixel differs when any of its channels is off by more than a quarter of the way from black to
# white: less is the smoothing of an edge, which no two programs do alike.
OFF = 64

COUNT = """async ([first, second, off]) => {
  const pixels = await Promise.all([first, second].map(async (address) => {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    return context.getImageData(0, 0, canvas.width, canvas.height);
  }));
  const [a, b] = pixels;
  if (a.width !== b.width || a.height !== b.height) {
    return `${a.width} x ${a.height} is not ${b.width} x ${b.height}`;
  }
  const far = (x, i, y, j) => {
    for (let k = 0; k < 4; k++) if (Math.abs(x[i + k] - y[j + k]) > off) return true;
    return false;
  };
  let differing = 0;
  let ink = 0;
  for (let i = 0; i < a.data.length; i += 4) {
    if (far(a.data, i, b.data, i)) differing++;
    // The corner is paper.
    if (far(a.data, i, a.data, 0) || far(b.data, i, a.data, 0)) ink++;
  }
  return [differing / (a.width * a.height), differing / ink];
}"""


def differing(browser: Browser, *pictures: bytes) -> tuple[float, float]:
    """The shares of all pixels, and of those with ink, in which two PNGs of one size differ.

    Ink is what is not as the first pixel, in either picture.
    """
    page = browser.new_page()
    addresses = [f"data:image/png;base64,{base64.b64encode(one).decode()}" for one in pictures]
    found = page.evaluate(COUNT, [*addresses, OFF])
    page.close()
    assert not isinstance(found, str), found
    whole, ink = found
    return whole, ink
