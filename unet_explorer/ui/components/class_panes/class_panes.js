// The Classes page: the class map with its legend, single classes with their thresholds, and how sure the network is.

import { h, perFrame, say, set } from "../shared/dom.js";
import { hub } from "../shared/hub.js";
import { cameraText, crosshairs, fit, follow, lookAt, mounting, sentence } from "../shared/linked.js";
import { Lost, picture } from "../shared/net.js";
import { draw } from "../shared/pane.js";
import { compose, download, themeOf } from "../shared/photo.js";
import { unhurried } from "../shared/telling.js";
import { cut } from "./binary.js";
import { ClassMap } from "./class_map.js";
import { ClassPane } from "./class_pane.js";
import { DOUBTS, DoubtPane } from "./doubt_pane.js";
import { Legend, outcomeKey } from "./legend.js";
import { STEPS, askDoubt, askFine, askLevels, askOverview, askRanked, probabilityAt, ranking } from "./parts.js";
import { Probe } from "./probe.js";
import { Plate, faded, viewKey } from "./screen.js";
import { Tools } from "./tools.js";

const MAP = "map";
const ALL = "all";
const MOST_BARS = 5;

class Classes {
  constructor(root) {
    this.root = root;
    this.panes = new Map();
    this.doubts = [];
    this.gray = new Plate();
    this.stale = new Set();
    this.draw = perFrame(() => this.paint());
    this.push = unhurried(() => this.tell(), 500);
    this.stop = follow(root, {
      moved: () => { this.repaint(); this.push(); }, pointed: () => this.pointed(), resized: () => this.repaint(),
    });
  }

  leave() {
    this.stop();
    this.asking?.abort();
  }

  /** Draw again, before the next frame: everything, or only the class map (MAP) or the pane of one class. */
  repaint(...what) {
    for (const one of what.length ? what : [MAP, ALL]) this.stale.add(one);
    this.draw();
  }

  // ---- what the page says --------------------------------------------------------------------------------------------

  accept(component) {
    this.component = component;
    const { data } = component;
    const same = data.subject === this.data?.subject && data.labelled === this.data?.labelled;
    // A server that was restarted makes another offer of the same; what was not answered before is asked again.
    const renewed = data.token !== this.data?.token;
    this.data = data;
    this.offer = { base: data.base, token: data.token };
    if (!same) this.begin(data);
    else if (this.lost || renewed) { this.lost = false; this.load(); }
  }

  /** Another network or picture: show it as the address says. */
  begin({ table, settings, picture: { height, width }, binary }) {
    this.table = table;
    Object.assign(this, {
      chosen: [...settings.chosen], hidden: new Set(settings.hidden), thresholds: { ...settings.thresholds },
      opacity: settings.opacity, mode: settings.mode, names: settings.names, unsure: settings.doubt,
      hovered: null, overview: null, ranked: null, doubt: null, image: null, faded: null,
    });
    this.panes.clear();
    this.doubts = DOUBTS.map((about) => new DoubtPane(about));
    hub.show(height, width);
    lookAt(settings.camera);
    this.root.style.setProperty("--ratio", `${width} / ${height}`);
    set(this.root, "data-wide", width / height > 1.7);
    set(this.root, "data-slim", width / height > 2.6);
    set(this.root, "data-ready", false);
    set(this.root, "data-exact", false);
    set(this.root, "data-binary", binary);
    this.told = JSON.stringify(this.shown());
    this.build();
    this.arrange();
    this.load();
  }

  /** What is shown, as the address says it. */
  shown() {
    const moved = Object.entries(this.thresholds).filter(([, step]) => step !== STEPS / 2);
    return {
      classes: this.chosen.join(","), hidden: [...this.hidden].join(","), opacity: Math.round(100 * this.opacity), mode: this.mode,
      thresholds: moved.map(([id, step]) => `${id}:${step / STEPS}`).join(","),
      names: this.names ? 1 : 0, doubt: this.unsure ? 1 : 0, camera: cameraText(),
    };
  }

  /** Tell the page what is shown, for its address; never waited for. */
  tell() {
    const shown = this.shown();
    if (JSON.stringify(shown) === this.told) return;
    this.told = JSON.stringify(shown);
    this.component.setStateValue("settings", shown);
  }

  // ---- building --------------------------------------------------------------------------------------------------------

  build() {
    this.tools = new Tools({ onset: (change) => this.set(change), onadd: (id) => this.add(id), onsave: () => this.save() });
    this.map = new ClassMap(this.table, { onpin: () => this.pin({ kind: "map" }), onwalk: () => this.sayBest() });
    this.legend = new Legend({ onhover: (id) => this.hover(id), onhide: (id) => this.hide(id), onadd: (id) => this.add(id) });
    this.probe = new Probe(this.table, Math.min(MOST_BARS, this.table.length));
    this.list = h("div", { class: "list" });
    this.notice = h("div", { class: "notice error", role: "alert", hidden: true });
    this.outcomes = outcomeKey();
    this.live = h("div", { class: "seen-by-readers", "aria-live": "polite" });
    this.root.replaceChildren(
      this.tools.element, this.notice,
      h("div", { class: "top" }, this.map.element, this.legend.element, this.probe.element),
      this.outcomes, this.list, this.live);
  }

