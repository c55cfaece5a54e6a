// The map: the network drawn as its U, alive with what it holds for this picture. Choosing a place goes there.

import { classMap } from "../shared/class_map.js";
import { h, perFrame, say, set, settled, svg } from "../shared/dom.js";
import { hub, listen } from "../shared/hub.js";
import { Lost, ask, picture } from "../shared/net.js";
import { KINDS, kind, sizeOf } from "../shared/kinds.js";
import { layerOf, neighbour, selectLayer } from "../shared/layers.js";
import { draw, inPercent, steer } from "../shared/pane.js";

/** Pixels of a thumbnail, and of one that is looked at from nearer. */
const FAR = 8000;
const NEAR = 60000;
const THIN = "\u200a";
const mounted = new WeakMap();

export default function (component) {
  const root = component.parentElement.querySelector(".root");
  if (!mounted.has(root)) mounted.set(root, new UMap(root));
  const map = mounted.get(root);
  map.accept(component);
  return () => { map.leave(); mounted.delete(root); };
}

class UMap {
  constructor(root) {
    this.root = root;
    this.search = h("input", { type: "search", class: "search", placeholder: "Search layers  ( / )", "aria-label": "Search the layers", oninput: () => this.filter() });
    this.search.onkeydown = (event) => {
      if (event.key === "Escape") { this.search.value = ""; this.filter(); this.search.blur(); }
      if (event.key === "Enter" || event.key === "ArrowDown") { event.preventDefault(); this.firstFound()?.focus(); if (event.key === "Enter") this.firstFound()?.click(); }
    };
    this.drawing = h("div", { class: "drawing", role: "group", "aria-label": "Map of the network" });
    this.caption = h("p", { class: "muted small caption" });
    this.list = h("div", { class: "list", role: "listbox", "aria-label": "All layers" });
    this.none = h("p", { class: "muted small none", hidden: true });
    this.legend = h("details", { class: "legend small" });
    root.replaceChildren(this.drawing, this.caption, h("div", { class: "layers" }, this.search, this.none, this.list, this.legend));
    this.place = settled(() => this.layOut(), 60);
    this.watcher = new ResizeObserver(() => { if (this.drawing.clientWidth !== this.laidOut) this.place(); });
    this.watcher.observe(this.drawing);
    this.repaint = perFrame(() => this.paint());
    this.sharpen = settled(() => this.fetchNear(), 250);
    this.stops = [
      listen("select", () => this.mark()),
      listen("shown", () => this.paintShown()),
      listen("camera", () => { this.repaint(); this.crosshair(); this.sharpen(); }),
      listen("cursor", perFrame(() => this.crosshair())),
    ];
    this.onkey = (event) => this.slash(event);
    document.addEventListener("keydown", this.onkey);
    for (const area of [this.drawing, this.list]) area.onkeydown = (event) => this.key(event);
  }

  leave() {
    for (const stop of this.stops) stop();
    this.watcher.disconnect();
    document.removeEventListener("keydown", this.onkey);
    this.asking?.abort();
  }

  accept(component) {
    this.component = component;
    const { data } = component;
    const before = this.data;
    this.data = data;
    this.offer = { base: data.base, token: data.token };
    if (data.subject === before?.subject) {
      if (this.lost || (data.token !== before.token && !this.thumbs)) this.fetch();
      return;
    }
    hub.show(data.picture.height, data.picture.width);
    this.buildList();
    this.buildMap();
    hub.select({ token: data.token, layer: data.settings.layer, view: data.settings.view, channel: data.settings.channel });
    this.mark();
    this.fetch();
  }

  // ---- the drawing ----------------------------------------------------------------------------------------------------

  buildMap() {
    const { stages } = this.data.network;
    this.nodes = new Map();
    this.input = this.node("input", { row: 0, side: "encoder" }, this.data.picture.name, "");
    for (const stage of stages) this.nodes.set(stage.name, this.node(stage.name, stage, stage.name, stage.speaker));
    this.arrows = svg("svg", { class: "arrows", "aria-hidden": "true" });
    this.drawing.replaceChildren(this.arrows, this.input.element, ...[...this.nodes.values()].map((node) => node.element));
    this.laidOut = null;
    this.layOut();
  }

