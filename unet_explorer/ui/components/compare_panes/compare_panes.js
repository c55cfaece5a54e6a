// The compare tray: up to eight views with one camera and one crosshair, and the difference of any two.

import { choice, h, number, perFrame, say, set, settled } from "../shared/dom.js";
import { hub } from "../shared/hub.js";
import { button, cameraText, crosshairs, fit, follow, lookAt, mounting, sentence, zoomButtons } from "../shared/linked.js";
import { Lost } from "../shared/net.js";
import { draw, mapIndex, steer } from "../shared/pane.js";
import { gradient, lookup, names as colourNames, paint } from "../shared/colour.js";
import { compose, download, themeOf } from "../shared/photo.js";
import { NO_NUMBER, percent } from "../class_panes/parts.js";
import { ink, markOdd } from "../class_panes/screen.js";
import { difference, fetchSource, toBytes } from "./sources.js";

const DIFFERENCE = "difference";

class Tray {
  constructor(root) {
    this.root = root;
    this.panes = new Map();
    this.colours = "viridis";
    this.scaling = "channel";
    this.overlay = 25;
    this.pair = ["", ""];
    this.picked = false;
    this.repaint = perFrame(() => this.paint());
    this.push = settled(() => this.tell(), 500);
    this.asking = new AbortController();
    this.build();
    this.stop = follow(root, {
      moved: () => { this.repaint(); this.push(); }, pointed: () => this.pointed(), resized: () => this.repaint(),
    });
  }

  leave() {
    this.stop();
    this.asking.abort();
  }

  accept(component) {
    this.component = component;
    const { panes, base } = component.data;
    this.base = base;
    const wanted = new Map(panes.map((pane) => [pane.id, pane]));
    for (const id of [...this.panes.keys()]) if (!wanted.has(id)) this.panes.delete(id);
    const common = panes.find((pane) => pane.size)?.size ?? [1, 2];
    const size = { height: common[0], width: common[1] };
    const moved = size.height !== this.common?.height || size.width !== this.common?.width;
    this.common = size;
    hub.show(size.height, size.width);
    if (this.told === undefined) this.begin(component.data.settings, panes);
    this.root.style.setProperty("--ratio", `${size.width} / ${size.height}`);
    for (const pane of panes) this.put(pane, moved);
    this.list.replaceChildren(...panes.map((pane) => this.panes.get(pane.id).element), this.gap.element);
    this.offerPairs();
    this.repaint();
  }

  /** Draw as the address says. */
  begin({ colours, scaling, under, pair, camera }, panes) {
    if (colourNames.includes(colours)) this.colours = colours;
    // A fixed range belongs to the Explore page; it stays in the address until another one is chosen here.
    this.saidScaling = scaling;
    this.scaling = scaling === "layer" ? "layer" : "channel";
    this.overlay = under;
    this.slider.value = under;
    lookAt(camera);
    const places = (pair || "").split(",").map((place) => panes[Number(place) - 1]?.id);
    if (places.length === 2 && places.every(Boolean)) { this.pair = places; this.picked = true; }
    this.fill();
    this.told = JSON.stringify(this.shown());
  }

  /** How it is drawn, as the address says it. */
  shown() {
    const order = [...this.panes.keys()];
    const pair = this.pair.map((id) => order.indexOf(id) + 1);
    return {
      colours: this.colours, scaling: this.saidScaling, under: this.overlay, pair: this.picked && pair.every((place) => place > 0) ? pair.join(",") : "",
      camera: cameraText(),
    };
  }

  /** Tell the page how it is drawn, for its address; never waited for. */
  tell() {
    const shown = this.shown();
    if (this.told === undefined || JSON.stringify(shown) === this.told) return;
    this.told = JSON.stringify(shown);
    this.component.setStateValue("settings", shown);
  }

  // ---- building ---------------------------------------------------------------------------------------------------------