  /** The panes below the map: chosen classes, then entropy and margin. */
  arrange() {
    for (const id of this.chosen) if (!this.panes.has(id)) this.panes.set(id, this.paneOf(id));
    const panes = [...this.chosen.map((id) => this.panes.get(id)), ...(this.unsure ? this.doubts : [])];
    const empty = h("p", { class: "notice" }, "No class is shown on its own. Add one with “+” in the legend, or with “Add a class” above.");
    this.list.replaceChildren(...(panes.length ? panes.map((pane) => pane.element) : [empty]));
    this.tools.offer(this.table.filter((entry) => !this.chosen.includes(entry.id)));
    this.fill();
  }

  paneOf(id) {
    return new ClassPane(this.table[id], {
      onthreshold: (one, step) => this.threshold(one, step), onremove: (one) => this.remove(one), onpin: (one) => this.pin({ kind: "class", number: one }),
    });
  }

  /** Bring the controls to what is shown. */
  fill() {
    const { opacity, mode, names, unsure } = this;
    this.tools.fill({ opacity, mode, names, unsure }, this.data.labelled);
    this.legend.mark(this.hidden, this.chosen, this.hovered);
    for (const [id, pane] of this.panes) pane.tell(this.stepOf(id));
    this.outcomes.hidden = mode !== "errors" || !this.data.labelled;
  }

  // ---- changing what is shown ------------------------------------------------------------------------------------------

  set(change) {
    Object.assign(this, change);
    if ("unsure" in change) { this.arrange(); this.loadDoubt(); }
    this.fill();
    this.repaint();
    this.push();
  }

  hover(id) {
    if (this.hovered === id) return;
    this.hovered = id;
    this.map.mark(this.hidden, id);
    this.legend.mark(this.hidden, this.chosen, id);
    this.repaint(MAP);
  }

  hide(id) {
    if (!this.hidden.delete(id)) this.hidden.add(id);
    this.hovered = null;
    this.map.mark(this.hidden, null);
    this.set({});
    say(this.live, `${this.table[id].name} ${this.hidden.has(id) ? "hidden" : "shown"}`);
  }

  add(id) {
    if (this.chosen.includes(id)) return;
    this.chosen.push(id);
    this.arrange();
    this.set({});
    this.loadClass(id);
    this.panes.get(id).element.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }

  remove(id) {
    this.chosen = this.chosen.filter((one) => one !== id);
    this.panes.delete(id);
    this.arrange();
    this.set({});
  }

  pin(what) {
    this.component.setTriggerValue("pin", what);
  }

  threshold(id, step) {
    this.thresholds[id] = step;
    this.panes.get(id)?.tell(step);
    this.repaint(id);
    if (this.data.binary) { this.thresholds[1 - id] = STEPS - step; this.showMap(); this.fill(); this.repaint(); }
    this.push();
  }

  stepOf(id) {
    return this.thresholds[id] ?? STEPS / 2;
  }

  /** Show the class map, that of a binary network as its threshold cuts it, and fill the legend. */
  showMap() {
    const levels = this.data.binary && this.panes.get(1)?.sheet?.levels;
    this.map.take(levels ? cut(this.overview, levels, this.stepOf(1)) : this.overview);
    const { shares, iou, odd } = this.map.overview.header;
    this.legend.fill(this.table, shares, iou, odd);
    this.map.mark(this.hidden, this.hovered);
    this.legend.mark(this.hidden, this.chosen, this.hovered);
  }

  // ---- loading -----------------------------------------------------------------------------------------------------------

  /** Take an answer when it comes, unless another subject is on show by then. */
  async get(answer, take) {
    const { signal } = this.asking;
    try {
      const found = await answer;
      if (!signal.aborted) take(found);
    } catch (error) {
      this.failed(error);
    }
  }

  async load() {
    this.asking?.abort();
    this.asking = new AbortController();
    this.sharpening = null;
    this.notice.hidden = true;
    const { signal } = this.asking;
    this.get(picture(this.offer), (image) => { Object.assign(this, { image, faded: faded(image) }); this.repaint(); });
    await this.get(askOverview(this.offer, signal), (overview) => { this.overview = overview; this.showMap(); this.fill(); this.repaint(); });
    if (signal.aborted || !this.overview) return;
    await Promise.all([...this.chosen.map((id) => this.loadClass(id)), this.loadDoubt()]);
    if (signal.aborted) return;
    if (this.data.binary) { this.showMap(); this.repaint(); }
    set(this.root, "data-ready", this.offer.token);
  }

