// The chosen channel, large over the picture, with its numbers beside it.

import { h, number, perFrame, say, set } from "../shared/dom.js";
import { hub } from "../shared/hub.js";
import { gradient, paint, spotlight } from "../shared/colour.js";
import { draw, steer, toPane, zoomAt } from "../shared/pane.js";
import { Histogram } from "./histogram.js";
import { BINS } from "./layer_data.js";

const MARKS = {
  zero: "Dead for this picture: every value is 0. After a ReLU this means that the unit never fired.",
  constant: "Constant: every value is the same, so there is nothing to see.",
  nan: "Not a number (NaN) or infinite: # values. NaN is drawn as the lowest value.",
  inf: "Infinite: # values, drawn as the lowest or the highest value.",
};

export class Cockpit {
  /** `onpin()` and `onenlarge()` are called by the buttons on the pane, `onkey(event)` for keys on it, `onchange(settings)` by the histogram. */
  constructor({ onpin, onenlarge, onkey, onchange }) {
    this.canvas = h("canvas", { class: "large", "aria-label": "The chosen channel over the picture" });
    this.badge = h("div", { class: "badge" });
    this.seen = h("div", { class: "sees", hidden: true });
    this.ramp = h("span", { class: "ramp" });
    this.from = h("span");
    this.to = h("span");
    const button = (text, label, act) => h("button", { type: "button", class: "button", "aria-label": label, title: label, onclick: act }, text);
    this.pane = h("div", { class: "pane", tabindex: "0", role: "group", "aria-label": "Chosen channel; arrow keys go to others, plus and minus zoom", onkeydown: onkey },
      this.canvas, this.seen, this.badge,
      h("div", { class: "legend", title: "What the first and the last colour stand for" }, this.from, this.ramp, this.to));
    this.enlarger = button("⤢", "Fill the window (Enter), back with Esc", onenlarge);
    this.view = h("div", { class: "view" }, this.pane,
      h("div", { class: "buttons" },
        button("−", "Zoom out (−)", () => zoomAt(hub, null, 0.5)),
        button("+", "Zoom in (+)", () => zoomAt(hub, null, 2)),
        button("Fit", "See everything (0)", () => hub.look({ zoom: 1 })),
        button("Pin", "Pin this channel for the Compare page", onpin),
        button("PNG", "Save what this pane shows as a PNG", () => this.save()),
        this.enlarger));
    this.facts = h("div", { class: "facts" });
    this.element = h("div", { class: "cockpit" }, this.view, this.facts);
    this.source = document.createElement("canvas");
    this.histogram = new Histogram({
      onbin: (bin) => { this.bin = bin; this.colour(); this.paint(); },
      onrange: (low, high) => onchange({ scaling: "fixed", low: rounded(low), high: rounded(high) }),
      onwhole: () => onchange({ scaling: "channel" }),
    });
    this.buildFacts();
    steer(this.pane, hub);
    this.bin = null;
    this.watcher = new ResizeObserver(perFrame(() => this.paint()));
    this.watcher.observe(this.pane);
  }

  buildFacts() {
    this.which = h("b");
    this.of = h("span", { class: "muted" });
    this.name = h("span", { class: "muted small" });
    this.numbers = {};
    const row = (key, label, title = "") => {
      this.numbers[key] = h("dd", { class: key === "value" ? "strong" : "" }, "–");
      return h("div", { class: `row ${key}`, title }, h("dt", {}, label), this.numbers[key]);
    };
    this.mark = h("div", { class: "notice small", hidden: true });
    this.facts.append(
      h("div", { class: "which" }, this.which, this.of, this.name),
      h("dl", {},
        row("value", "Under the mouse", "≈ is read from the drawing; the exact value follows when the mouse rests"),
        row("where", "At", "Counted from 0 in the pixels of your picture"),
        row("class", "Class there", "The most probable class under the mouse"),
        row("low", "Lowest"), row("high", "Highest"), row("mean", "Mean"), row("deviation", "Deviation"), row("zeros", "Zeros"),
        row("entropy", "Entropy", "Of the histogram of 64 levels: 0 for a constant map, 6 at most")),
      this.mark, this.histogram.element);
  }

  /** Another channel, another layer, or more of it has come: `data` is a LayerData, `name` what the channel is called. */
  show({ data, layer, channel, name, settings, image }) {
    Object.assign(this, { data, layer, channel, settings, image });
    const here = data.header;
    say(this.badge, here ? `Channel ${channel + 1}${name ? ` · ${name}` : ""}` : "");
    say(this.which, `Channel ${channel + 1}`);
    say(this.of, ` of ${data.count}`);
    say(this.name, name ? ` · ${name}` : "");
    set(this.name, "title", name);
    const of = (column) => data.statistics?.[column]?.[channel];
    const write = (key, text) => say(this.numbers[key], text);
    write("low", number(here?.low[channel]));
    write("high", number(here?.high[channel]));
    write("mean", number(of("mean")));
    write("deviation", number(of("deviation")));
    write("zeros", typeof of("zeros") === "number" ? `${(100 * of("zeros")).toFixed(1)}%` : "–");
    write("entropy", typeof of("entropy") === "number" ? `${of("entropy").toFixed(2)} bits` : "–");
    const mark = here?.marks[channel];
    this.mark.hidden = !mark;
    this.histogram.element.hidden = Boolean(mark);
    const odd = mark ? `${here.odd[channel].toLocaleString("en")} of ${(here.height * here.width).toLocaleString("en")}` : "";
    say(this.mark, (MARKS[mark] ?? "").replace("#", odd));
    this.histogram.show(here ? data.counts(channel) : null, here?.low[channel], here?.high[channel]);
    this.colour();
    this.readout();
    this.paint();
  }