  node(name, stage, title, speaker) {
    const canvas = h("canvas", { class: "bone" });
    const shot = h("span", { class: "shot" }, canvas);
    steer(shot, hub, "ctrl");
    const layer = layerOf(this.data.network.layers, speaker);
    const text = layer ? `${sizeOf(layer)} · ${layer.size[2]}` : `${this.data.picture.height} × ${this.data.picture.width}`;
    const isInput = name === "input";
    const element = h(isInput ? "div" : "button", {
      class: `node ${stage.side}`, "data-stage": name,
      ...(isInput ? {} : { type: "button", "aria-label": `${title}: ${speaker}, ${text} channels`, title: `${title}: go to ${speaker}` }),
    }, shot, h("span", { class: "line" }, h("span", { class: "title" }, isInput ? "Picture" : stage.side === "head" && this.data.network.isMap ? "Class map" : title[0].toUpperCase() + title.slice(1)), h("span", { class: "size" }, text.replaceAll(" ", THIN))));
    if (!isInput) element.onclick = () => selectLayer(this.data.network.layers, speaker);
    return { element, canvas, stage };
  }

  /** Put the nodes where they belong: a U with the encoder going down on the left; a column where it is no U. */
  layOut() {
    if (!this.data) return;
    const width = this.drawing.clientWidth;
    this.laidOut = width;
    if (!width) return;
    const strip = window.matchMedia("(max-width: 1100px)").matches;
    set(this.drawing, "data-strip", strip);
    if (strip) { this.drawing.style.height = ""; this.arrows.replaceChildren(); for (const { element } of [this.input, ...this.nodes.values()]) element.removeAttribute("style"); this.thumbSize(112, 56); this.reveal(); return; }
    const isU = this.data.network.shape === "u";
    const column = isU ? Math.min(320, Math.floor((width - 84) / 2)) : Math.min(230, width - 80);
    const [tall, wide] = this.thumbSize(column, Math.max(44, Math.min(120, window.innerHeight / 18)));
    // Beside a narrow thumbnail there is room for its words; under a wide one they take a line.
    const beside = wide < column * 0.55;
    set(this.drawing, "data-beside", beside);
    const pitch = tall + (beside ? 18 : 33);
    const bottom = Math.max(...[...this.nodes.values()].map(({ stage }) => stage.row)) + 1;
    let next = 1;
    for (const node of [this.input, ...this.nodes.values()]) {
      const { side, row } = node.stage;
      let x = 0;
      let line = row + 1;
      if (node === this.input) line = 0;
      else if (!isU) line = next++;
      else if (side === "head") { x = width - column; line = 0; }
      else if (side === "decoder") x = width - column;
      else if (side === "bottleneck") { x = beside ? Math.round(width * 0.22) : (width - column) / 2; line = bottom; }
      Object.assign(node, { x, y: line * pitch, wide: column, tall: tall + (beside ? 0 : 16), down: x + (beside ? wide / 2 : 24), up: x + (beside ? wide / 2 : column - 24) });
      node.element.style.cssText = `left: ${x}px; top: ${node.y}px; width: ${column}px`;
    }
    const height = (isU ? bottom + 1 : next) * pitch;
    this.drawing.style.height = `${height}px`;
    this.drawArrows(width, height, isU);
  }

  thumbSize(most, highest) {
    const { height, width } = this.data.picture;
    const scale = Math.min(most / width, highest / height);
    const [tall, wide] = [Math.round(height * scale), Math.round(width * scale)];
    const ratio = window.devicePixelRatio || 1;
    for (const { canvas } of [this.input, ...this.nodes.values()]) {
      canvas.style.height = `${tall}px`;
      canvas.style.width = `${wide}px`;
      [canvas.width, canvas.height] = [Math.round(wide * ratio), Math.round(tall * ratio)];
    }
    this.paint();
    return [tall, wide];
  }

