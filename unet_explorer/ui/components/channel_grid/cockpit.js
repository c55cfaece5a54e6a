// The chosen channel, large over the picture, with its numbers beside it.

import { h, number, perFrame, say, set } from "../shared/dom.js";
import { hub } from "../shared/hub.js";
import { gradient, paint } from "../shared/colour.js";
import { draw, steer, toPane, zoomAt } from "../shared/pane.js";

const MARKS = {
  zero: "Dead for this picture: every value is 0. After a ReLU this means that the unit never fired.",
  constant: "Constant: every value is the same, so there is nothing to see.",
  nan: "Some values are not numbers (NaN); they are drawn as the lowest value.",
  inf: "Some values are infinite; they are drawn as the lowest or highest value.",
};
const BINS = 64;

export class Cockpit {
  /** `onpin()` and `onenlarge()` are called by the buttons on the pane. */
  constructor({ onpin, onenlarge }) {
    this.canvas = h("canvas", { class: "large", "aria-label": "The chosen channel over the picture" });
    this.badge = h("div", { class: "badge" });
    this.ramp = h("span", { class: "ramp" });
    this.from = h("span");
    this.to = h("span");
    const button = (text, label, act) => h("button", { type: "button", class: "button", "aria-label": label, title: label, onclick: act }, text);
    this.pane = h("div", { class: "pane", tabindex: "0", role: "group", "aria-label": "Chosen channel; plus and minus zoom" },
      this.canvas, this.badge,
      h("div", { class: "legend", title: "What the first and the last colour stand for" }, this.from, this.ramp, this.to),
      h("div", { class: "buttons" },
        button("−", "Zoom out (−)", () => zoomAt(hub, null, 0.5)),
        button("+", "Zoom in (+)", () => zoomAt(hub, null, 2)),
        button("Fit", "See everything (0)", () => hub.look({ zoom: 1 })),
        button("Pin", "Pin this channel for the Compare page", onpin),
        button("PNG", "Save what this pane shows as a PNG", () => this.save()),
        button("⤢", "Enlarge (Enter), back with Esc", onenlarge)));
    this.facts = h("div", { class: "facts" });
    this.element = h("div", { class: "cockpit" }, this.pane, this.facts);
    this.source = document.createElement("canvas");
    this.buildFacts();
    steer(this.pane, hub);
    this.watcher = new ResizeObserver(perFrame(() => this.paint()));
    this.watcher.observe(this.pane);
  }

  buildFacts() {
    this.which = h("b");
    this.of = h("span", { class: "muted" });
    this.name = h("div", { class: "muted small" });
    this.numbers = {};
    const row = (key, label, title = "") => {
      this.numbers[key] = h("dd", { class: key === "value" ? "strong" : "" }, "–");
      return h("div", { class: "row", title }, h("dt", {}, label), this.numbers[key]);
    };
    this.tick = h("i", { class: "tick", hidden: true });
    this.bars = h("canvas", { width: BINS * 4, height: 56, role: "img" });
    this.histogram = h("div", { class: "histogram", title: "How often each value occurs, lowest to highest; heights are square roots" }, this.bars, this.tick);
    this.mark = h("div", { class: "notice small", hidden: true });
    this.facts.append(
      h("div", { class: "which" }, this.which, this.of, this.name),
      h("dl", {},
        row("value", "Under the mouse", "≈ is read from the drawing; the exact value follows when the mouse rests"),
        row("where", "At", "Counted from 0 in the pixels of your picture"),
        row("low", "Lowest"), row("high", "Highest"), row("mean", "Mean"), row("deviation", "Deviation"), row("zeros", "Zeros"),
        row("entropy", "Entropy", "Of the histogram of 64 levels: 0 for a constant map, 6 at most")),
      this.mark, this.histogram);
  }

