// The channel browser: all channels of a layer, one of them large over the picture, everything else without the server.

import { choice, h, number, perFrame, say, set, settled } from "../shared/dom.js";
import { hub, listen } from "../shared/hub.js";
import { Lost, picture } from "../shared/net.js";
import { names as colourNames } from "../shared/colour.js";
import { classMap } from "../shared/class_map.js";
import { compose, download, themeOf } from "../shared/photo.js";
import { zoomAt } from "../shared/pane.js";
import { functionName, kind, sizeOf, viewName } from "../shared/kinds.js";
import { layerOf, neighbour, selectLayer } from "../shared/layers.js";
import { helpDialog } from "../shared/help.js";
import { unhurried } from "../shared/telling.js";
import { About } from "./about.js";
import { Cockpit } from "./cockpit.js";
import { LayerData } from "./layer_data.js";
import { Tiles } from "./tiles.js";
import { SORTS, Toolbar } from "./toolbar.js";

/** Widths that tiles are asked for in, so that a window a little wider asks for the same. */
const WIDTHS = [96, 128, 192, 256, 320, 384, 512, 640, 768, 1024, 1280];
const WIDEST_PREVIEW = 640;
const atLeast = (wanted, most) => Math.min(most, WIDTHS.find((width) => width >= wanted) ?? most);

const mounted = new WeakMap();

export default function (component) {
  const root = component.parentElement.querySelector(".root");
  if (!mounted.has(root)) mounted.set(root, new Browser(root));
  const browser = mounted.get(root);
  browser.accept(component);
  return () => { browser.leave(); mounted.delete(root); };
}

class Browser {
  constructor(root) {
    this.root = root;
    this.build();
    this.repaint = perFrame(() => { this.tiles.draw(); this.cockpit.paint(); });
    this.push = unhurried(() => this.tell(), 350);
    this.sharpen = settled(() => this.fetchFine(), 100);
    this.rankLater = settled(() => this.rank(), 150);
    this.readLater = settled(() => this.fetchExact(), 250);
    this.stops = [
      listen("select", (event) => this.selected(event.detail)),
      listen("camera", () => { this.repaint(); this.sharpen(); this.push(); }),
      listen("cursor", perFrame(() => this.pointed())),
    ];
    this.onkey = (event) => this.key(event);
    document.addEventListener("keydown", this.onkey);
  }

  build() {
    this.tiles = new Tiles({
      onpick: (channel, opened) => { hub.select({ channel }); if (opened) this.enlarge(true); },
      onscroll: () => this.sharpen(),
    });
    this.cockpit = new Cockpit({
      onpin: () => this.pin({ kind: "channel", number: hub.selection.channel }),
      onenlarge: () => this.enlarge(!this.root.classList.contains("enlarged")),
      onkey: (event) => this.tiles.key(event),
      onchange: (change) => this.set(change),
    });
    this.cockpit.named = (point) => this.classAt(point);
    this.about = new About(this);
    this.toolbar = new Toolbar({
      onchange: (change) => this.set(change),
      onarea: (area) => this.turn(area),
    });
    this.title = h("div", { class: "title" });
    this.views = h("div", { class: "views" });
    this.said = h("span");
    this.notice = h("div", { class: "notice error", role: "alert", hidden: true }, this.said,
      h("button", { type: "button", class: "button", onclick: () => this.load() }, "Try again"));
    this.live = h("div", { class: "seen-by-readers", "aria-live": "polite" });
    this.help = helpDialog();
    this.root.replaceChildren(
      h("div", { class: "head" }, this.title, this.views), this.notice,
      h("div", { class: "body" }, this.cockpit.element,
        h("div", { class: "browser" }, this.toolbar.element, this.tiles.element, this.about.element)),
      this.live, this.help);
  }

  leave() {
    for (const stop of this.stops) stop();
    document.removeEventListener("keydown", this.onkey);
    this.data?.stop();
  }

  // ---- between the page and here -----------------------------------------------------------------------------------------

  accept(component) {
    this.component = component;
    const { data } = component;
    const before = this.told;
    this.told = data;
    this.offer = { base: data.base, token: data.token };
    if (data.subject === before?.subject) {
      // The same subject, perhaps under a new token after a restart: what the user chose meanwhile stays.
      hub.select({ token: data.token });
      if (this.lost || (data.token !== before.token && !this.data?.sheet)) this.load();
      return;
    }
    this.settings = { ...data.settings };
    if (!colourNames.includes(this.settings.colours)) this.settings.colours = "viridis";
    this.begin(data);
  }