  drawArrows(width, height, isU) {
    const { stages, skips, layers } = this.data.network;
    const parts = [svg("defs", {}, svg("marker", { id: "tip", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse" }, svg("path", { d: "M0 0.5 L8 4 L0 7.5 Z", class: "tip" })))];
    const line = (d, kindOf, label) => parts.push(svg("path", { d, class: kindOf, "marker-end": "url(#tip)" }, svg("title", {}, label)));
    const flow = [this.input, ...stages.map(({ name }) => this.nodes.get(name))];
    flow.slice(1).forEach((node, i) => {
      const before = flow[i];
      const names = `${before.stage.name ?? "picture"} to ${node.stage.name}`;
      if (node.stage.side === "bottleneck" && isU) line(`M${before.down} ${before.y + before.tall + 2} V${node.y + 20} H${node.x - 3}`, "flow", names);
      else if (before.stage.side === "bottleneck" && isU) line(`M${before.x + before.wide} ${before.y + 20} H${node.up} V${node.y + node.tall + 4}`, "flow", names);
      else if (node.y > before.y) line(`M${node.down} ${before.y + before.tall + 1} V${node.y - 2}`, "flow", names);
      else line(`M${node.up} ${before.y - 2} V${node.y + node.tall + 3}`, "flow", names);
    });
    for (const { from, to, channels } of skips) {
      const [start, end] = [from, to].map((name) => this.nodes.get(layerOf(layers, name)?.stage));
      if (!start || !end || start === end) continue;
      const y = start.y + start.tall / 2;
      if (isU) {
        line(`M${start.x + start.wide + 3} ${y} H${end.x - 3}`, "skip", `Skip: ${from} to ${to}, ${channels} channels`);
        parts.push(svg("text", { x: (start.x + start.wide + end.x) / 2, y: y - 5, class: "carried" }, `${channels}`));
      } else {
        const x = start.wide + 12;
        line(`M${start.wide + 3} ${y} C${x + 44} ${y} ${x + 44} ${end.y + end.tall / 2} ${end.wide + 3} ${end.y + end.tall / 2}`, "skip", `Skip: ${from} to ${to}`);
      }
    }
    set(this.arrows, "viewBox", `0 0 ${width} ${height}`);
    this.arrows.style.height = `${height}px`;
    this.arrows.replaceChildren(...parts);
  }

  // ---- the thumbnails -------------------------------------------------------------------------------------------------

  async fetch() {
    this.asking?.abort();
    this.asking = new AbortController();
    const { signal } = this.asking;
    this.lost = false;
    this.image = null;
    this.thumbs = null;
    this.classes = null;
    this.pixels = 0;
    this.paint();
    picture(this.offer).then((image) => { if (!signal.aborted) { this.image = image; this.paint(); } }).catch(() => {});
    try {
      await this.fetchThumbs(FAR, signal);
      if (this.data.network.isMap) this.fetchClasses(signal);
      if (hub.camera.zoom > 1) this.sharpen();
    } catch (error) {
      if (error instanceof Lost) { this.lost = true; hub.renew(); }
      else if (error.name !== "AbortError") say(this.caption, `No thumbnails: ${error.message}`);
    }
  }

  async fetchThumbs(pixels, signal) {
    const answer = await ask(this.offer, "thumbs", { pixels }, signal);
    if (signal.aborted || pixels < this.pixels) return;
    this.pixels = pixels;
    this.thumbs = unpacked(answer);
    this.paint();
  }

  /** The class map as fine as it was computed; where it does not come, its thumbnail stays. */
  async fetchClasses(signal) {
    const classes = await classMap(this.offer, this.data.network.palette).catch(() => null);
    if (signal.aborted || !classes) return;
    this.classes = { image: classes.image, extent: classes.extent };
    this.paint();
  }

  /** Finer thumbnails, once the camera is near; where they do not come, the coarse ones stay. */
  fetchNear() {
    if (hub.camera.zoom > 1.2 && this.pixels === FAR) this.fetchThumbs(NEAR, this.asking.signal).catch(() => {});
  }

  /** Draw what is known: the picture, the stages' thumbnails, and in the chosen stage the chosen channel; the class map stays. */
  paint() {
    if (!this.nodes) return;
    this.put(this.input.canvas, this.image && { image: this.image, extent: [0, 0, hub.size.height, hub.size.width] });
    for (const stage of this.nodes.keys()) this.paintStage(stage);
    this.describe();
  }

  /** The chosen channel is another, or looks otherwise: only its stage, and the one before, change. */
  paintShown() {
    if (!this.nodes) return;
    for (const stage of new Set([this.painted, this.shown?.stage])) if (this.nodes.has(stage)) this.paintStage(stage);
    this.painted = this.shown?.stage;
    this.describe();
  }

  paintStage(stage) {
    const { shown } = this;
    const classes = stage === "head" ? this.classes : null;
    this.put(this.nodes.get(stage).canvas, stage === shown?.stage ? shown : classes ?? this.thumbs?.get(stage));
  }

  /** The chosen channel as the browser draws it; null where it is of another subject, or lies in the class map's place. */
  get shown() {
    const { shown } = hub;
    return shown?.token === this.offer.token && !(shown.stage === "head" && this.data.network.isMap) ? shown : null;
  }

  describe() {
    if (!this.thumbs) return;
    const { shown } = this;
    const rest = "mean magnitude of its last layer's channels, dark to bright from its 1st to its 99th percentile";
    const own = shown ? `${shown.stage.replace(/^./, (letter) => letter.toUpperCase())} shows channel ${shown.channel + 1} of ${shown.layer}. Other stages: ${rest}` : `Each stage: ${rest}`;
    say(this.caption, `${own}.${this.data.network.isMap ? " The head: the class map." : ""}`);
  }

  /** The linked crosshair; all thumbnails have the proportions of the picture, so one place serves all. */
  crosshair() {
    const at = inPercent(hub.cursor, hub.camera, hub.size);
    set(this.drawing, "data-on", Boolean(at));
    if (at) for (const [name, value] of Object.entries(at)) this.drawing.style.setProperty(name, value);
  }

  put(canvas, layer) {
    set(canvas, "class", layer ? "" : "bone");
    draw(canvas.getContext("2d"), hub.camera, hub.size, layer ? [{ alpha: 1, ...layer }] : []);
  }

  // ---- the list -------------------------------------------------------------------------------------------------------

  buildList() {
    const { layers } = this.data.network;
    this.rows = new Map();
    const parts = [];
    let stage = null;
    for (const layer of layers) {
      if (layer.stage !== stage) { stage = layer.stage; parts.push(h("div", { class: "stage", role: "presentation", "data-stage": stage }, stage)); }
      const [letter, colour, word] = kind(layer.kind);
      const row = h("button", { type: "button", role: "option", class: "row", "aria-selected": "false", tabindex: "-1", title: `${word.split(":")[0]}${layer.note ? `. ${layer.note}` : ""}`, onclick: () => selectLayer(layers, layer.name) },
        h("span", { class: "chip", style: `--chip: ${colour}`, "aria-hidden": "true" }, letter), h("span", { class: "name" }, layer.name), h("span", { class: "size muted" }, `${sizeOf(layer)} · ${layer.size[2]}`));
      set(row, "aria-label", `${layer.name}, ${word.split(":")[0]}, ${sizeOf(layer)}, ${layer.size[2]} channels`);
      this.rows.set(layer.name, row);
      parts.push(row);
    }
    this.list.replaceChildren(...parts);
    this.filter();
    const present = Object.keys(KINDS).filter((name) => layers.some((layer) => layer.kind === name));
    this.legend.replaceChildren(h("summary", {}, "What the letters mean"),
      ...present.map((name) => h("div", {}, h("span", { class: "chip", style: `--chip: ${kind(name)[1]}` }, kind(name)[0]), ` ${kind(name)[2]}`)));
  }

  filter() {
    const words = this.search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const stages = new Set();
    let found = 0;
    for (const layer of this.data?.network.layers ?? []) {
      const text = `${layer.name} ${layer.kind.replace("_", " ")} ${kind(layer.kind)[2]} ${layer.stage}`.toLowerCase();
      const fits = words.every((word) => text.includes(word));
      this.rows.get(layer.name).hidden = !fits;
      if (fits) { stages.add(layer.stage); found++; }
    }
    for (const title of this.list.querySelectorAll(".stage")) title.hidden = !stages.has(title.dataset.stage);
    this.none.hidden = found > 0;
    this.list.hidden = found === 0;
    say(this.none, `No layer matches “${this.search.value}”. Try a kind (conv, pool) or a stage (decoder 1).`);
  }

  firstFound() {
    return [...this.rows.values()].find((row) => !row.hidden);
  }

  /** Show which layer is chosen, in the drawing and the list. */
  mark() {
    if (!this.rows) return;
    const { layer } = hub.selection;
    const stage = layerOf(this.data.network.layers, layer)?.stage;
    for (const [name, row] of this.rows) { set(row, "aria-selected", name === layer ? "true" : "false"); row.tabIndex = name === layer ? 0 : -1; }
    for (const [name, { element }] of this.nodes) { set(element, "aria-current", name === stage ? "true" : false); element.tabIndex = name === stage ? 0 : -1; }
    const row = this.rows.get(layer);
    if (row) {
      const [top, bottom] = [row.offsetTop, row.offsetTop + row.offsetHeight];
      if (top < this.list.scrollTop + 24 || bottom > this.list.scrollTop + this.list.clientHeight) this.list.scrollTop = top - this.list.clientHeight / 2;
    }
    this.reveal();
  }

  /** In a strip, the marked stage comes to the middle; also on a page that is opened at it. */
  reveal() {
    const node = this.drawing.querySelector("[aria-current]");
    if (node && this.drawing.hasAttribute("data-strip")) this.drawing.scrollLeft = node.offsetLeft - this.drawing.clientWidth / 2 + node.offsetWidth / 2;
  }

  // ---- keys -----------------------------------------------------------------------------------------------------------

  key(event) {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const { layers, stages } = this.data.network;
    if (event.currentTarget === this.list) {
      const shown = layers.filter(({ name }) => !this.rows.get(name).hidden);
      const name = neighbour(shown, hub.selection.layer, step) ?? hub.selection.layer;
      selectLayer(layers, name);
      this.rows.get(name)?.focus();
      return;
    }
    const at = stages.findIndex(({ name }) => name === layerOf(layers, hub.selection.layer)?.stage);
    const next = stages[at + step];
    if (!next) return;
    selectLayer(layers, next.speaker);
    this.nodes.get(next.name).element.focus();
  }

  slash(event) {
    const typing = event.composedPath()[0].matches?.("input, select, textarea, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || !this.root.isConnected) return;
    event.preventDefault();
    this.search.focus();
    this.search.select();
  }
}

/** The thumbnails of an answer: stage -> {image, extent}. */
function unpacked({ header, buffer, offset }) {
  let at = offset;
  return new Map(header.thumbs.map(({ stage, extent, size: [height, width], rgb }) => {
    const bytes = new Uint8Array(buffer, at, height * width * (rgb ? 3 : 1));
    at += bytes.length;
    const pixels = new ImageData(width, height);
    for (let i = 0; i < height * width; i++) {
      for (let part = 0; part < 3; part++) pixels.data[4 * i + part] = bytes[rgb ? 3 * i + part : i];
      pixels.data[4 * i + 3] = 255;
    }
    const image = h("canvas", { width, height });
    image.getContext("2d").putImageData(pixels, 0, 0);
    return [stage, { image, extent }];
  }));
}
