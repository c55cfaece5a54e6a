// The probability of one class over the picture, with its threshold and what the threshold gives.

import { h, say, set, svg } from "../shared/dom.js";
import { hub } from "../shared/hub.js";
import { draw, mapIndex, steer } from "../shared/pane.js";
import { paint } from "../shared/colour.js";
import { NOT_A_NUMBER, OUTSIDE, STEPS, bestStep, iouAt, percent, probabilityAt } from "./parts.js";
import { ERRORS, EXTRA, HIT, MISSED, PLAIN, Plate, ink, overlay, sampling, stack, viewKey, vivid } from "./screen.js";
import { swatch } from "./legend.js";

const LINE = ink([255, 255, 255], 0.9);
const ODD = ink([255, 0, 255], 1);

export class ClassPane {
  /** `onthreshold(id, step)`, `onremove(id)`, `onpin(id)`. */
  constructor(entry, { onthreshold, onremove, onpin }) {
    this.entry = entry;
    this.source = document.createElement("canvas");
    this.plates = { fade: new Plate(), lines: new Plate() };
    this.canvas = h("canvas", { role: "img", "aria-label": `Probability of ${entry.name}` });
    this.frame = h("div", { class: "frame bone" }, this.canvas);
    steer(this.frame, hub, "ctrl");
    this.value = h("output", { class: "value", title: "Probability under the mouse" });
    this.slider = h("input", {
      type: "range", min: 0, max: STEPS, step: 1, "aria-label": `Threshold of ${entry.name}`,
      oninput: () => onthreshold(entry.id, Number(this.slider.value)),
    });
    this.at = h("output", { class: "at" });
    this.facts = h("div", { class: "facts small" });
    this.best = h("button", { type: "button", class: "link", hidden: true, onclick: () => onthreshold(entry.id, bestStep(this.sheet.header)) });
    this.curve = svg("svg", { class: "curve", viewBox: `0 0 ${STEPS} 100`, preserveAspectRatio: "none", role: "img" });
    this.axis = h("span", { class: "axis muted small", "aria-hidden": "true" });
    const close = h("button", { type: "button", class: "close", title: `Close ${entry.name}`, "aria-label": `Close ${entry.name}`, onclick: () => onremove(entry.id) }, "×");
    const pin = h("button", { type: "button", class: "button pin", title: `Put ${entry.name} into the compare tray`, onclick: () => onpin(entry.id) }, "Pin");
    this.element = h("article", { class: "class", "data-class": entry.id },
      h("header", {}, swatch(entry), h("h3", {}, entry.name), this.value, pin, close),
      this.frame,
      h("div", { class: "threshold" }, this.axis, this.curve, h("label", {}, h("span", { class: "muted" }, "Threshold"), this.slider, this.at)),
      h("div", { class: "row" }, this.facts, this.best));
  }

  /** The numbers have come. */
  take(sheet, labels) {
    this.sheet = sheet;
    this.labels = labels;
    this.kinds = new Uint8Array(sheet.levels.length);
    this.frame.classList.remove("bone");
    set(this.element, "data-ready", true);
    this.fade();
    this.plot();
  }

  /** The map as a picture: the class colour, as opaque as the class is probable. */
  fade() {
    const colour = vivid(this.entry.colour);
    const table = Uint32Array.from({ length: 256 }, (_, level) => (level === NOT_A_NUMBER ? ODD : ink(colour, Math.min(1, level / STEPS))));
    paint(this.source, this.sheet.levels, this.sheet.header.width, this.sheet.header.height, table);
  }

  /** Draw with {backdrop, opacity, mode, step}. */
  draw({ backdrop, opacity, mode, step }) {
    if (!this.sheet) { stack(this.canvas, [[backdrop, 1]]); return; }
    const view = viewKey(this.canvas, hub.camera);
    const errors = mode === "errors" && this.labels !== null;
    const smooth = mode === "probability";
    const strength = smooth ? 0 : opacity;
    const lines = this.plates.lines.at(`${view} ${step} ${errors} ${strength}`, this.canvas, (context) => {
      const grid = sampling(this.canvas, hub.camera, hub.size, this.sheet.header);
      if (errors) this.paintErrors(context, grid, step, opacity);
      else this.paintMask(context, grid, step, strength);
    });
    const fade = smooth ? this.plates.fade.at(view, this.canvas, (context) => {
      draw(context, hub.camera, hub.size, [{ image: this.source, extent: this.sheet.header.extent, alpha: 1 }]);
    }) : null;
    stack(this.canvas, [[backdrop, 1], [fade, opacity], [lines, 1]]);
  }