  /** Another model or picture. */
  begin({ settings, picture: { height, width }, classes, token }) {
    hub.show(height, width);
    const [y, x, zoom] = (settings.camera || "").split(",").map(Number);
    hub.look(Number.isFinite(zoom) ? { y, x, zoom } : { zoom: 1 });
    set(this.root, "data-wide", width / height > 1.7);
    this.root.style.setProperty("--aspect", `${width} / ${height}`);
    this.toolbar.offer(classes);
    this.toolbar.fill(this.settings);
    this.tiles.size = settings.tiles;
    this.toolbar.areas.choose(settings.area);
    set(this.root, "data-area", settings.area);
    this.image = null;
    this.classes = null;
    if (this.data) this.data.place = null;
    const { offer } = this;
    // What it selects itself is no news to it: without an offer it does not listen, and loads once.
    this.offer = null;
    hub.select({ token, layer: settings.layer, view: settings.view, channel: settings.channel });
    this.offer = offer;
    this.load();
    picture(offer).then((image) => { if (offer === this.offer) { this.image = image; this.show(); } }).catch((error) => this.failed(error));
  }

  /** Tell the page what is shown, for its address; never waited for. */
  tell() {
    const { y, x, zoom } = hub.camera;
    const { layer, view, channel } = hub.selection;
    const camera = zoom > 1 ? [y.toFixed(2), x.toFixed(2), zoom.toFixed(3)].join(",") : "";
    const saying = { ...this.settings, layer, view, channel, camera };
    if (JSON.stringify(saying) === this.heard) return;
    this.heard = JSON.stringify(saying);
    this.component.setStateValue("settings", saying);
  }

  pin(what) {
    this.component.setTriggerValue("pin", { layer: this.data.name, number: 0, ...what });
  }

  failed(error) {
    if (error.name === "AbortError") return;
    if (error instanceof Lost) {
      this.lost = true;
      hub.renew();
      return;
    }
    this.notice.hidden = false;
    set(this.root, "data-failed", !this.data?.sheet);
    say(this.said, error.message === "Failed to fetch" ? "The server does not answer; is it still running?" : error.message);
  }

  // ---- loading -------------------------------------------------------------------------------------------------------------

  get layer() {
    return layerOf(this.told.layers, hub.selection.layer);
  }

  selected(changed) {
    if (hub.selection.token !== this.offer?.token) return;
    if (changed.includes("layer") || changed.includes("view")) this.load();
    else if (changed.includes("channel")) this.chosen();
    this.push();
  }

  /** Show the selected layer: at once where it was seen before, as skeletons until it comes where not. */
  async load() {
    if (!this.layer) return;
    const { layer, view } = hub.selection;
    this.data?.stop();
    const place = this.data?.place ?? null;
    const data = new LayerData(this.offer, view ? `${layer}:${view}` : layer, this.layer.size[2], this.previewWidth());
    this.data = Object.assign(data, { place });
    this.lost = false;
    this.notice.hidden = true;
    set(this.root, "data-failed", false);
    this.taken();
    try {
      if (await data.fetchSheet() && data === this.data) this.taken();
      if (await data.fetchStatistics() && data === this.data) this.show();
      if (data === this.data && this.settings.sort !== "index") await this.sort();
      if (data === this.data) await this.fetchClasses();
    } catch (error) {
      this.failed(error);
    }
  }

  /** The class map, for the class under the mouse; it is nobody's concern here why there is none. */
  async fetchClasses() {
    if (this.classes || !this.told.isMap) return;
    const { offer } = this;
    const classes = await classMap(offer, this.told.palette).catch(() => null);
    if (offer === this.offer) this.classes = classes;
  }

  /** As wide as tiles are when all channels are in sight. */
  previewWidth() {
    const room = Math.min(1600, this.tiles.element.clientWidth || 900) * (window.devicePixelRatio || 1);
    return atLeast(room / Math.max(2, Math.ceil(Math.sqrt(this.layer.size[2]))), WIDEST_PREVIEW);
  }

  /** A layer was selected, or its tiles came. */
  taken() {
    const { token, layer, view, channel } = hub.selection;
    if (channel >= this.data.count) hub.select({ channel: 0 });
    this.entitle();
    this.arrange();
    this.chosen();
    set(this.root, "data-ready", this.data.sheet ? `${token}/${layer}/${view}` : false);
  }

  /** The chosen channel as fine as the large pane shows it; all tiles in sight where the camera is near. */
  async fetchFine() {
    const { data } = this;
    if (!data?.sheet) return;
    const { zoom } = hub.camera;
    const ratio = window.devicePixelRatio || 1;
    const near = zoom > 1 && this.tiles.wide * ratio * zoom > data.header.tile[1] * 1.05;
    const width = zoom > 1 ? data.header.width : atLeast(this.cockpit.pane.clientWidth * ratio, data.header.width);
    try {
      await data.fetchFine([hub.selection.channel, ...(near ? this.tiles.inSight() : [])], width, (channels) => {
        this.tiles.refresh(channels);
        this.repaint();
        if (channels.includes(hub.selection.channel)) this.show();
      });
    } catch (error) {
      this.failed(error);
    }
  }