  build() {
    this.scale = choice("Range of the colours", [
      ["channel", "Own range", "Each view from its own lowest to its own highest value"],
      ["layer", "One range", "All views of numbers share one range, so that their brightness compares"],
    ], (scaling) => { this.scaling = this.saidScaling = scaling; this.recolour(); this.push(); });
    this.colourMenu = h("select", { onchange: () => { this.colours = this.colourMenu.value; this.recolour(); this.push(); } }, ...colourNames.map((name) => h("option", { value: name }, name[0].toUpperCase() + name.slice(1))));
    this.slider = h("input", { type: "range", min: 0, max: 100, step: 5, value: this.overlay, oninput: () => { this.overlay = Number(this.slider.value); this.fill(); this.repaint(); this.push(); } });
    this.overlayOut = h("output");
    this.first = h("select", { "aria-label": "First of the difference", onchange: () => this.choosePair(0, this.first.value) });
    this.second = h("select", { "aria-label": "Second of the difference", onchange: () => this.choosePair(1, this.second.value) });
    const field = (label, ...parts) => h("label", { class: "field" }, h("span", {}, label), ...parts);
    this.list = h("div", { class: "list" });
    this.gap = this.frameOf({ id: DIFFERENCE, title: "Difference" });
    this.gap.element.classList.add("gap");
    this.root.replaceChildren(
      h("div", { class: "tools", role: "toolbar", "aria-label": "How the views are drawn" },
        h("div", { class: "field pair" }, h("span", {}, "Difference"), this.first, "−", this.second),
        field("Colours", this.colourMenu), this.scale.element, field("Picture", this.slider, this.overlayOut),
        h("div", { class: "buttons" }, ...zoomButtons(), button("Save PNG", "Save what is on screen as one PNG", () => this.save()))),
      this.list);
    this.fill();
  }

  fill() {
    this.scale.choose(this.scaling);
    this.colourMenu.value = this.colours;
    say(this.overlayOut, `${this.overlay}%`);
  }

  /** The frame of a view: title, where it comes from, picture, range. */
  frameOf(said) {
    const canvas = h("canvas", { role: "img" });
    const cross = h("div", { class: "cross", hidden: true });
    const frame = h("div", { class: "frame bone" }, canvas, cross);
    steer(frame, hub, "ctrl");
    const title = h("h3");
    const where = h("p", { class: "where small muted" });
    const value = h("output", { class: "value" });
    const low = h("span");
    const high = h("span");
    const ramp = h("span", { class: "ramp" });
    const facts = h("span", { class: "muted" });
    const close = said.id === DIFFERENCE ? null : h("button", { type: "button", class: "close", "aria-label": "Remove from the tray", title: "Remove from the tray", onclick: () => this.component.setTriggerValue("remove", said.id) }, "×");
    const notice = h("div", { class: "notice error", role: "alert", hidden: true });
    const header = h("header", {}, title, value, close);
    const element = h("article", { class: "view", "data-pin": said.id }, header, where, frame, notice, h("div", { class: "scale small" }, low, ramp, high, facts));
    return { element, header, canvas, cross, frame, title, where, value, low, high, ramp, facts, notice, said, source: null, drawn: document.createElement("canvas") };
  }

  put(said, moved) {
    if (!this.panes.has(said.id)) this.panes.set(said.id, this.frameOf(said));
    const pane = this.panes.get(said.id);
    const fresh = pane.said.token !== said.token || moved || (!pane.source && !pane.waiting);
    pane.said = said;
    say(pane.title, said.title);
    say(pane.where, `${said.model} · ${said.picture}`);
    pane.notice.hidden = !said.error;
    say(pane.notice, said.error ?? "");
    pane.frame.hidden = Boolean(said.error);
    set(pane.canvas, "aria-label", `${said.title}, ${said.model}, ${said.picture}`);
    if (!said.error && fresh) this.load(pane);
  }

  async load(pane) {
    const { signal } = this.asking;
    const { said } = pane;
    pane.waiting = true;
    try {
      const source = await fetchSource(said, this.base, this.common, signal);
      if (signal.aborted || pane.said !== said) return;
      pane.source = source;
      pane.frame.classList.remove("bone");
      set(pane.element, "data-ready", true);
      this.offerPairs();
      this.recolour();
    } catch (error) {
      this.failed(error, pane);
    } finally {
      pane.waiting = false;
    }
  }

