// The class map over the picture: colours, lines between the classes, names on the largest regions, NaN marked.

import { h, say } from "../shared/dom.js";
import { hub } from "../shared/hub.js";
import { button, fit, zoomButtons } from "../shared/linked.js";
import { draw, mapIndex, steer, toPane } from "../shared/pane.js";
import { paint } from "../shared/colour.js";
import { NO_NUMBER, OUTSIDE, percent } from "./parts.js";
import { NAN, Plate, ink, overlay, sampling, stack, viewKey } from "./screen.js";

const LINE = ink([0, 0, 0], 0.55);
const NAN_KIND = 255;
const SMALLEST_ROOM = 9;

export class ClassMap {
  constructor(table, { onpin, onwalk }) {
    this.table = table;
    this.overview = null;
    this.hidden = new Set();
    this.hovered = null;
    this.version = 0;
    this.plates = { picture: new Plate(), fill: new Plate(), lines: new Plate() };
    this.named = "";
    this.canvas = h("canvas", { role: "img", "aria-label": "Class map: the most probable class of each pixel" });
    this.source = document.createElement("canvas");
    this.tags = h("div", { class: "tags", "aria-hidden": "true" });
    this.frame = h("div", {
      class: "frame bone", tabindex: "0", role: "group", "aria-label": "Class map; arrow keys move the probe, plus and minus zoom",
      onkeydown: (event) => this.walk(event, onwalk),
    }, this.canvas, this.tags);
    steer(this.frame, hub);
    this.score = h("span", { class: "muted small", title: "With labels: of this picture, over the classes that are labelled or found in it" });
    this.element = h("section", { class: "map" },
      h("header", {}, h("h3", {}, "Class map"), this.score,
        h("div", { class: "buttons" }, button("Pin", "Put the class map into the compare tray", onpin), ...zoomButtons())),
      this.frame);
  }

  /** The class map has come, or was cut anew. */
  take(overview) {
    this.overview = overview;
    this.frame.classList.remove("bone");
    this.summary();
    this.mark(this.hidden, this.hovered);
  }

  summary() {
    const { accuracy, odd, iou } = this.overview.header;
    const parts = [];
    const scored = (iou ?? []).filter((one) => one !== null);
    if (accuracy !== null) parts.push(`${percent(accuracy)} of the pixels right`);
    if (scored.length) parts.push(`mean IoU ${(scored.reduce((a, b) => a + b, 0) / scored.length).toFixed(3)} of ${scored.length} classes`);
    if (odd > 0) parts.push(`${percent(odd)} NaN or infinite`);
    say(this.score, parts.join(" · "));
  }

  /** Hidden classes are clear, and only the hovered one is strong. */
  mark(hidden, hovered) {
    Object.assign(this, { hidden, hovered });
    if (!this.overview) return;
    const { ids, header } = this.overview;
    const colours = new Uint32Array(256);
    this.kinds = new Uint8Array(256);
    for (const { id, colour } of this.table) {
      const shown = !hidden.has(id) || hovered === id;
      colours[id] = shown ? ink(colour, hovered === null || hovered === id ? 1 : 0.12) : 0;
      this.kinds[id] = shown && (hovered === null || hovered === id) ? id + 1 : 0;
    }
    this.kinds[NO_NUMBER] = NAN_KIND;
    this.version++;
    paint(this.source, ids, header.width, header.height, colours);
  }

