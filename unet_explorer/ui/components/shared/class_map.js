// The most probable class at every place of a picture, read once for all components that show or name it.

import { ask, inflate } from "./net.js";
import { paint, pixel } from "./colour.js";
import { mapIndex } from "./pane.js";

const OUTSIDE = 255;
const KEPT = 2;
const asked = new Map();

/** The class map of an offer; `palette` has the colour of each class, [red, green, blue]. Rejects where the network has none. */
export function classMap(offer, palette) {
  if (!asked.has(offer.token)) {
    if (asked.size >= KEPT) asked.delete(asked.keys().next().value);
    asked.set(offer.token, read(offer, palette).catch((error) => { asked.delete(offer.token); throw error; }));
  }
  return asked.get(offer.token);
}

async function read(offer, palette) {
  const { header, buffer, offset } = await ask(offer, "overview", {});
  return new ClassMap(header, new Uint8Array(await inflate(new Uint8Array(buffer, offset, header.bytes[0]))), palette);
}

class ClassMap {
  /** header: {height, width, extent}; ids: uint8, row by row, 255 outside the picture. */
  constructor(header, ids, palette) {
    Object.assign(this, { header, ids });
    this.image = document.createElement("canvas");
    const table = new Uint32Array(256);
    palette.forEach((colour, id) => { table[id] = pixel(...colour); });
    paint(this.image, ids, header.width, header.height, table);
  }

  get extent() {
    return this.header.extent;
  }

  /** The number of the class under a picture position; null outside the map. */
  at(point) {
    const index = mapIndex(point, this.extent, this.header.height, this.header.width);
    return index < 0 || this.ids[index] === OUTSIDE ? null : this.ids[index];
  }
}