  /** Colours changed, a finer tile came, or a bar of the histogram is pointed at. */
  colour() {
    if (!this.data.header) return;
    const { bytes, height, width } = this.data.best(this.channel);
    const table = this.data.lookup(this.channel, this.settings);
    paint(this.source, bytes, width, height, this.bin === null ? table : spotlight(table, this.bin, BINS));
    this.histogram.colour(table);
    const [from, to] = this.data.range(this.channel, this.settings);
    say(this.from, number(from));
    say(this.to, number(to));
    this.ramp.style.background = gradient(this.settings.colours);
  }

  /** What the pane shows, in a line. */
  get title() {
    return `${this.badge.textContent} · ${this.from.textContent} to ${this.to.textContent}`;
  }

  paint() {
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(this.pane.clientWidth * ratio), Math.round(this.pane.clientHeight * ratio)];
    if (!width || !height || !this.data) return;
    this.pane.classList.toggle("bone", !this.data.header && !this.image);
    if (this.canvas.width !== width || this.canvas.height !== height) { this.canvas.width = width; this.canvas.height = height; }
    const { overlay } = this.settings;
    const here = this.data.header;
    const layers = [];
    if (this.image && (overlay || !here)) layers.push({ image: this.image, extent: [0, 0, hub.size.height, hub.size.width], alpha: 1 });
    if (here) layers.push({ image: this.source, extent: here.extent, alpha: 1 - overlay / 100 });
    draw(this.canvas.getContext("2d"), hub.camera, hub.size, layers);
    this.crosshair();
  }

  /** A dashed box around what the value under the mouse can depend on; none where that is too small to see. */
  frameSeen(width, height) {
    const here = this.data?.header;
    const sees = this.layer?.sees;
    this.seen.hidden = true;
    if (!hub.cursor || !here || !sees) return;
    const [top, left, tall, wide] = here.extent;
    const [high, broad] = [tall / here.height, wide / here.width];
    const [row, column] = [Math.floor((hub.cursor.y - top) / high), Math.floor((hub.cursor.x - left) / broad)];
    if (row < 0 || column < 0 || row >= here.height || column >= here.width) return;
    const middle = { y: top + (row + 0.5) * high, x: left + (column + 0.5) * broad };
    const reach = { y: (sees[0] * high) / this.layer.scale / 2, x: (sees[1] * broad) / this.layer.scale / 2 };
    const corner = (sign) => toPane({ y: middle.y + sign * reach.y, x: middle.x + sign * reach.x }, width, height, hub.camera, hub.size);
    const [from, to] = [corner(-1), corner(1)];
    this.seen.hidden = to.x - from.x < 8;
    Object.assign(this.seen.style, { left: `${from.x}px`, top: `${from.y}px`, width: `${to.x - from.x}px`, height: `${to.y - from.y}px` });
  }

  crosshair() {
    const { clientWidth: width, clientHeight: height } = this.pane;
    this.frameSeen(width, height);
    set(this.pane, "data-on", Boolean(hub.cursor));
    if (!hub.cursor) return;
    const at = toPane(hub.cursor, width, height, hub.camera, hub.size);
    this.pane.style.setProperty("--cx", `${((at.x / width) * 100).toFixed(2)}%`);
    this.pane.style.setProperty("--cy", `${((at.y / height) * 100).toFixed(2)}%`);
  }

  /** What is under the mouse, in words and on the histogram; `named(point)` gives the class there. */
  readout() {
    const point = hub.cursor;
    const here = this.data?.header;
    if (!point || !here) {
      for (const key of ["where", "value", "class"]) say(this.numbers[key], "–");
      this.histogram.mark(null);
      return;
    }
    const found = this.data.valueAt(this.channel, point);
    say(this.numbers.where, `row ${Math.floor(point.y)}, column ${Math.floor(point.x)}`);
    say(this.numbers.value, found ? `${found.exact ? "" : "≈ "}${number(found.value)}` : "outside the map");
    say(this.numbers.class, this.named?.(point) ?? "–");
    this.histogram.mark(found?.value ?? null);
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

/** Four digits of an end of the range are enough. */
function rounded(value) {
  return Number(value.toPrecision(4));
}
