// The Classes page: the class map with its legend, single classes with their thresholds, and how sure the network is.

import { choice, h, isDark, perFrame, say, set, settled } from "../shared/dom.js";
import { hub, listen } from "../shared/hub.js";
import { Lost, picture } from "../shared/net.js";
import { draw, mapIndex, steer, toPane, zoomAt } from "../shared/pane.js";
import { lookup, paint } from "../shared/colour.js";
import { compose, download, themeOf } from "../shared/photo.js";
import { NOT_A_NUMBER, OUTSIDE, STEPS, askDoubt, askFine, askLevels, askOverview, askRanked, probabilityAt } from "./parts.js";
import { ERRORS, Plate, ink, overlay, sampling, stack, viewKey } from "./screen.js";
import { ClassPane } from "./class_pane.js";
import { Legend, css } from "./legend.js";
import { Probe } from "./probe.js";

const mounted = new WeakMap();

export default function (component) {
  const root = component.parentElement.querySelector(".root");
  if (!mounted.has(root)) mounted.set(root, new Classes(root));
  const classes = mounted.get(root);
  classes.accept(component);
  return () => { classes.leave(); mounted.delete(root); };
}

const MAP = "map";
const ALL = "all";

const MODES = [
  ["probability", "Probability", "The class colour, as opaque as the class is probable; the line is the threshold"],
  ["mask", "Mask", "Everything that reaches the threshold"],
  ["errors", "Right and wrong", "Compared with the labels of this picture, at the threshold"],
];

class Classes {
  constructor(root) {
    this.root = root;
    this.panes = new Map();
    this.plates = { picture: new Plate(), gray: new Plate(), fill: new Plate(), lines: new Plate(), names: "" };
    this.stale = new Set();
    this.draw = perFrame(() => this.paint());
    this.push = settled(() => this.tell(), 500);
    this.stops = [
      listen("camera", () => { this.repaint(); this.push(); }),
      listen("cursor", perFrame(() => this.pointed())),
    ];
    this.onkey = (event) => this.key(event);
    document.addEventListener("keydown", this.onkey);
    this.watch = new ResizeObserver(() => this.repaint());
    this.watch.observe(root);
  }

  leave() {
    for (const stop of this.stops) stop();
    document.removeEventListener("keydown", this.onkey);
    this.watch.disconnect();
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
    this.root.style.colorScheme = isDark(this.root) ? "dark" : "light";
    this.offer = { base: data.base, token: data.token };
    if (same) { if (this.lost || renewed) { this.lost = false; this.load(); } return; }
    this.table = data.table;
    const { settings } = data;
    Object.assign(this, {
      chosen: [...settings.chosen], hidden: new Set(settings.hidden), thresholds: { ...settings.thresholds },
      opacity: settings.opacity, mode: settings.mode, names: settings.names, unsure: settings.doubt,
      hovered: null, overview: null, regions: null, ranked: null, doubt: null, image: null, gray: null,
    });
    this.panes.clear();
    hub.show(data.picture.height, data.picture.width);
    const [y, x, zoom] = (settings.camera || "").split(",").map(Number);
    hub.look(Number.isFinite(zoom) ? { y, x, zoom } : { zoom: 1 });
    this.root.style.setProperty("--ratio", `${data.picture.width} / ${data.picture.height}`);
    set(this.root, "data-wide", data.picture.width / data.picture.height > 1.7);
    this.told = JSON.stringify(this.shown());
    set(this.root, "data-ready", false);
    set(this.root, "data-binary", data.binary);
    this.build();
    this.arrange();
    this.load();
  }

