// What a pane of the compare tray shows, as numbers on a grid that lies on the common picture.

import { ask, picture } from "../shared/net.js";
import { OUTSIDE, askOverview } from "../class_panes/parts.js";

/**
 * Fetch a pane: {kind: "picture" | "ids" | "values", image or data, height, width, extent, low, high}.
 * Extents are in the pixels of the common picture, so that pictures of different sizes lie on each other.
 */
export async function fetchSource(pane, base, common, signal) {
  const offer = { base, token: pane.token };
  const fit = ([top, left, tall, wide]) => {
    const down = common.height / pane.size[0];
    const across = common.width / pane.size[1];
    return [top * down, left * across, tall * down, wide * across];
  };
  const image = await picture(offer);
  const under = { image, extent: [0, 0, common.height, common.width] };
  if (pane.query.ask === "picture") return { kind: "picture", under };
  if (pane.query.ask === "overview") {
    const { header, ids } = await askOverview(offer, signal);
    return { kind: "ids", under, data: ids, height: header.height, width: header.width, extent: fit(header.extent) };
  }
  const { header, buffer, offset } = await ask(offer, pane.query.ask, pane.query.with, signal);
  let data = new Float32Array(buffer, offset, header.height * header.width);
  if (pane.query.flip) data = data.map((value) => 1 - value);
  return { kind: "values", under, data, height: header.height, width: header.width, extent: fit(header.extent), ...rangeOf(data) };
}

/** Lowest and highest finite value. */
export function rangeOf(data) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of data) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? { low, high } : { low: 0, high: 0 };
}

/** Values as bytes between two of them. */
export function toBytes(data, low, high) {
  const bytes = new Uint8Array(data.length);
  const scale = high > low ? 255 / (high - low) : 0;
  for (let i = 0; i < data.length; i++) bytes[i] = Math.min(255, Math.max(0, Math.round((data[i] - low) * scale))) || 0;
  return bytes;
}

/** For each row (or column) of one grid, the row of another one under its centre; -1 where it has none. */
function along(count, start, length, otherCount, otherStart, otherLength) {
  return Int32Array.from({ length: count }, (_, i) => {
    const at = Math.floor(((start + ((i + 0.5) / count) * length - otherStart) / otherLength) * otherCount);
    return at < 0 || at >= otherCount ? -1 : at;
  });
}

/**
 * The difference of two panes on the finer of their grids: first minus second; for class maps 1 where the names of the
 * classes differ. NaN where one of them is, and where only one of them covers the picture: there `both` is 0.
 */
export function difference(first, second, names) {
  const grid = first.height * first.width >= second.height * second.width ? first : second;
  const index = (of) => ({
    rows: along(grid.height, grid.extent[0], grid.extent[2], of.height, of.extent[0], of.extent[2]),
    columns: along(grid.width, grid.extent[1], grid.extent[3], of.width, of.extent[1], of.extent[3]),
  });
  const a = index(first);
  const b = index(second);
  const data = new Float32Array(grid.height * grid.width).fill(NaN);
  const both = new Uint8Array(data.length);
  const numbers = first.kind === "ids" ? new Map() : null;
  const numberOf = (name) => { if (!numbers.has(name)) numbers.set(name, numbers.size); return numbers.get(name); };
  const left = numbers && names[0].map(numberOf);
  const right = numbers && names[1].map(numberOf);
  let sum = 0;
  let most = 0;
  let count = 0;
  for (let y = 0; y < grid.height; y++) {
    if (a.rows[y] < 0 || b.rows[y] < 0) continue;
    for (let x = 0; x < grid.width; x++) {
      if (a.columns[x] < 0 || b.columns[x] < 0) continue;
      const one = first.data[a.rows[y] * first.width + a.columns[x]];
      const two = second.data[b.rows[y] * second.width + b.columns[x]];
      both[y * grid.width + x] = numbers && (one === OUTSIDE || two === OUTSIDE) ? 0 : 1;
      if (numbers && (left[one] === undefined || right[two] === undefined)) continue;
      const value = numbers ? Number(left[one] !== right[two]) : one - two;
      data[y * grid.width + x] = value;
      if (!Number.isFinite(value)) continue;
      sum += Math.abs(value);
      most = Math.max(most, Math.abs(value));
      count++;
    }
  }
  return { kind: "difference", data, both, height: grid.height, width: grid.width, extent: grid.extent, mean: count ? sum / count : NaN, most, counted: Boolean(numbers) };
}
