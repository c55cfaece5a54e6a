// How often each value of a channel occurs: bars with an axis, the colours under them, and a bin to point at or drag from.

import { h, number, say, set, svg } from "../shared/dom.js";
import { paint } from "../shared/colour.js";
import { BINS } from "./layer_data.js";

const TALL = 40;
const TICKS = 5;
const WIDE_LABEL = 6;

export class Histogram {
  /** `onbin(bin or null)` is told what is pointed at, `onrange(low, high)` what was dragged over, `onwhole()` of a double click. */
  constructor({ onbin, onrange, onwhole }) {
    Object.assign(this, { onbin, onrange, onwhole, bin: null, from: null });
    this.bars = svg("path", {});
    this.tick = h("i", { class: "tick", hidden: true });
    this.brush = h("i", { class: "brush", hidden: true });
    this.colours = h("canvas", { class: "colours", width: 256, height: 1 });
    this.plot = h("div", { class: "plot" },
      svg("svg", { viewBox: `0 0 ${BINS} ${TALL}`, preserveAspectRatio: "none", "aria-hidden": "true" }, this.bars), this.brush, this.tick, this.colours);
    this.axis = h("div", { class: "axis", "aria-hidden": "true" });
    this.said = h("output", { class: "said" });
    this.element = h("div", {
      class: "histogram", tabindex: "0", role: "slider", "aria-label": "Histogram", "aria-valuemin": 1, "aria-valuemax": BINS,
      title: "How many values lie in each of 64 equal steps; heights are square roots. Point at a bar to see where its values are; drag to make them the fixed range, double click for the channel's own.",
      onkeydown: (event) => this.key(event), onblur: () => this.point(null),
    }, this.plot, this.axis, this.said);
    this.plot.onpointermove = (event) => this.point(this.under(event));
    this.plot.onpointerleave = () => this.point(null);
    this.plot.onpointerdown = (event) => { this.plot.setPointerCapture(event.pointerId); this.from = this.under(event); this.point(this.from); };
    this.plot.onpointerup = (event) => this.chosen(this.under(event));
    this.plot.onpointercancel = () => { this.from = null; };
    this.plot.ondblclick = () => onwhole();
  }

  /** Another channel, or its counts have come (null before): `low` and `high` are the ends of the bins. */
  show(counts, low, high) {
    if (sameBytes(counts, this.counts) && low === this.low && high === this.high) return;
    Object.assign(this, { counts, low, high });
    this.total = counts ? counts.reduce((sum, count) => sum + count, 0) : 0;
    const most = counts ? Math.sqrt(counts.reduce((a, b) => Math.max(a, b), 1)) : 1;
    set(this.bars, "d", counts ? Array.from(counts, (count, bin) => (count ? `M${bin + 0.08} ${TALL}V${(TALL * (1 - Math.max(0.03, Math.sqrt(count) / most))).toFixed(2)}h.84V${TALL}z` : "")).join("") : "");
    this.label();
    this.write();
  }

  /** The colour of each step, as the channel is drawn: a table of 256 pixels. */
  colour(table) {
    paint(this.colours, Uint8Array.from({ length: 256 }, (_, byte) => byte), 256, 1, table);
  }

  /** Mark where a value lies; nothing where it is null or beyond the ends. */
  mark(value) {
    const share = value === null ? -1 : (value - this.low) / (this.high - this.low);
    this.tick.hidden = !(share >= 0 && share <= 1);
    this.tick.style.left = `${share * 100}%`;
  }

  label() {
    const span = this.high - this.low;
    const place = (value) => ((value - this.low) / span) * 100;
    this.axis.replaceChildren(...ticks(this.low, this.high).map((value) => {
      const at = place(value);
      return h("span", { class: at < 12 ? "first" : at > 88 ? "last" : "", style: `left: ${at}%` }, number(value));
    }));
  }

  edge(bin) {
    return this.low + ((this.high - this.low) * bin) / BINS;
  }

  under(event) {
    const { left, width } = this.plot.getBoundingClientRect();
    return Math.min(BINS - 1, Math.max(0, Math.floor(((event.clientX - left) / width) * BINS)));
  }

  /** Point at a bin; at none with null. */
  point(bin) {
    if (bin === this.bin || (bin !== null && !this.counts)) return;
    this.bin = bin;
    this.write();
    this.onbin(this.from === null ? bin : null);
  }

  write() {
    const first = Math.min(this.bin, this.from ?? this.bin);
    const last = Math.max(this.bin, this.from ?? this.bin);
    this.brush.hidden = this.bin === null || !this.counts;
    this.brush.style.left = `${(first / BINS) * 100}%`;
    this.brush.style.width = `${((last - first + 1) / BINS) * 100}%`;
    set(this.element, "aria-valuenow", (this.bin ?? 0) + 1);
    set(this.element, "aria-valuetext", this.summary(first, last));
    say(this.said, this.summary(first, last));
  }

  /** What is pointed at in words, or how many values there are. */
  summary(first, last) {
    if (!this.counts) return "";
    if (this.bin === null) return `${this.total.toLocaleString("en")} values`;
    const count = this.counts.slice(first, last + 1).reduce((sum, value) => sum + value, 0);
    return `${number(this.edge(first))} to ${number(this.edge(last + 1))}: ${count.toLocaleString("en")} (${((100 * count) / this.total).toFixed(1)}%)`;
  }

  /** A drag has ended: over several bins it chooses a range. */
  chosen(bin) {
    const { from } = this;
    this.from = null;
    if (from === null || from === bin || !this.counts) { this.write(); return; }
    this.onrange(this.edge(Math.min(from, bin)), this.edge(Math.max(from, bin) + 1));
    this.bin = null;
    this.write();
    this.onbin(null);
  }

  key(event) {
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (!step || !this.counts) return;
    event.preventDefault();
    event.stopPropagation();
    this.point(Math.min(BINS - 1, Math.max(0, this.bin === null ? 0 : this.bin + step)));
  }
}

function sameBytes(one, other) {
  return one === other || Boolean(one && other && one.buffer === other.buffer && one.byteOffset === other.byteOffset);
}

/** Round values between two ends, few enough for their labels. */
export function ticks(low, high) {
  if (!(high > low) || !Number.isFinite(high - low)) return [];
  for (let most = TICKS; most > 1; most--) {
    const found = roundValues(low, high, most);
    if (found.length < 4 || found.every((value) => number(value).length < WIDE_LABEL)) return found;
  }
  return [];
}

function roundValues(low, high, most) {
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough * 0.999) ?? 10 * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  // Counted in steps and divided by whole numbers where the step is below one, so that 0.3 is not 0.30000000000000004.
  const inverse = Math.round(1 / step);
  return Array.from({ length: last - first + 1 }, (_, i) => (step < 1 ? (first + i) / inverse : (first + i) * step));
}