  /** What is shown, as the address says it. */
  shown() {
    const { y, x, zoom } = hub.camera;
    return {
      classes: this.chosen.join(","), hidden: [...this.hidden].join(","), opacity: Math.round(100 * this.opacity), mode: this.mode,
      thresholds: Object.entries(this.thresholds).filter(([, step]) => step !== STEPS / 2).map(([id, step]) => `${id}:${step / STEPS}`).join(","),
      names: this.names ? 1 : 0, doubt: this.unsure ? 1 : 0,
      camera: zoom > 1 ? [y.toFixed(1), x.toFixed(1), zoom.toFixed(2)].join(",") : "",
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
    this.canvas = h("canvas", { role: "img", "aria-label": "Class map: the most probable class of each pixel" });
    this.source = document.createElement("canvas");
    this.cross = h("div", { class: "cross", hidden: true });
    this.tags = h("div", { class: "tags", "aria-hidden": "true" });
    this.frame = h("div", { class: "frame bone", tabindex: "0", role: "group", "aria-label": "Class map; arrow keys move the probe, plus and minus zoom" }, this.canvas, this.tags, this.cross);
    this.frame.onkeydown = (event) => this.walk(event);
    steer(this.frame, hub);
    this.score = h("span", { class: "muted small" });
    this.legend = new Legend({ onhover: (id) => this.hover(id), onhide: (id) => this.hide(id), onadd: (id) => this.add(id) });
    this.probe = new Probe(this.table, Math.min(5, this.table.length));
    this.list = h("div", { class: "list" });
    this.adder = this.classPicker();
    this.notice = h("div", { class: "notice error", role: "alert", hidden: true });
    this.key_ = h("div", { class: "key", hidden: true }, ...ERRORS.map((row) => h("span", { title: row.means }, sample(row), row.name)));
    this.live = h("div", { class: "seen-by-readers", "aria-live": "polite" });
    this.root.replaceChildren(
      this.toolbar(), this.notice,
      h("div", { class: "top" },
        h("section", { class: "map" }, h("header", {}, h("h3", {}, "Class map"), this.score, this.zoomButtons()), this.frame),
        h("aside", {}, this.legend.element, this.probe.element)),
      this.key_, this.list, this.live);
  }

  toolbar() {
    this.slider = h("input", { type: "range", min: 0, max: 100, step: 1, value: Math.round(100 * this.opacity), oninput: () => this.set({ opacity: this.slider.value / 100 }) });
    this.opacityOut = h("output");
    this.modes = choice("What the panes show", MODES, (mode) => this.set({ mode }));
    const toggle = (name, text, title) => h("button", { type: "button", class: "button", title, "data-toggle": name, onclick: () => this.set({ [name]: !this[name] }) }, text);
    this.toggles = [
      toggle("names", "Names", "Write the classes' names on the class map"),
      toggle("unsure", "Uncertainty", "Show entropy and margin: how sure the network is of each pixel"),
    ];
    const save = h("button", { type: "button", class: "button", title: "Save what is on screen as one PNG", onclick: () => this.save() }, "Save PNG");
    return h("div", { class: "tools", role: "toolbar", "aria-label": "How the classes are drawn" },
      h("label", { class: "field" }, h("span", {}, "Opacity"), this.slider, this.opacityOut), this.modes.element, this.adder ?? this.classPicker(), ...this.toggles, save);
  }

  classPicker() {
    this.adder ??= h("select", { class: "button adder", "aria-label": "Add a class", onchange: () => { if (this.adder.value) this.add(Number(this.adder.value)); this.adder.value = ""; } });
    return this.adder;
  }

  zoomButtons() {
    const button = (text, label, act) => h("button", { type: "button", class: "button", "aria-label": label, title: label, onclick: act }, text);
    return h("div", { class: "buttons" }, button("Pin", "Put the class map into the compare tray", () => this.pin({ kind: "map" })), button("−", "Zoom out (−)", () => zoomAt(hub, null, 0.5)), button("+", "Zoom in (+)", () => zoomAt(hub, null, 2)), button("Fit", "See everything (0)", () => hub.look({ zoom: 1 })));
  }

  /** The panes below the map: chosen classes, then entropy and margin. */
  arrange() {
    for (const id of this.chosen) {
      if (!this.panes.has(id)) this.panes.set(id, new ClassPane(this.table[id], { onthreshold: (one, step) => this.threshold(one, step), onremove: (one) => this.remove(one), onpin: (one) => this.pin({ kind: "class", number: one }) }));
    }
    const doubt = this.unsure ? this.doubtPanes() : [];
    const empty = h("p", { class: "notice" }, "No class is shown on its own. Add one with “+” in the legend, or with “Add a class” above.");
    this.list.replaceChildren(...this.chosen.map((id) => this.panes.get(id).element), ...doubt.map((pane) => pane.element), ...(this.chosen.length + doubt.length ? [] : [empty]));
    const rest = this.table.filter((entry) => !this.chosen.includes(entry.id));
    this.adder.replaceChildren(h("option", { value: "" }, "Add a class …"), ...rest.map((entry) => h("option", { value: entry.id }, entry.name)));
    this.adder.disabled = rest.length === 0;
    this.fill();
  }

  doubtPanes() {
    this.doubts ??= [["entropy", "Entropy", "0: sure of one class. 1: all classes equally probable."], ["margin", "Margin", "How far the best class is ahead of the second. 0: undecided."]].map(([name, title, means]) => {
      const canvas = h("canvas", { role: "img", "aria-label": title });
      const cross = h("div", { class: "cross", hidden: true });
      const value = h("output", { class: "value" });
      const frame = h("div", { class: "frame bone" }, canvas, cross);
      steer(frame, hub, "ctrl");
      const ramp = h("span", { class: "ramp" });
      const element = h("article", { class: "class doubt", "data-doubt": name }, h("header", {}, h("h3", {}, title), value), frame,
        h("div", { class: "scale small" }, "0", ramp, "1", h("span", { class: "muted" }, means)));
      return { name, title, canvas, cross, frame, value, element, source: document.createElement("canvas") };
    });
    return this.doubts;
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
    this.colour();
    this.legend.mark(this.hidden, this.chosen, id);
    this.repaint(MAP);
  }

  hide(id) {
    if (!this.hidden.delete(id)) this.hidden.add(id);
    this.hovered = null;
    this.colour();
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
    if (this.data.binary) { this.thresholds[1 - id] = STEPS - step; this.recut(); this.fill(); this.repaint(); }
    this.push();
  }

  stepOf(id) {
    return this.thresholds[id] ?? STEPS / 2;
  }

  /** A network with one probability has the class map that its threshold makes. */
  recut() {
    const sheet = this.panes.get(1)?.sheet;
    if (!sheet || !this.overview) return;
    const step = this.stepOf(1);
    const { ids, labels, header } = this.overview;
    const counts = [0, 0];
    const pairs = [[0, 0], [0, 0]];
    for (let at = 0; at < ids.length; at++) {
      if (ids[at] === OUTSIDE) continue;
      ids[at] = sheet.levels[at] >= step && sheet.levels[at] !== NOT_A_NUMBER ? 1 : 0;
      counts[ids[at]]++;
      if (labels && labels[at] < 2) pairs[labels[at]][ids[at]]++;
    }
    header.shares = counts.map((count) => count / (counts[0] + counts[1] || 1));
    if (labels) {
      const wrong = pairs[0][1] + pairs[1][0];
      const right = pairs[0][0] + pairs[1][1];
      header.iou = [0, 1].map((id) => (pairs[id][id] + wrong ? pairs[id][id] / (pairs[id][id] + wrong) : null));
      header.accuracy = right + wrong ? right / (right + wrong) : null;
      this.summary();
    }
    // Names would have to be placed anew; they are left out where the threshold has moved.
    this.regions ??= header.regions;
    header.regions = step === STEPS / 2 ? this.regions : [];
    this.legend.fill(this.table, header.shares, header.iou);
    this.legend.mark(this.hidden, this.chosen, this.hovered);
    this.colour();
  }

  /** Bring the controls to what is shown. */
  fill() {
    say(this.opacityOut, `${Math.round(100 * this.opacity)}%`);
    this.modes.choose(this.mode);
    for (const button of this.toggles) set(button, "aria-pressed", this[button.dataset.toggle] ? "true" : "false");
    this.legend.mark(this.hidden, this.chosen, this.hovered);
    for (const [id, pane] of this.panes) pane.tell(this.stepOf(id));
    this.key_.hidden = this.mode !== "errors" || !this.data.labelled;
    const errors = this.modes.element.querySelector('[data-value="errors"]');
    errors.disabled = !this.data.labelled;
    errors.title = this.data.labelled ? MODES[2][2] : "This picture has no labels to compare with";
  }

  // ---- loading -----------------------------------------------------------------------------------------------------------

  async load() {
    this.asking?.abort();
    this.asking = new AbortController();
    this.notice.hidden = true;
    const { signal } = this.asking;
    picture(this.offer).then((image) => { if (!signal.aborted) { this.image = image; this.gray = faded(image); this.repaint(); } }).catch((error) => this.failed(error));
    try {
      const overview = await askOverview(this.offer, signal);
      if (signal.aborted) return;
      this.overview = overview;
      set(this.frame, "class", "frame");
      this.legend.fill(this.table, overview.header.shares, overview.header.iou);
      this.colour();
      this.summary();
      this.fill();
      this.repaint();
      await Promise.all([...this.chosen.map((id) => this.loadClass(id)), this.loadDoubt()]);
      if (signal.aborted) return;
      if (this.data.binary) { this.recut(); this.repaint(); }
      set(this.root, "data-ready", this.offer.token);
    } catch (error) {
      this.failed(error);
    }
  }

  summary() {
    const { accuracy, not_finite: odd } = this.overview.header;
    const parts = [];
    if (accuracy !== null) parts.push(`${(100 * accuracy).toFixed(1)}% of the pixels right`);
    if (odd) parts.push(`${odd} values are NaN or infinite`);
    say(this.score, parts.join(" · "));
  }

  async loadClass(id) {
    const { signal } = this.asking;
    const pane = this.panes.get(id);
    if (!pane || pane.sheet) return;
    try {
      const sheet = await askLevels(this.offer, id, signal);
      if (signal.aborted || this.panes.get(id) !== pane) return;
      pane.take(sheet, this.overview?.labels ?? null);
      pane.tell(this.stepOf(id));
      this.repaint();
    } catch (error) {
      this.failed(error);
    }
  }

  async loadDoubt() {
    if (!this.unsure || this.doubt) return;
    const { signal } = this.asking;
    try {
      const doubt = await askDoubt(this.offer, signal);
      if (signal.aborted) return;
      this.doubt = doubt;
      const { height, width } = doubt.header;
      for (const pane of this.doubtPanes()) {
        paint(pane.source, doubt[pane.name], width, height, lookup("magma", 0, 1, 0, 1, 1));
        set(pane.frame, "class", "frame");
      }
      this.repaint();
    } catch (error) {
      this.failed(error);
    }
  }

  /** Exact numbers, once somebody looks at single pixels. */
  async sharpen() {
    if (this.sharpening || !this.overview) return;
    const missing = [...this.panes.values()].filter((pane) => pane.sheet && !pane.sheet.fine);
    if (this.ranked && missing.length === 0) return;
    this.sharpening = true;
    const { signal } = this.asking;
    try {
      if (!this.ranked) {
        const ranked = await askRanked(this.offer, signal);
        if (!signal.aborted) this.ranked = ranked;
        this.pointed();
      }
      for (const pane of missing) {
        pane.sheet.fine = await askFine(this.offer, pane.entry.id, signal);
        this.pointed();
      }
      set(this.root, "data-exact", this.offer.token);
    } catch (error) {
      this.failed(error);
    } finally {
      this.sharpening = false;
    }
  }

  failed(error) {
    if (error.name === "AbortError") return;
    if (error instanceof Lost) {
      if (!this.lost) { this.lost = true; hub.renew(); }
      return;
    }
    this.notice.hidden = false;
    say(this.notice, error.message === "Failed to fetch" ? "The server does not answer; is it still running?" : error.message);
  }

  // ---- drawing -----------------------------------------------------------------------------------------------------------

  /** The class map as a picture: hidden classes are clear, and only the hovered one is strong. */
  colour() {
    if (!this.overview) return;
    const { ids, header } = this.overview;
    const { hidden, hovered } = this;
    const colours = new Uint32Array(256);
    this.lineOf = new Uint8Array(256);
    for (const { id, colour } of this.table) {
      const shown = !hidden.has(id) || hovered === id;
      colours[id] = shown ? ink(colour, hovered === null || hovered === id ? 1 : 0.12) : 0;
      this.lineOf[id] = shown && (hovered === null || hovered === id) ? id + 1 : 0;
    }
    this.coloured = (this.coloured ?? 0) + 1;
    paint(this.source, ids, header.width, header.height, colours);
  }

  paint() {
    if (!this.root.isConnected || !this.frame) return;
    const all = this.stale.has(ALL);
    const whole = [0, 0, hub.size.height, hub.size.width];
    const backdrop = (plate, canvas, image) => image && plate.at(`${viewKey(canvas, hub.camera)} ${this.data.subject}`, canvas, (context) => draw(context, hub.camera, hub.size, [{ image, extent: whole, alpha: 1 }]));
    if (this.stale.has(MAP)) this.paintMap(backdrop);
    for (const [id, pane] of this.panes) {
      if (!all && !this.stale.has(id)) continue;
      fit(pane.frame, pane.canvas);
      pane.draw({ backdrop: backdrop(this.plates.gray, pane.canvas, this.gray), opacity: this.opacity, mode: this.mode, step: this.stepOf(id) });
    }
    if (all && this.unsure) this.paintDoubt();
    this.stale.clear();
    this.cross_();
  }

  paintMap(backdrop) {
    fit(this.frame, this.canvas);
    const under = backdrop(this.plates.picture, this.canvas, this.image);
    if (!this.overview) { stack(this.canvas, [[under, 1]]); return; }
    const { header, ids } = this.overview;
    const key = `${viewKey(this.canvas, hub.camera)} ${this.coloured}`;
    const fill = this.plates.fill.at(key, this.canvas, (context) => draw(context, hub.camera, hub.size, [{ image: this.source, extent: header.extent, alpha: 1 }]));
    // Lines between the classes, so that the map can be read without its colours.
    const lines = this.plates.lines.at(key, this.canvas, (context) => {
      overlay(context, sampling(this.canvas, hub.camera, hub.size, header), ids, this.lineOf, null, ink([0, 0, 0], 0.55));
    });
    stack(this.canvas, [[under, 1], [fill, this.opacity], [lines, Math.min(1, this.opacity * 2)]]);
    if (this.plates.names !== `${key} ${this.names}`) this.label();
    this.plates.names = `${key} ${this.names}`;
  }

  /** The names of the classes on their largest regions, where there is room. */
  label() {
    this.tags.replaceChildren();
    if (!this.names || !this.overview) return;
    const { regions, extent } = this.overview.header;
    const box = this.frame.getBoundingClientRect();
    const [top, left, tall, wide] = extent;
    for (const { id, y, x, radius } of regions) {
      if (this.hidden.has(id) || (this.hovered !== null && this.hovered !== id)) continue;
      const at = toPaneOf(box, { y: top + y * tall, x: left + x * wide });
      const room = radius * wide * Math.min(box.width / hub.size.width, box.height / hub.size.height) * hub.camera.zoom;
      if (room < 9 || at.x < 0 || at.y < 0 || at.x > box.width || at.y > box.height) continue;
      const tag = h("span", {}, this.table[id].name);
      this.tags.append(tag);
      const half = tag.offsetWidth / 2 + 2;
      tag.style.left = `${Math.min(Math.max(at.x, half), box.width - half)}px`;
      tag.style.top = `${Math.min(Math.max(at.y, 11), box.height - 11)}px`;
    }
  }

  paintDoubt() {
    for (const pane of this.doubtPanes()) {
      fit(pane.frame, pane.canvas);
      const layers = this.doubt ? [{ image: pane.source, extent: this.doubt.header.extent, alpha: 1 }] : [];
      draw(pane.canvas.getContext("2d"), hub.camera, hub.size, layers);
    }
  }

  // ---- the mouse ------------------------------------------------------------------------------------------------------------

  pointed() {
    const point = hub.cursor;
    if (point) this.sharpen();
    for (const pane of this.panes.values()) pane.read(point);
    for (const pane of this.unsure ? this.doubtPanes() : []) this.readDoubt(pane, point);
    this.probe.show(this.found(point));
    this.cross_();
  }

  readDoubt(pane, point) {
    const { extent, height, width } = this.doubt?.header ?? { extent: [0, 0, 1, 1], height: 0, width: 0 };
    const index = point && this.doubt ? mapIndex(point, extent, height, width) : -1;
    say(pane.value, index < 0 ? "" : (this.doubt[pane.name][index] / 255).toFixed(2));
  }

  /** What is known of a picture position, for the bars. */
  found(point) {
    if (!point || !this.overview) return null;
    const { extent, height, width } = this.overview.header;
    const index = mapIndex(point, extent, height, width);
    if (index < 0) return null;
    const { labels } = this.overview;
    const label = labels ? (labels[index] === OUTSIDE || labels[index] >= this.table.length ? null : labels[index]) : undefined;
    return { y: Math.floor(point.y), x: Math.floor(point.x), classes: this.rankedAt(index), label };
  }

  rankedAt(index) {
    if (this.ranked) {
      const { ranks, height, width } = this.ranked.header;
      return Array.from({ length: ranks }, (_, rank) => [this.ranked.ids[rank * height * width + index], this.ranked.shares[rank * height * width + index] / 65535, 4]);
    }
    const known = [...this.panes].filter(([, pane]) => pane.sheet).map(([id, pane]) => [id, ...probabilityAt(pane.sheet, index)]);
    return known.sort((a, b) => b[1] - a[1]);
  }

  /** The crosshair in every pane. */
  cross_() {
    const crosses = [[this.frame, this.cross], ...[...this.panes.values(), ...(this.unsure ? this.doubtPanes() : [])].map((pane) => [pane.frame, pane.cross])];
    for (const [frame, cross] of crosses) {
      cross.hidden = !hub.cursor;
      if (!hub.cursor) continue;
      const at = toPaneOf({ width: frame.clientWidth, height: frame.clientHeight }, hub.cursor);
      cross.style.transform = `translate(${at.x}px, ${at.y}px)`;
      cross.hidden = at.x < 0 || at.y < 0 || at.x > frame.clientWidth || at.y > frame.clientHeight;
    }
  }

  // ---- keys -------------------------------------------------------------------------------------------------------------------

  /** Arrow keys on the class map move the probe. */
  walk(event) {
    const step = (event.shiftKey ? 20 : 2) / hub.camera.zoom;
    const [dy, dx] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key] ?? [0, 0];
    if (!dy && !dx) return;
    event.preventDefault();
    event.stopPropagation();
    const { y, x } = hub.cursor ?? { y: hub.camera.y, x: hub.camera.x };
    hub.point({ y: clamp(y + dy * step, hub.size.height), x: clamp(x + dx * step, hub.size.width) });
    const best = this.found(hub.cursor)?.classes[0];
    if (best) say(this.live, `${this.table[best[0]].name} ${best[1].toFixed(2)}`);
  }

