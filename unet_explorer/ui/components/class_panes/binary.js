// A network with one probability: its class map is what the threshold makes of it.

import { NOT_A_NUMBER, NO_NUMBER, OUTSIDE, STEPS } from "./parts.js";

const ODD = 2;

/** The class map cut at a step of class 1 (`levels`), with its shares and scores; the overview itself stays as it is. */
export function cut({ header, ids, labels }, levels, step) {
  const made = new Uint8Array(ids.length);
  const counts = [0, 0, 0];
  const pairs = [[0, 0, 0], [0, 0, 0]];
  for (let at = 0; at < ids.length; at++) {
    if (ids[at] === OUTSIDE) { made[at] = OUTSIDE; continue; }
    const found = levels[at] === NOT_A_NUMBER ? ODD : levels[at] >= step ? 1 : 0;
    made[at] = found === ODD ? NO_NUMBER : found;
    counts[found]++;
    if (labels && labels[at] < 2) pairs[labels[at]][found]++;
  }
  const covered = counts[0] + counts[1] + counts[ODD] || 1;
  const [none, all, odd] = counts.map((count) => count / covered);
  const found = { ...header, shares: [none, all], odd };
  // Names would have to be placed anew; they are left out where the threshold has moved.
  if (step !== STEPS / 2) found.regions = [];
  if (labels) Object.assign(found, scores(pairs));
  return { header: found, ids: made, labels };
}

/** IoU of both classes and accuracy, from pairs[label][found]; null where there is nothing to score. What got no number is wrong. */
function scores(pairs) {
  const sum = (counts) => counts.reduce((one, other) => one + other);
  const share = (part, whole) => (whole ? part / whole : null);
  const iou = [0, 1].map((id) => share(pairs[id][id], sum(pairs[id]) + pairs[1 - id][id]));
  return { iou, accuracy: share(pairs[0][0] + pairs[1][1], sum(pairs[0]) + sum(pairs[1])) };
}