  /** Another channel, another layer, or more of it has come: `data` is a LayerData, `name` what the channel is called. */
  show({ data, channel, name, settings, image }) {
    Object.assign(this, { data, channel, settings, image });
    const here = data.header;
    say(this.badge, here ? `Channel ${channel + 1}${name ? ` · ${name}` : ""}` : "");
    say(this.which, `Channel ${channel + 1}`);
    say(this.of, ` of ${data.count}`);
    say(this.name, name);
    const of = (column) => data.statistics?.[column]?.[channel];
    const write = (key, text) => say(this.numbers[key], text);
    write("low", number(here?.low[channel]));
    write("high", number(here?.high[channel]));
    write("mean", number(of("mean")));
    write("deviation", number(of("deviation")));
    write("zeros", typeof of("zeros") === "number" ? `${(100 * of("zeros")).toFixed(1)} %` : "–");
    write("entropy", typeof of("entropy") === "number" ? `${of("entropy").toFixed(2)} bits` : "–");
    const mark = here?.marks[channel];
    this.mark.hidden = !mark;
    this.histogram.hidden = Boolean(mark);
    say(this.mark, MARKS[mark] ?? "");
    if (here) this.colour();
    this.readout();
    this.paint();
  }

  /** Colours changed, or a finer tile came. */
  colour() {
    const { bytes, height, width } = this.data.best(this.channel);
    paint(this.source, bytes, width, height, this.data.lookup(this.channel, this.settings));
    const [from, to] = this.data.range(this.channel, this.settings);
    say(this.from, number(from));
    say(this.to, number(to));
    this.ramp.style.background = gradient(this.settings.colours);
    if (!this.histogram.hidden) this.count(bytes);
  }

  count(bytes) {
    const counts = new Uint32Array(BINS);
    for (let i = 0; i < bytes.length; i++) counts[bytes[i] >> 2]++;
    const highest = Math.sqrt(Math.max(...counts));
    const context = this.bars.getContext("2d");
    const { width, height } = this.bars;
    context.clearRect(0, 0, width, height);
    context.fillStyle = getComputedStyle(this.facts).color;
    counts.forEach((count, bin) => {
      const tall = count ? Math.max(1, (Math.sqrt(count) / highest) * height) : 0;
      context.fillRect(bin * 4, height - tall, 3, tall);
    });
    set(this.bars, "aria-label", `Histogram of channel ${this.channel + 1}`);
  }

  paint() {
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(this.pane.clientWidth * ratio), Math.round(this.pane.clientHeight * ratio)];
    if (!width || !height || !this.data) return;
    if (this.canvas.width !== width || this.canvas.height !== height) { this.canvas.width = width; this.canvas.height = height; }
    const { overlay } = this.settings;
    const here = this.data.header;
    const layers = [];
    if (this.image && (overlay || !here)) layers.push({ image: this.image, extent: [0, 0, hub.size.height, hub.size.width], alpha: 1 });
    if (here) layers.push({ image: this.source, extent: here.extent, alpha: 1 - overlay / 100 });
    draw(this.canvas.getContext("2d"), hub.camera, hub.size, layers);
    this.crosshair();
  }

  crosshair() {
    set(this.pane, "data-on", Boolean(hub.cursor));
    if (!hub.cursor) return;
    const { clientWidth: width, clientHeight: height } = this.pane;
    const at = toPane(hub.cursor, width, height, hub.camera, hub.size);
    this.pane.style.setProperty("--cx", `${((at.x / width) * 100).toFixed(2)}%`);
    this.pane.style.setProperty("--cy", `${((at.y / height) * 100).toFixed(2)}%`);
  }

  /** The value under the mouse, in words and on the histogram. */
  readout() {
    const point = hub.cursor;
    const { low, high } = this.data?.header ?? {};
    if (!point || !low) {
      say(this.numbers.where, "–");
      say(this.numbers.value, "–");
      this.tick.hidden = true;
      return;
    }
    const found = this.data.valueAt(this.channel, point);
    say(this.numbers.where, `row ${Math.floor(point.y)}, column ${Math.floor(point.x)}`);
    say(this.numbers.value, found ? `${found.exact ? "" : "≈ "}${number(found.value)}` : "outside the map");
    const share = found ? (found.value - low[this.channel]) / (high[this.channel] - low[this.channel]) : -1;
    this.tick.hidden = !(share >= 0 && share <= 1);
    this.tick.style.left = `${share * 100}%`;
  }

  /** Download the pane as it is drawn. */
  save() {
    this.canvas.toBlob((blob) => {
      const link = h("a", { href: URL.createObjectURL(blob), download: `${this.data.name.replace(":", "_")}_channel_${this.channel + 1}.png` });
      link.click();
      URL.revokeObjectURL(link.href);
    });
  }
}