  key(event) {
    const typing = event.composedPath()[0].matches?.("input, select, textarea, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !this.root.isConnected) return;
    const act = { "+": () => zoomAt(hub, hub.cursor, 1.5), "=": () => zoomAt(hub, hub.cursor, 1.5), "-": () => zoomAt(hub, hub.cursor, 1 / 1.5), 0: () => hub.look({ zoom: 1 }), Escape: () => hub.look({ zoom: 1 }) }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  save() {
    const panes = [{ canvas: this.canvas, title: "Class map" }, ...this.chosen.map((id) => ({ canvas: this.panes.get(id).canvas, title: `${this.table[id].name} (threshold ${(this.stepOf(id) / STEPS).toFixed(3)})` })), ...(this.unsure ? this.doubtPanes().map(({ canvas, title }) => ({ canvas, title })) : [])];
    const { model, name, digest } = this.data.provenance;
    download(compose(panes, `U-Net Explorer · ${model} · ${name} · ${digest}`, themeOf(this.root)), `${model}_${name.replace(/\.[^.]*$/, "")}_classes.png`);
  }
}

function fit(frame, canvas) {
  const ratio = window.devicePixelRatio || 1;
  const width = Math.max(1, Math.round(frame.clientWidth * ratio));
  const height = Math.max(1, Math.round(frame.clientHeight * ratio));
  if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
}

function toPaneOf({ width, height }, point) {
  return toPane(point, width, height, hub.camera, hub.size);
}

function clamp(value, limit) {
  return Math.min(Math.max(value, 0), limit - 0.5);
}

/** The picture without its colours and darker, so that the colour of a class stands out. */
function faded(image) {
  const canvas = h("canvas", { width: image.width, height: image.height });
  const context = canvas.getContext("2d");
  context.filter = "grayscale(1) brightness(0.72)";
  context.drawImage(image, 0, 0);
  return canvas;
}

/** A small picture of a pattern, for its key. */
function sample({ colour, pattern }) {
  const canvas = h("canvas", { width: 24, height: 24, class: "pattern", "aria-hidden": "true" });
  const context = canvas.getContext("2d");
  context.fillStyle = css(colour);
  for (let y = 0; y < 24; y++) for (let x = 0; x < 24; x++) if (pattern(x, y, 12)) context.fillRect(x, y, 1, 1);
  return canvas;
}