  paintMask(context, grid, step, opacity) {
    const table = Uint8Array.from({ length: 256 }, (_, level) => (level >= step && level !== NOT_A_NUMBER ? 1 : 0));
    const fill = opacity ? ink(vivid(this.entry.colour), opacity) : 0;
    overlay(context, grid, this.sheet.levels, table, fill ? () => fill : null, LINE);
  }

  paintErrors(context, grid, step, opacity) {
    const cell = 6 * (window.devicePixelRatio || 1);
    const inks = ERRORS.map(({ colour }) => ink(colour, Math.max(0.35, opacity)));
    overlay(context, grid, this.outcomes(step), PLAIN, (kind, x, y) => (ERRORS[kind - 1].pattern(x, y, cell) ? inks[kind - 1] : 0), 0);
  }

  /** HIT, EXTRA, MISSED or 0 for each pixel of the map. */
  outcomes(step) {
    if (this.outcomesAt === step) return this.kinds;
    const { kinds, labels } = this;
    const { levels } = this.sheet;
    const { id } = this.entry;
    for (let at = 0; at < levels.length; at++) {
      const found = levels[at] >= step && levels[at] !== NOT_A_NUMBER;
      const labelled = labels[at] === id;
      kinds[at] = labels[at] === OUTSIDE ? 0 : found ? (labelled ? HIT : EXTRA) : labelled ? MISSED : 0;
    }
    this.outcomesAt = step;
    return kinds;
  }

  /** Write what the threshold gives. */
  tell(step) {
    if (Number(this.slider.value) !== step) this.slider.value = step;
    say(this.at, (step / STEPS).toFixed(3));
    set(this.slider, "aria-valuetext", this.at.textContent);
    if (!this.sheet) return;
    const { header } = this.sheet;
    this.marker?.setAttribute("x1", step);
    this.marker?.setAttribute("x2", step);
    const covers = `covers ${percent(header.reach[step] / header.pixels)}`;
    if (header.hits === undefined) { say(this.facts, covers); return; }
    const iou = iouAt(header, step);
    const precision = header.reach[step] ? header.hits[step] / header.reach[step] : null;
    const recall = header.labelled ? header.hits[step] / header.labelled : null;
    const score = (value) => (value === null ? "–" : value.toFixed(3));
    this.facts.replaceChildren(
      h("span", { title: "Intersection over union with the labels of this picture, at this threshold" }, "IoU ", h("b", { class: "score" }, score(iou))), ` · precision ${score(precision)} · recall ${score(recall)} · ${covers}`);
    const best = bestStep(header);
    this.best.hidden = !header.labelled || best === step;
    say(this.best, `Best: ${(best / STEPS).toFixed(3)}`);
    this.best.title = `The threshold with this picture's highest IoU, ${score(iouAt(header, best))}`;
  }

  /** The curve over the slider: IoU with labels, else the share of the picture that reaches the threshold. */
  plot() {
    const { header } = this.sheet;
    const labelled = header.hits !== undefined;
    const high = Math.max(1, ...header.reach.slice(1));
    const points = header.reach.map((reach, step) => `${step},${(98 - 96 * (labelled ? iouAt(header, step) ?? 0 : Math.min(1, reach / high))).toFixed(2)}`);
    const what = labelled ? "IoU of this picture at each threshold, 0 to 1" : "Pixels that reach each threshold";
    this.marker = svg("line", { y1: 0, y2: 100, class: "marker" });
    set(this.curve, "aria-label", what);
    say(this.axis, labelled ? "IoU, 0 to 1" : "Pixels");
    this.curve.replaceChildren(svg("title", {}, what), svg("polygon", { points: `0,100 ${points.join(" ")} ${STEPS},100`, class: "area" }), svg("polyline", { points: points.join(" "), class: "line" }), this.marker);
  }

  /** Write the probability at a picture position. */
  read(point) {
    if (!this.sheet) return;
    const { extent, height, width } = this.sheet.header;
    const index = point ? mapIndex(point, extent, height, width) : -1;
    if (index < 0) { say(this.value, ""); return; }
    const [value, digits] = probabilityAt(this.sheet, index);
    say(this.value, Number.isNaN(value) ? "NaN" : `${digits < 4 ? "≈ " : ""}${value.toFixed(digits)}`);
  }
}
