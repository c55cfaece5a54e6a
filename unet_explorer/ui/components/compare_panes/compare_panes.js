// The compare tray: up to eight views with one camera and one crosshair, and the difference of any two.

import { choice, h, perFrame, say, set } from "../shared/dom.js";
import { hub } from "../shared/hub.js";
import { button, cameraText, crosshairs, follow, lookAt, mounting, sentence, zoomButtons } from "../shared/linked.js";
import { Lost } from "../shared/net.js";
import { names as colourNames } from "../shared/colour.js";
import { compose, download, themeOf } from "../shared/photo.js";
import { unhurried } from "../shared/telling.js";
import { difference, fetchSource } from "./sources.js";
import { ViewPane } from "./view_pane.js";

const DIFFERENCE = "difference";
/** In CSS pixels: narrowest and widest pane, the gap between two, what a pane has beside its picture, and what stands above all. */
const LAYOUT = { narrowest: 420, widest: 980, gap: 16, words: 80, above: 260 };

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
    this.push = unhurried(() => this.tell(), 500);
    this.asking = new AbortController();
    this.build();
    this.stop = follow(root, {
      moved: () => { this.repaint(); this.push(); }, pointed: () => this.pointed(), resized: () => { this.layOut(); this.repaint(); },
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
    const gone = [...this.panes.keys()].filter((id) => !wanted.has(id));
    for (const id of gone) this.panes.delete(id);
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
    this.layOut();
    if (gone.length) this.recolour();
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
    this.gap = new ViewPane({ id: DIFFERENCE });
    this.gap.element.hidden = true;
    say(this.gap.title, "Difference");
    set(this.gap.canvas, "aria-label", "Difference");
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

  put(said, moved) {
    if (!this.panes.has(said.id)) this.panes.set(said.id, new ViewPane(said, (id) => this.component.setTriggerValue("remove", id)));
    const pane = this.panes.get(said.id);
    const fresh = pane.said.token !== said.token || moved || (!pane.source && !pane.waiting);
    pane.tell(said);
    if (!said.error && fresh) this.load(pane);
  }

  async load(pane) {
    const { signal } = this.asking;
    const { said } = pane;
    pane.waiting = true;
    try {
      const source = await fetchSource(said, this.base, this.common, signal);
      if (signal.aborted || pane.said !== said) return;
      pane.take(source);
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
    pane.fail(sentence(error));
  }

  // ---- the difference ---------------------------------------------------------------------------------------------------

  /** Only views of one kind can be subtracted; known before they have come, so that the choice does not change by itself. */
  get comparable() {
    return [...this.panes.values()].filter((pane) => ["ids", "values"].includes(pane.kind));
  }

  offerPairs() {
    const panes = this.comparable;
    const all = [...this.panes.values()];
    const twin = (pane) => all.find((other) => other !== pane && other.said.title === pane.said.title);
    const which = (pane) => (twin(pane) ? ` · ${twin(pane).said.model === pane.said.model ? pane.said.picture : pane.said.model}` : "");
    const label = (pane) => `${all.indexOf(pane) + 1}: ${pane.said.title}${which(pane)}`;
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
    const possible = one && two && one !== two;
    const alike = possible && one.kind === two.kind;
    this.gap.element.hidden = !possible;
    this.gap.source = null;
    if (!possible) return;
    this.gap.fail(alike ? "" : "A class map holds names and the other view holds numbers: choose two of a kind.");
    const places = [one, two].map((pane) => [...this.panes.values()].indexOf(pane) + 1);
    say(this.gap.where, `${places[0]}: ${one.said.title}, ${one.said.model} − ${places[1]}: ${two.said.title}, ${two.said.model}`);
    if (!alike) { this.gap.ranged(null); say(this.gap.facts, ""); return; }
    if (!one.source || !two.source) return;
    const names = [one, two].map((pane) => pane.said.table.map((entry) => entry.name));
    this.gap.take({ ...difference(one.source, two.source, names), under: one.source.under });
  }

  // ---- drawing ------------------------------------------------------------------------------------------------------------

  get everything() {
    return this.gap.element.hidden ? [...this.panes.values()] : [...this.panes.values(), this.gap];
  }

  /** The number of columns with which the panes are largest and all of them in sight. */
  layOut() {
    const { narrowest, widest, gap, words, above } = LAYOUT;
    const count = this.everything.length;
    const room = this.list.clientWidth + gap;
    const most = Math.max(1, Math.min(count, Math.floor(room / (narrowest + gap))));
    const wide = (columns) => Math.min(widest, room / columns - gap);
    const tall = (columns) => Math.ceil(count / columns) * (Math.min(0.7 * window.innerHeight, (wide(columns) * hub.size.height) / hub.size.width) + words);
    let best = most;
    for (let columns = most - 1; columns > 0; columns--) {
      if (wide(columns) > wide(best) && tall(columns) <= window.innerHeight - above) best = columns;
    }
    this.list.style.gridTemplateColumns = `repeat(${best}, minmax(0, 1fr))`;
  }

  recolour() {
    const numbers = [...this.panes.values()].filter((pane) => pane.source?.kind === "values").map((pane) => pane.source);
    const low = Math.min(...numbers.map((source) => source.low));
    const high = Math.max(...numbers.map((source) => source.high));
    for (const pane of this.everything) pane.colour(this.colours, this.scaling === "layer" ? { low, high } : pane.source);
    this.fill();
    this.repaint();
  }

  paint() {
    if (!this.root.isConnected) return;
    for (const pane of this.everything) pane.draw(this.overlay / 100);
    crosshairs(this.everything);
  }

  // ---- the mouse ------------------------------------------------------------------------------------------------------------

  pointed() {
    for (const pane of this.everything) pane.read(hub.cursor);
    crosshairs(this.everything);
  }

  save() {
    const panes = this.everything.filter((pane) => pane.source).map((pane) => ({ canvas: pane.canvas, title: pane.title.textContent }));
    const where = [...new Set([...this.panes.values()].map((pane) => `${pane.said.model} on ${pane.said.picture}`))].join(" · ");
    if (panes.length) download(compose(panes, `U-Net Explorer · ${where}`, themeOf(this.root)), "comparison.png");
  }
}

export default mounting(Tray);

/** The first two views of one kind. */
function firstPair(panes) {
  for (const [index, one] of panes.entries()) {
    const other = panes.slice(index + 1).find((pane) => pane.kind === one.kind);
    if (other) return [one.said.id, other.said.id];
  }
  return [panes[0]?.said.id ?? "", ""];
}