  /** The values the network computed for the chosen channel, once the mouse rests. */
  async fetchExact() {
    const { data } = this;
    if (!hub.cursor) return;
    try {
      if (await data.fetchExact(hub.selection.channel) && data === this.data) this.pointed();
    } catch (error) {
      this.failed(error);
    }
  }

  async sort() {
    const { data } = this;
    try {
      if (this.settings.sort === "agreement") await data.fetchAgreement(this.settings.rival);
      if (data !== this.data) return;
      this.arrange();
      this.tiles.element.scrollTop = 0;
    } catch (error) {
      this.failed(error);
    }
  }

  // ---- showing -------------------------------------------------------------------------------------------------------------

  set(change) {
    Object.assign(this.settings, change);
    if (change.scaling === "fixed" && this.settings.low === null && this.settings.high === null) {
      [this.settings.low, this.settings.high] = this.data.span.map((value) => Number(value.toPrecision(3)));
    }
    this.toolbar.fill(this.settings);
    if ("sort" in change || "rival" in change) this.sort();
    if ("tiles" in change) { this.tiles.size = change.tiles; this.tiles.resize(); }
    this.tiles.dress(this.settings, this.image);
    if (this.isAbout) this.about.recolour();
    this.show();
    this.push();
  }

  /** Lay out the tiles in the order asked. */
  arrange() {
    const column = this.data.column(this.settings);
    const written = SORTS[this.settings.sort]?.[1];
    this.tiles.show({
      data: this.data,
      order: this.data.order(this.settings),
      segments: this.layer.segments,
      names: this.layer.named ? this.told.classes : null,
      idle: (channel) => (column && written ? (column[channel] === null ? "–" : written(column[channel])) : ""),
    });
    this.tiles.dress(this.settings, this.image);
  }

  /** Bring the cockpit up to date. */
  show() {
    const { channel } = hub.selection;
    const half = this.layer.segments.find(({ start, stop }) => channel >= start && channel < stop);
    const name = this.layer.named ? this.told.classes[channel] : half ? `${half.tag}, ${half.from}` : "";
    this.cockpit.show({ data: this.data, layer: this.layer, channel, name, settings: this.settings, image: this.image });
    if (this.tiles.image !== this.image) this.tiles.dress(this.settings, this.image);
    const { token } = this.offer;
    hub.display(this.data.sheet ? { token, stage: this.layer.stage, layer: this.layer.name, channel, image: this.cockpit.source, extent: this.data.header.extent } : null);
  }

  /** Another channel was chosen. */
  chosen() {
    const { channel } = hub.selection;
    this.tiles.choose(channel);
    this.show();
    this.sharpen();
    if (this.isAbout) this.about.show();
    if (hub.cursor) this.readLater();
    say(this.live, this.data.sheet ? `Channel ${channel + 1} of ${this.data.count}` : "Loading");
  }

  /** The class under a picture position, in words. */
  classAt(point) {
    if (!this.classes) return this.told.isMap ? "…" : "–";
    const id = this.classes.at(point);
    return id === null ? "outside the map" : this.told.classes[id] ?? "no number";
  }

  /** The mouse is somewhere else: move the crosshairs, write the values. Nothing is asked for until it rests. */
  pointed() {
    if (!this.data) return;
    this.tiles.point();
    this.cockpit.crosshair();
    this.cockpit.readout();
    if (!hub.cursor) return;
    this.readLater();
    if (this.settings.sort === "here" && !this.tiles.element.matches(":hover")) this.rankLater();
  }

  /** Sort the channels by their values where the mouse rests; not over the tiles, which would run away from it. */
  rank() {
    if (this.settings.sort !== "here" || !hub.cursor) return;
    this.data.place = hub.cursor;
    this.arrange();
    this.tiles.element.scrollTop = 0;
  }

