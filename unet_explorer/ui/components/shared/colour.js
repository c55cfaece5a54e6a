// From bytes to colours, in the browser: a table of 256 colours for each channel.

import { COLOURMAPS } from "./colourmaps.js";

const tables = new Map(Object.entries(COLOURMAPS).map(([name, text]) => [name, decode(text)]));

function decode(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return Uint32Array.from({ length: 256 }, (_, level) => pixel(bytes[3 * level], bytes[3 * level + 1], bytes[3 * level + 2]));
}

/** One opaque pixel as the little-endian number an ImageData holds. */
export function pixel(red, green, blue) {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

export const names = [...tables.keys()];

export function isDiverging(name) {
  return DIVERGING.has(name);
}
const DIVERGING = new Set(["diverging", "coolwarm", "blue-red", "rdbu"]);

/** The 256 colours of a map, as a CSS gradient for legends. */
export function gradient(name) {
  const table = tables.get(name) ?? tables.values().next().value;
  const stops = Array.from({ length: 17 }, (_, i) => {
    const colour = table[Math.round((i * 255) / 16)];
    return `rgb(${colour & 255} ${(colour >> 8) & 255} ${(colour >> 16) & 255})`;
  });
  return `linear-gradient(90deg, ${stops.join(", ")})`;
}

/**
 * The colour of each byte of a channel.
 * low, high: what bytes 0 and 255 stand for; from, to: the values drawn first and last; gamma: exponent.
 */
export function lookup(name, low, high, from, to, gamma) {
  const table = tables.get(name) ?? tables.values().next().value;
  const result = new Uint32Array(256);
  const span = to - from;
  for (let byte = 0; byte < 256; byte++) {
    const value = low + (byte / 255) * (high - low);
    const share = span > 0 ? Math.min(Math.max((value - from) / span, 0), 1) : 0;
    result[byte] = table[Math.round(255 * (gamma === 1 ? share : share ** gamma))];
  }
  return result;
}

const LIT = pixel(255, 176, 0);

/** A table that lights one of `bins` equal parts of the levels and dims the others. */
export function spotlight(table, bin, bins) {
  return table.map((colour, level) => {
    if (Math.floor((level / 256) * bins) === bin) return LIT;
    const grey = Math.round(0.35 * (0.2126 * (colour & 255) + 0.7152 * ((colour >> 8) & 255) + 0.0722 * ((colour >> 16) & 255)));
    return pixel(grey, grey, grey);
  });
}

/** Fill a canvas of w x h with bytes seen through a table of colours. */
export function paint(canvas, bytes, width, height, table) {
  if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
  // All tiles of a layer have one size: making this anew for each is much garbage.
  if (scratch.width !== width || scratch.height !== height) scratch = new ImageData(width, height);
  const pixels = new Uint32Array(scratch.data.buffer);
  for (let i = 0; i < pixels.length; i++) pixels[i] = table[bytes[i]];
  canvas.getContext("2d").putImageData(scratch, 0, 0);
}
let scratch = new ImageData(1, 1);
