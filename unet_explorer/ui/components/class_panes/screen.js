// What every screen pixel of a pane shows: lines, patterns and flat colours are drawn at the screen's own resolution.

import { h } from "../shared/dom.js";
import { transform } from "../shared/pane.js";
import { pixel } from "../shared/colour.js";

/** For each column (or row) of a pane, the column (or row) of the map under its centre; -1 outside. */
function along(length, scale, offset, start, extent, count, limit) {
  const found = new Int32Array(length);
  for (let i = 0; i < length; i++) {
    const place = (i + 0.5 - offset) / scale;
    const at = Math.floor(((place - start) / extent) * count);
    found[i] = place < 0 || place >= limit || at < 0 || at >= count ? -1 : at;
  }
  return found;
}

/** The map pixel under each pixel of a canvas: {rows, columns, width}. */
export function sampling(canvas, camera, size, frame) {
  const at = transform(canvas.width, canvas.height, camera, size);
  const [top, left, tall, wide] = frame.extent;
  return {
    rows: along(canvas.height, at.scale, at.y, top, tall, frame.height, size.height),
    columns: along(canvas.width, at.scale, at.x, left, wide, frame.width, size.width),
    width: frame.width,
  };
}

/** A drawing the size of a pane, kept until something it depends on changes. */
export class Plate {
  constructor() {
    this.canvas = document.createElement("canvas");
    this.key = null;
  }

  /** The drawing for a key; `paint(context)` makes it anew where the key or the size is another. */
  at(key, { width, height }, paint) {
    if (this.key === key && this.canvas.width === width && this.canvas.height === height) return this.canvas;
    this.canvas.width = width;
    this.canvas.height = height;
    this.key = key;
    paint(this.canvas.getContext("2d"));
    return this.canvas;
  }
}

/** What a plate depends on that all panes have in common: the camera and the pane's size. */
export function viewKey(canvas, camera) {
  return `${canvas.width}x${canvas.height}@${camera.y},${camera.x},${camera.zoom}`;
}

/** Lay plates over each other on a canvas: [[image, alpha], ...]. */
export function stack(canvas, plates) {
  const context = canvas.getContext("2d");
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  for (const [image, alpha] of plates) {
    if (!image || alpha === 0) continue;
    context.globalAlpha = alpha;
    context.drawImage(image, 0, 0);
  }
  context.globalAlpha = 1;
}

let kinds = new Uint8Array(0);

/**
 * Paint a plate: `table[data[map pixel]]` is the kind of a pixel, 0 for nothing; `inkOf(kind, x, y)` its colour (an ImageData
 * number, 0 for nothing; null: no pixel has one); `edge` is the colour of the lines between kinds, 0 for none.
 */
export function overlay(context, grid, data, table, inkOf, edge) {
  const { width, height } = context.canvas;
  if (kinds.length < width * height) kinds = new Uint8Array(width * height);
  kinds.fill(0, 0, width * height);
  for (let y = 0; y < height; y++) {
    const start = grid.rows[y] * grid.width;
    if (start < 0) continue;
    for (let x = 0, at = y * width; x < width; x++, at++) {
      const column = grid.columns[x];
      if (column >= 0) kinds[at] = table[data[start + column]];
    }
  }
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let y = 0; y < height; y++) {
    const below = y + 1 < height ? width : 0;
    for (let x = 0, at = y * width; x < width; x++, at++) {
      const kind = kinds[at];
      if (edge && (kinds[at + below] !== kind || (x + 1 < width && kinds[at + 1] !== kind))) pixels[at] = edge;
      else if (kind && inkOf) pixels[at] = inkOf(kind, x, y);
    }
  }
  context.putImageData(image, 0, 0);
}

/** A colour with an opacity, as the number an ImageData holds. */
export function ink([red, green, blue], alpha) {
  return ((pixel(red, green, blue) & 0xffffff) | (Math.round(255 * alpha) << 24)) >>> 0;
}

// Bluish green, vermilion and blue are told apart by every kind of colour vision; the patterns say the same without colour.
export const PLAIN = Uint8Array.from({ length: 256 }, (_, kind) => kind);
export const HIT = 1;
export const EXTRA = 2;
export const MISSED = 3;
export const ERRORS = [
  { kind: HIT, name: "True positive", means: "found, and labelled so", colour: [0, 158, 115], pattern: () => true },
  { kind: EXTRA, name: "False positive", means: "found, but labelled otherwise", colour: [213, 94, 0], pattern: (x, y, cell) => (x + y) % cell < cell / 2 },
  { kind: MISSED, name: "False negative", means: "labelled so, but not found", colour: [86, 180, 233], pattern: (x, y, cell) => x % cell < cell * 0.6 && y % cell < cell * 0.6 },
];

/** What marks NaN and infinity: a magenta and black chequerboard, which no class and no colour map looks like. */
export const NAN = { colours: [[255, 0, 255], [0, 0, 0]], pattern: (x, y, cell) => (Math.floor((2 * x) / cell) + Math.floor((2 * y) / cell)) % 2 };

/** Mark the map pixels for which `isOdd(index)` holds, on a canvas of the map's own pixels; returns their share. */
export function markOdd(canvas, isOdd) {
  const { width, height } = canvas;
  const context = canvas.getContext("2d");
  const image = context.getImageData(0, 0, width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const inks = NAN.colours.map((colour) => ink(colour, 1));
  let count = 0;
  for (let at = 0; at < pixels.length; at++) {
    if (!isOdd(at)) continue;
    pixels[at] = inks[NAN.pattern(at % width, Math.floor(at / width), 2)];
    count++;
  }
  if (count) context.putImageData(image, 0, 0);
  return count / pixels.length;
}

/** A class colour lifted so that it shows on a photograph, dark ones too. */
export function vivid([red, green, blue]) {
  const luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  const lift = Math.max(0, (120 - luma) / 255);
  return [red, green, blue].map((value) => Math.round(value + (255 - value) * lift));
}

/** The picture without its colours and darker, so that the colour of a class stands out. */
export function faded(image) {
  const canvas = h("canvas", { width: image.width, height: image.height });
  const context = canvas.getContext("2d");
  context.filter = "grayscale(1) brightness(0.72)";
  context.drawImage(image, 0, 0);
  return canvas;
}