  /** Draw with {image, opacity, names, subject}; `subject` says which picture the image is of. */
  draw({ image, opacity, names, subject }) {
    fit(this.frame, this.canvas);
    const view = viewKey(this.canvas, hub.camera);
    const whole = [0, 0, hub.size.height, hub.size.width];
    const under = image && this.plates.picture.at(`${view} ${subject}`, this.canvas, (context) => draw(context, hub.camera, hub.size, [{ image, extent: whole, alpha: 1 }]));
    if (!this.overview) { stack(this.canvas, [[under, 1]]); return; }
    const key = `${view} ${this.version}`;
    const fill = this.plates.fill.at(key, this.canvas, (context) => draw(context, hub.camera, hub.size, [{ image: this.source, extent: this.overview.header.extent, alpha: 1 }]));
    // Lines between the classes, so that the map can be read without its colours.
    const lines = this.plates.lines.at(key, this.canvas, (context) => this.paintLines(context));
    stack(this.canvas, [[under, 1], [fill, opacity], [lines, Math.min(1, opacity * 2)]]);
    if (this.named !== `${key} ${names}`) this.label(names);
    this.named = `${key} ${names}`;
  }

  paintLines(context) {
    const { header, ids } = this.overview;
    const cell = 8 * (window.devicePixelRatio || 1);
    const inks = NAN.colours.map((colour) => ink(colour, 1));
    const marks = header.odd > 0 ? (kind, x, y) => (kind === NAN_KIND ? inks[NAN.pattern(x, y, cell)] : 0) : null;
    overlay(context, sampling(this.canvas, hub.camera, hub.size, header), ids, this.kinds, marks, LINE);
  }

  /** The names of the classes on their largest regions, where there is room. */
  label(names) {
    this.tags.replaceChildren();
    if (!names) return;
    const { regions, extent } = this.overview.header;
    const { width, height } = this.frame.getBoundingClientRect();
    const [top, left, tall, wide] = extent;
    const scale = Math.min(width / hub.size.width, height / hub.size.height) * hub.camera.zoom;
    for (const { id, y, x, radius } of regions) {
      if (this.hidden.has(id) || (this.hovered !== null && this.hovered !== id)) continue;
      const at = toPane({ y: top + y * tall, x: left + x * wide }, width, height, hub.camera, hub.size);
      if (radius * wide * scale < SMALLEST_ROOM || at.x < 0 || at.y < 0 || at.x > width || at.y > height) continue;
      const tag = h("span", {}, this.table[id].name);
      this.tags.append(tag);
      const half = tag.offsetWidth / 2 + 2;
      tag.style.left = `${Math.min(Math.max(at.x, half), width - half)}px`;
      tag.style.top = `${Math.min(Math.max(at.y, 11), height - 11)}px`;
    }
  }

  /** The class map for a picture of the page, with the names that stand on it. */
  photographed() {
    const tags = [...this.tags.children].map(({ textContent: text, style }) => ({ text, x: parseFloat(style.left), y: parseFloat(style.top) }));
    return { canvas: this.canvas, title: ["Class map", this.score.textContent].filter(Boolean).join(" · "), tags };
  }

  /** What the class map and the labels say at a picture position: {y, x, index, predicted, odd, label}; null outside of the map. */
  found(point) {
    if (!point || !this.overview) return null;
    const { header: { extent, height, width }, ids, labels } = this.overview;
    const index = mapIndex(point, extent, height, width);
    if (index < 0) return null;
    const known = labels && labels[index] !== OUTSIDE && labels[index] < this.table.length;
    return { y: Math.floor(point.y), x: Math.floor(point.x), index, predicted: ids[index], odd: ids[index] === NO_NUMBER, label: labels ? (known ? labels[index] : null) : undefined };
  }

  /** Arrow keys move the probe. */
  walk(event, onwalk) {
    const step = (event.shiftKey ? 20 : 2) / hub.camera.zoom;
    const [dy, dx] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key] ?? [0, 0];
    if (!dy && !dx) return;
    event.preventDefault();
    event.stopPropagation();
    const { y, x } = hub.cursor ?? hub.camera;
    hub.point({ y: clamp(y + dy * step, hub.size.height), x: clamp(x + dx * step, hub.size.width) });
    onwalk();
  }
}

function clamp(value, limit) {
  return Math.min(Math.max(value, 0), limit - 0.5);
}