  failed(error, pane) {
    if (error.name === "AbortError") return;
    if (error instanceof Lost) { hub.renew(); return; }
    pane.notice.hidden = false;
    pane.frame.hidden = true;
    say(pane.notice, sentence(error));
  }

  // ---- the difference ---------------------------------------------------------------------------------------------------

  /** Only views of one kind can be subtracted. */
  get comparable() {
    return [...this.panes.values()].filter((pane) => pane.source && pane.source.kind !== "picture");
  }

  offerPairs() {
    const panes = this.comparable;
    const label = (pane) => `${[...this.panes.values()].indexOf(pane) + 1}: ${pane.said.title}`;
    const options = (chosen) => panes.map((pane) => h("option", { value: pane.said.id, selected: pane.said.id === chosen }, label(pane)));
    const there = this.pair.every((id) => this.panes.has(id));
    if (!this.picked || !there) { this.picked = false; this.pair = firstPair(panes); }
    this.first.replaceChildren(...options(this.pair[0]));
    this.second.replaceChildren(...(this.pair[1] ? [] : [h("option", { value: "" }, "choose")]), ...options(this.pair[1]));
    for (const menu of [this.first, this.second]) {
      menu.disabled = panes.length < 2;
      menu.title = menu.disabled ? "Pin two views of numbers or two class maps to see their difference" : "";
    }
    [...this.panes.values()].forEach((pane, index) => set(pane.header, "data-number", index + 1));
    this.subtract();
  }

  choosePair(place, id) {
    this.pair[place] = id;
    this.picked = true;
    this.offerPairs();
    this.recolour();
    this.push();
  }

  subtract() {
    const [one, two] = this.pair.map((id) => this.panes.get(id));
    const possible = one?.source && two?.source && one !== two;
    const alike = possible && one.source.kind === two.source.kind;
    this.gap.element.hidden = !possible;
    this.gap.source = null;
    if (!possible) return;
    this.gap.frame.hidden = !alike;
    this.gap.notice.hidden = alike;
    say(this.gap.notice, alike ? "" : "A class map holds names and the other view holds numbers: choose two of a kind.");
    say(this.gap.title, "Difference");
    const places = [one, two].map((pane) => [...this.panes.values()].indexOf(pane) + 1);
    say(this.gap.where, `${places[0]}: ${one.said.title}, ${one.said.model} − ${places[1]}: ${two.said.title}, ${two.said.model}`);
    if (!alike) return;
    this.gap.source = difference(one.source, two.source, [one, two].map((pane) => pane.said.table.map((entry) => entry.name)));
    this.gap.source.under = one.source.under;
    this.gap.frame.classList.remove("bone");
    set(this.gap.element, "data-ready", true);
  }

  // ---- drawing ------------------------------------------------------------------------------------------------------------

  get everything() {
    return this.gap.element.hidden ? [...this.panes.values()] : [...this.panes.values(), this.gap];
  }

  recolour() {
    const numbers = [...this.panes.values()].filter((pane) => pane.source?.kind === "values").map((pane) => pane.source);
    const low = Math.min(...numbers.map((source) => source.low));
    const high = Math.max(...numbers.map((source) => source.high));
    for (const pane of this.panes.values()) this.colourPane(pane, this.scaling === "layer" ? { low, high } : pane.source);
    this.colourGap();
    this.fill();
    this.repaint();
  }