  entitle() {
    const { layers } = this.told;
    const { layer } = this;
    const [letter, colour, word] = kind(layer.kind);
    const here = this.data.header;
    const step = (direction, label, text) => {
      const next = neighbour(layers, layer.name, direction);
      return h("button", { type: "button", class: "button", "aria-label": label, title: label, disabled: !next, onclick: () => selectLayer(layers, next) }, text);
    };
    const activation = layer.activation ? `, ${functionName(layer.activation)}` : "";
    const facts = [word.split(":")[0] + activation, here ? `${here.height} × ${here.width}` : sizeOf(layer), `${this.data.count} ${this.data.count === 1 ? "channel" : "channels"}`];
    if (layer.sees) facts.push(`sees ${layer.sees[0]} × ${layer.sees[1]}`);
    if (layer.parameters) facts.push(`${layer.parameters.toLocaleString("en")} params`);
    const told = facts.filter(Boolean).join(" · ");
    const explained = layer.sees ? `${told}\nParams: the numbers that it holds\nSees: the pixels of the network's input that one value can depend on, its receptive field` : told;
    this.title.replaceChildren(
      step(-1, "Previous layer ([)", "‹"), step(1, "Next layer (])", "›"),
      h("span", { class: "chip", style: `--chip: ${colour}`, title: word, "aria-hidden": "true" }, letter),
      h("h2", { title: layer.name }, layer.name), h("span", { class: "muted meta", title: explained }, told));
    const button = (text, label, title, act) => h("button", { type: "button", class: "button", "aria-label": label, title, onclick: act }, text);
    this.views.replaceChildren(
      ...this.viewChoice(layer),
      button("Pin", "Pin layer", "Pin the mean magnitude of this layer for the Compare page", () => this.pin({ kind: "layer" })),
      button("PNG", "Save all as PNG", "Save the chosen channel and all tiles in sight as one PNG", () => this.photograph()),
      button("?", "Help", "Keys and words (?)", () => this.help.showModal()));
  }

  viewChoice(layer) {
    if (layer.views.length < 2) return [];
    const switcher = choice("View of this layer", layer.views.map((view) => [view, viewName(view)]), (view) => hub.select({ view: view === layer.defaultView ? "" : view }));
    switcher.choose(hub.selection.view || layer.defaultView);
    return [switcher.element];
  }

  /** One picture of what is on screen: the chosen channel, the tiles in sight, and where they come from. */
  photograph() {
    if (!this.data.sheet) return;
    const { name } = this.told.picture;
    const { scaling, colours, gamma, overlay } = this.settings;
    const range = { channel: "each channel from its lowest to its highest value", layer: `${number(this.data.span[0])} to ${number(this.data.span[1])}, as the layer`, fixed: `${number(this.settings.low ?? 0)} to ${number(this.settings.high ?? 1)}` }[scaling];
    const drawn = [colours, range, ...(gamma === 1 ? [] : [`gamma ${gamma}`]), ...(overlay ? [`picture ${overlay}%`] : [])].join(", ");
    const panes = [{ canvas: this.cockpit.canvas, title: this.cockpit.title }, ...(this.isAbout ? [] : this.tiles.photographed())];
    const note = `U-Net Explorer · ${this.told.model} · ${name} · ${this.data.name} · ${drawn} · ${this.told.digest}`;
    download(compose(panes, note, themeOf(this.root)), `${this.told.model}_${this.data.name.replace(":", "_")}.png`);
  }

  get isAbout() {
    return this.root.dataset.area === "about";
  }

  /** Show all channels, or more about the chosen one. */
  turn(area) {
    this.settings.area = area;
    this.push();
    this.toolbar.areas.choose(area);
    set(this.root, "data-area", area);
    if (area === "about") this.about.show();
    else { this.tiles.resize(); this.tiles.choose(hub.selection.channel); }
  }

  enlarge(large) {
    this.root.classList.toggle("enlarged", large);
    say(this.cockpit.enlarger, large ? "Back" : "⤢");
    set(this.cockpit.enlarger, "aria-pressed", large ? "true" : "false");
    this.tiles.resize();
    this.tiles.choose(hub.selection.channel);
    this.repaint();
  }

  key(event) {
    const typing = event.composedPath()[0].matches?.("input, select, textarea, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || this.help.open || !this.root.isConnected) return;
    const go = (direction) => selectLayer(this.told.layers, neighbour(this.told.layers, hub.selection.layer, direction));
    const nearer = () => zoomAt(hub, hub.cursor, 1.5);
    if (event.shiftKey && event.key.startsWith("Arrow")) { event.preventDefault(); pan(event.key); return; }
    const act = {
      "?": () => this.help.showModal(),
      i: () => this.turn(this.isAbout ? "tiles" : "about"),
      Escape: () => { this.enlarge(false); hub.look({ zoom: 1 }); },
      "+": nearer, "=": nearer, "-": () => zoomAt(hub, hub.cursor, 1 / 1.5), 0: () => hub.look({ zoom: 1 }),
      "[": () => go(-1), "]": () => go(1),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
}

/** Move the camera by a tenth of what is in sight. */
function pan(key) {
  const [y, x] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[key];
  const { camera, size } = hub;
  hub.look({ y: camera.y + (y * size.height) / camera.zoom / 10, x: camera.x + (x * size.width) / camera.zoom / 10 });
}
