// Deflated parts of an answer, and what a threshold step means.

import { ask, inflate } from "../shared/net.js";

export const STEPS = 200;
export const NOT_A_NUMBER = 255;
export const OUTSIDE = 255;
/** In class maps: the network gave something else than a number there. */
export const NO_NUMBER = 254;

/** Inflate the parts of an answer: their lengths stand in the header as `bytes`, or all of the body is one part. */
async function parts(answer) {
  const whole = answer.buffer.byteLength - answer.offset;
  let start = answer.offset;
  const inflated = (answer.header.bytes ?? [whole]).map((length) => {
    const part = new Uint8Array(answer.buffer, start, length);
    start += length;
    return length ? inflate(part) : null;
  });
  return Promise.all(inflated);
}

const as = (Type, buffer) => (buffer ? new Type(buffer) : null);

/** The class map: {header, ids, labels}. */
export async function askOverview(offer, signal) {
  const answer = await ask(offer, "overview", {}, signal);
  const [ids, labels] = await parts(answer);
  return { header: answer.header, ids: as(Uint8Array, ids), labels: as(Uint8Array, labels) };
}

/** The threshold steps of one class: {header, levels}. */
export async function askLevels(offer, id, signal) {
  const answer = await ask(offer, "levels", { class: id }, signal);
  const [levels] = await parts(answer);
  return { header: answer.header, levels: as(Uint8Array, levels), fine: null };
}

/** Where between two steps each probability lies, in 256ths. */
export async function askFine(offer, id, signal) {
  const [fine] = await parts(await ask(offer, "fine", { class: id }, signal));
  return as(Uint8Array, fine);
}

/** The most probable classes of each pixel: {ranks, ids, shares}, one plane a rank. */
export async function askRanked(offer, signal) {
  const answer = await ask(offer, "ranked", {}, signal);
  const [ids, shares] = await parts(answer);
  return { header: answer.header, ids: as(Uint8Array, ids), shares: as(Uint16Array, shares) };
}

/** Entropy and margin, in 255ths. */
export async function askDoubt(offer, signal) {
  const answer = await ask(offer, "doubt", {}, signal);
  const [entropy, margin] = await parts(answer);
  return { header: answer.header, entropy: as(Uint8Array, entropy), margin: as(Uint8Array, margin) };
}

/** The probability at a pixel, as exactly as it is known: [value, digits that are certain]. */
export function probabilityAt(sheet, index) {
  const level = sheet.levels[index];
  if (level === NOT_A_NUMBER) return [NaN, 0];
  if (!sheet.fine) return [level / STEPS, 2];
  return [Math.min(1, (level + (sheet.fine[index] + (level < STEPS ? 0.5 : 0)) / 256) / STEPS), 4];
}

/** What is most probable at a pixel, best first: [[id, probability, digits that are certain], ...]. */
export function ranking({ ids, shares, header: { ranks, height, width } }, index) {
  return Array.from({ length: ranks }, (_, rank) => rank * height * width + index).map((at) => [ids[at], shares[at] / 65535, 4]);
}

/** Percent for people: tabular, one decimal where it says something. */
export function percent(share) {
  if (share === null || share === undefined || Number.isNaN(share)) return "–";
  if (share > 0 && share < 0.0005) return "< 0.1%";
  return `${(100 * share).toFixed(1)}%`;
}

/** IoU of a class at a threshold step; null where it is neither labelled nor found. */
export function iouAt(header, step) {
  const union = header.reach[step] + header.labelled - header.hits[step];
  return union ? header.hits[step] / union : null;
}

/** The step with the highest IoU. */
export function bestStep(header) {
  let best = 0;
  for (let step = 1; step <= STEPS; step++) if ((iouAt(header, step) ?? -1) > (iouAt(header, best) ?? -1)) best = step;
  return best;
}