  colourPane(pane, range) {
    const { source } = pane;
    const numeric = source?.kind === "values";
    pane.ramp.hidden = pane.low.hidden = pane.high.hidden = !numeric;
    if (source?.kind === "ids") {
      const colours = new Uint32Array(256);
      for (const entry of pane.said.table) colours[entry.id] = ink(entry.colour, 1);
      paint(pane.drawn, source.data, source.width, source.height, colours);
      const odd = markOdd(pane.drawn, (at) => source.data[at] === NO_NUMBER);
      say(pane.facts, `${source.height} × ${source.width} map${oddText(odd)}`);
    }
    if (!numeric) return;
    paint(pane.drawn, toBytes(source.data, range.low, range.high), source.width, source.height, lookup(this.colours, 0, 1, 0, 1, 1));
    const odd = markOdd(pane.drawn, (at) => !Number.isFinite(source.data[at]));
    this.scaleOf(pane, this.colours, range.low, range.high);
    const constant = source.low === source.high ? (source.low === 0 ? "all zero · " : "constant · ") : "";
    say(pane.facts, `${constant}${source.height} × ${source.width} map${oddText(odd)}`);
  }

  colourGap() {
    const { source } = this.gap;
    if (!source) return;
    const { data, both, width, height } = source;
    this.gap.ramp.hidden = this.gap.low.hidden = this.gap.high.hidden = source.counted;
    if (source.counted) {
      const colours = new Uint32Array(256);
      colours[1] = ink([230, 0, 126], 1);
      paint(this.gap.drawn, Uint8Array.from(data, (value) => (value === 1 ? 1 : 0)), width, height, colours);
    } else {
      paint(this.gap.drawn, toBytes(data, -source.most, source.most), width, height, lookup("diverging", 0, 1, 0, 1, 1));
      this.scaleOf(this.gap, "diverging", -source.most, source.most);
    }
    clear(this.gap.drawn, both);
    const odd = oddText(markOdd(this.gap.drawn, (at) => both[at] === 1 && !Number.isFinite(data[at])));
    say(this.gap.facts, source.counted
      ? `Magenta: another class. ${(100 * source.mean).toFixed(2)}% of the pixels differ.${odd}`
      : `mean |difference| ${number(source.mean)}, largest ${number(source.most)}${odd}`);
  }

  scaleOf(pane, colours, low, high) {
    say(pane.low, number(low));
    say(pane.high, number(high));
    pane.ramp.style.background = gradient(colours);
  }

  paint() {
    if (!this.root.isConnected) return;
    for (const pane of this.everything) {
      const { source } = pane;
      fit(pane.frame, pane.canvas);
      if (!source) continue;
      const layers = [{ ...source.under, alpha: 1 }];
      if (source.kind !== "picture") layers.push({ image: pane.drawn, extent: source.extent, alpha: 1 - this.overlay / 100 });
      draw(pane.canvas.getContext("2d"), hub.camera, hub.size, layers);
    }
    crosshairs(this.everything);
  }

  // ---- the mouse ------------------------------------------------------------------------------------------------------------

  pointed() {
    for (const pane of this.everything) say(pane.value, hub.cursor && pane.source ? this.valueOf(pane, hub.cursor) : "");
    crosshairs(this.everything);
  }

  valueOf({ source, said }, point) {
    if (source.kind === "picture") return "";
    const index = mapIndex(point, source.extent, source.height, source.width);
    if (index < 0) return "";
    if (source.kind === "ids") return source.data[index] === NO_NUMBER ? "NaN" : said.table[source.data[index]]?.name ?? "";
    if (source.both?.[index] === 0) return "";
    if (source.counted) return ["same", "differs"][source.data[index]] ?? "NaN";
    return number(source.data[index]);
  }

  save() {
    const panes = this.everything.filter((pane) => pane.source).map((pane) => ({ canvas: pane.canvas, title: pane.title.textContent }));
    const where = [...new Set([...this.panes.values()].map((pane) => `${pane.said.model} on ${pane.said.picture}`))].join(" · ");
    if (panes.length) download(compose(panes, `U-Net Explorer · ${where}`, themeOf(this.root)), "comparison.png");
  }
}

export default mounting(Tray);

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

/** The first two views of one kind. */
function firstPair(panes) {
  for (const [index, one] of panes.entries()) {
    const other = panes.slice(index + 1).find((pane) => pane.source.kind === one.source.kind);
    if (other) return [one.said.id, other.said.id];
  }
  return [panes[0]?.said.id ?? "", ""];
}