  async loadClass(id) {
    const pane = this.panes.get(id);
    if (!pane || pane.sheet) return;
    await this.get(askLevels(this.offer, id, this.asking.signal), (sheet) => {
      if (this.panes.get(id) !== pane) return;
      pane.take(sheet, this.overview?.labels ?? null);
      pane.tell(this.stepOf(id));
      this.repaint();
    });
  }

  async loadDoubt() {
    if (!this.unsure || this.doubt) return;
    await this.get(askDoubt(this.offer, this.asking.signal), (doubt) => {
      this.doubt = doubt;
      for (const pane of this.doubts) pane.take(doubt);
      this.repaint();
    });
  }

  /** Exact numbers, once somebody looks at single pixels. */
  async sharpen() {
    const missing = [...this.panes.values()].filter((pane) => pane.sheet && !pane.sheet.fine);
    if (this.sharpening || !this.overview || (this.ranked && missing.length === 0)) return;
    const { signal } = this.asking;
    this.sharpening = signal;
    if (!this.ranked) await this.get(askRanked(this.offer, signal), (ranked) => { this.ranked = ranked; this.pointed(); });
    for (const { sheet, entry } of missing) await this.get(askFine(this.offer, entry.id, signal), (fine) => { sheet.fine = fine; this.pointed(); });
    if (this.sharpening !== signal) return;
    this.sharpening = null;
    set(this.root, "data-exact", this.ranked ? this.offer.token : false);
  }

  failed(error) {
    if (error.name === "AbortError") return;
    if (error instanceof Lost) {
      if (!this.lost) { this.lost = true; hub.renew(); }
      return;
    }
    this.notice.hidden = false;
    say(this.notice, sentence(error));
  }

  // ---- drawing -----------------------------------------------------------------------------------------------------------

  paint() {
    if (!this.root.isConnected || !this.map) return;
    const all = this.stale.has(ALL);
    if (this.stale.has(MAP)) this.map.draw({ image: this.image, opacity: this.opacity, names: this.names, subject: this.data.subject });
    for (const [id, pane] of this.panes) if (all || this.stale.has(id)) this.paintClass(id, pane);
    if (all && this.unsure) for (const pane of this.doubts) pane.draw();
    this.stale.clear();
    crosshairs(this.everything);
  }

  paintClass(id, pane) {
    fit(pane.frame, pane.canvas);
    const key = `${viewKey(pane.canvas, hub.camera)} ${this.data.subject}`;
    const extent = [0, 0, hub.size.height, hub.size.width];
    const backdrop = this.faded && this.gray.at(key, pane.canvas, (context) => draw(context, hub.camera, hub.size, [{ image: this.faded, extent, alpha: 1 }]));
    pane.draw({ backdrop, opacity: this.opacity, mode: this.mode, step: this.stepOf(id) });
  }

  /** All panes in sight: the map, the classes, entropy and margin. */
  get everything() {
    return [this.map, ...this.panes.values(), ...(this.unsure ? this.doubts : [])];
  }

  // ---- the mouse ------------------------------------------------------------------------------------------------------------

  pointed() {
    if (!this.map) return;
    const point = hub.cursor;
    if (point) this.sharpen();
    for (const pane of this.panes.values()) pane.read(point);
    for (const pane of this.unsure ? this.doubts : []) pane.read(point);
    this.probe.show(this.found());
    crosshairs(this.everything);
  }

  /** What is known of the pixel under the cursor, for the bars. */
  found() {
    const found = this.map.found(hub.cursor);
    return found && { ...found, classes: found.odd ? [] : this.rankedAt(found.index) };
  }

  /** [[id, probability, certain digits], ...], best first; only of the classes in panes until all are known. */
  rankedAt(index) {
    if (this.ranked) return ranking(this.ranked, index);
    const known = [...this.panes].filter(([, pane]) => pane.sheet).map(([id, pane]) => [id, ...probabilityAt(pane.sheet, index)]);
    return known.sort((a, b) => b[1] - a[1]);
  }

  sayBest() {
    const best = this.found()?.classes[0];
    if (best) say(this.live, `${this.table[best[0]].name} ${best[1].toFixed(2)}`);
  }

  save() {
    const classes = this.chosen.map((id) => ({ canvas: this.panes.get(id).canvas, title: `${this.table[id].name} (threshold ${(this.stepOf(id) / STEPS).toFixed(3)})` }));
    const panes = [this.map.photographed(), ...classes, ...(this.unsure ? this.doubts : [])];
    const { model, name, digest } = this.data.provenance;
    download(compose(panes, `U-Net Explorer · ${model} · ${name} · ${digest}`, themeOf(this.root)), `${model}_${name.replace(/\.[^.]*$/, "")}_classes.png`);
  }
}

export default mounting(Classes);
