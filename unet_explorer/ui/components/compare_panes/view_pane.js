// One view in the compare tray: a picture, a class map, numbers, or the difference of two of them.

import { h, number, say, set } from "../shared/dom.js";
import { hub } from "../shared/hub.js";
import { fit } from "../shared/linked.js";
import { draw, mapIndex, steer } from "../shared/pane.js";
import { gradient, lookup, paint } from "../shared/colour.js";
import { swatch } from "../class_panes/legend.js";
import { NO_NUMBER, OUTSIDE, percent } from "../class_panes/parts.js";
import { ink, markOdd } from "../class_panes/screen.js";
import { toBytes } from "./sources.js";

const DIFFERS = [230, 0, 126];
const MOST_NAMED = 3;

export class ViewPane {
  /** `said`: what the page says of the view. `onremove(id)`; without it the view cannot be closed. */
  constructor(said, onremove = null) {
    this.said = said;
    this.source = null;
    this.drawn = document.createElement("canvas");
    this.canvas = h("canvas", { role: "img" });
    this.frame = h("div", { class: "frame bone" }, this.canvas);
    steer(this.frame, hub, "ctrl");
    this.title = h("h3");
    this.where = h("p", { class: "where small muted" });
    this.value = h("output", { class: "value" });
    this.low = h("span");
    this.high = h("span");
    this.ramp = h("span", { class: "ramp" });
    this.facts = h("span", { class: "muted" });
    this.notice = h("div", { class: "notice error", role: "alert", hidden: true });
    const close = onremove && h("button", { type: "button", class: "close", "aria-label": "Remove from the tray", title: "Remove from the tray", onclick: () => onremove(this.said.id) }, "×");
    this.header = h("header", {}, this.title, this.value, close);
    this.element = h("article", { class: "view", "data-pin": said.id },
      this.header, this.where, this.frame, this.notice, h("div", { class: "scale small" }, this.low, this.ramp, this.high, this.facts));
    this.ranged(null);
  }

  /** The page says something else of it. */
  tell(said) {
    this.said = said;
    say(this.title, said.title);
    say(this.where, `${said.model} · ${said.picture}`);
    this.fail(said.error ?? "");
    set(this.canvas, "aria-label", `${said.title}, ${said.model}, ${said.picture}`);
  }

  /** "picture", "ids" (of classes) or "values"; null for what cannot be shown. */
  get kind() {
    const { error, query } = this.said;
    return error || !query ? null : { picture: "picture", overview: "ids" }[query.ask] ?? "values";
  }

  /** Say in one sentence why there is nothing to see; empty: there is. */
  fail(text) {
    this.notice.hidden = !text;
    this.frame.hidden = Boolean(text);
    say(this.notice, text);
  }

  /** What it shows has come. */
  take(source) {
    this.source = source;
    this.frame.classList.remove("bone");
    set(this.element, "data-ready", true);
  }

  /** Colour what it shows: numbers by `colours` between the ends of `range`. */
  colour(colours, range) {
    const { source } = this;
    if (source?.kind === "ids") this.colourClasses(source);
    else if (source?.kind === "values") this.colourValues(source, colours, range);
    else if (source?.kind === "difference") this.colourDifference(source);
  }

  colourClasses({ data, width, height }) {
    const colours = new Uint32Array(256);
    for (const entry of this.said.table) colours[entry.id] = ink(entry.colour, 1);
    paint(this.drawn, data, width, height, colours);
    const odd = oddText(markOdd(this.drawn, (at) => data[at] === NO_NUMBER));
    this.facts.replaceChildren(...this.largest(data).map(([entry, share]) => h("span", { class: "named" }, swatch(entry), `${entry.name} ${percent(share)}`)), h("span", {}, `${height} × ${width} map${odd}`));
  }

  /** The classes that cover most of the picture, with their shares: a colour is never shown without its name. */
  largest(data) {
    const counts = new Uint32Array(256);
    for (const id of data) counts[id]++;
    const covered = data.length - counts[OUTSIDE];
    const found = this.said.table.filter((entry) => counts[entry.id] > 0).sort((a, b) => counts[b.id] - counts[a.id]);
    return found.slice(0, MOST_NAMED).map((entry) => [entry, counts[entry.id] / covered]);
  }

  colourValues({ data, width, height, low, high }, colours, range) {
    paint(this.drawn, toBytes(data, range.low, range.high), width, height, lookup(colours, 0, 1, 0, 1, 1));
    const odd = oddText(markOdd(this.drawn, (at) => !Number.isFinite(data[at])));
    const constant = low === high ? (low === 0 ? "all zero · " : "constant · ") : "";
    this.ranged(colours, range);
    say(this.facts, `${constant}${height} × ${width} map${odd}`);
  }

  colourDifference({ data, both, width, height, counted, most, mean }) {
    const colours = counted ? new Uint32Array(256) : lookup("diverging", 0, 1, 0, 1, 1);
    if (counted) colours[1] = ink(DIFFERS, 1);
    paint(this.drawn, counted ? Uint8Array.from(data, (value) => (value === 1 ? 1 : 0)) : toBytes(data, -most, most), width, height, colours);
    clear(this.drawn, both);
    const odd = oddText(markOdd(this.drawn, (at) => both[at] === 1 && !Number.isFinite(data[at])));
    this.ranged(counted ? null : "diverging", { low: -most, high: most });
    const found = counted ? `Magenta: another class. ${(100 * mean).toFixed(2)}% of the pixels differ.` : `mean |difference| ${number(mean)}, largest ${number(most)}`;
    say(this.facts, found + odd);
  }

  /** Show what the colours mean; null: they are no scale. */
  ranged(colours, range) {
    this.ramp.hidden = this.low.hidden = this.high.hidden = colours === null;
    if (colours === null) return;
    say(this.low, number(range.low));
    say(this.high, number(range.high));
    this.ramp.style.background = gradient(colours);
  }

  /** Draw it over the picture, which shines through with `share`. */
  draw(share) {
    const { source } = this;
    fit(this.frame, this.canvas);
    if (!source) return;
    const layers = [{ ...source.under, alpha: 1 }];
    if (source.kind !== "picture") layers.push({ image: this.drawn, extent: source.extent, alpha: 1 - share });
    draw(this.canvas.getContext("2d"), hub.camera, hub.size, layers);
  }

  /** Write what is at a picture position. */
  read(point) {
    say(this.value, point && this.source ? this.at(point) : "");
  }

  at(point) {
    const { source } = this;
    if (source.kind === "picture") return "";
    const index = mapIndex(point, source.extent, source.height, source.width);
    if (index < 0 || source.both?.[index] === 0) return "";
    const value = source.data[index];
    if (source.kind === "ids") return value === NO_NUMBER ? "NaN" : this.said.table[value]?.name ?? "";
    if (source.counted) return ["same", "differs"][value] ?? "NaN";
    return number(value);
  }
}

/** Make a drawing clear where `both` is 0: only one of two views covers the picture there. */
function clear(canvas, both) {
  const context = canvas.getContext("2d");
  const image = context.getImageData(0, 0, canvas.width, canvas.height);
  for (let at = 0; at < both.length; at++) if (!both[at]) image.data[4 * at + 3] = 0;
  context.putImageData(image, 0, 0);
}

/** What part of a view holds no numbers, for its line of facts. */
function oddText(share) {
  return share > 0 ? ` · ${percent(share)} NaN or infinite, chequered` : "";
}
