// The grid: as many tiles as fit the window, however many channels there are.

import { h, number, perFrame, say, set } from "../shared/dom.js";
import { hub } from "../shared/hub.js";
import { draw, inPercent, steer } from "../shared/pane.js";
import { paint } from "../shared/colour.js";

const GAP = 10;
const CAPTION = 20;
const HEADING = 26;
const SMALLEST = { fit: 112, small: 96, medium: 168, large: 300 };
const MARKS = { zero: "dead", constant: "constant", nan: "NaN", inf: "∞" };

export class Tiles {
  /** `onpick(channel, opened)` is called for a click, arrow keys, and Enter; `onscroll()` when other tiles have come into sight. */
  constructor({ onpick, onscroll }) {
    this.onpick = onpick;
    this.made = new Map();
    this.order = [];
    this.segments = [];
    this.size = "fit";
    this.data = null;
    this.spacer = h("div", { class: "spacer" });
    this.element = h("div", {
      class: "scroller", role: "listbox", tabindex: "0", "aria-label": "Channels", "aria-orientation": "horizontal",
      onscroll: perFrame(() => { this.arrange(true); onscroll(); }), onkeydown: (event) => this.key(event),
    }, this.spacer);
    new ResizeObserver(perFrame(() => this.resize())).observe(this.element);
  }

  /** Show the channels of a LayerData in `order`; `names` and `idle` give what is written under a channel. */
  show({ data, order, segments, names, idle }) {
    Object.assign(this, { data, order, segments, names, idle, count: order.length });
    this.refresh();
    this.resize();
  }

  /** Draw with other settings (colours, scaling, gamma, overlay), over a picture where that shines through. */
  dress(settings, image) {
    Object.assign(this, { settings, image });
    this.refresh();
    this.draw();
  }

  /** Colour some channels anew before they are drawn next; all unless given. */
  refresh(channels = null) {
    for (const tile of this.made.values()) tile.stale ||= !channels || channels.includes(tile.channel);
  }

  /** The channels that have tiles now. */
  inSight() {
    return [...this.made.values()].map((tile) => tile.channel);
  }

  /** Where a slot is: row and column. The halves of a concatenation stand side by side. */
  place(slot) {
    if (!this.halved) return [Math.floor(slot / this.columns), slot % this.columns];
    const half = slot < this.segments[0].stop ? 0 : 1;
    const within = slot - this.segments[half].start;
    const wide = this.columns / 2;
    return [Math.floor(within / wide), half * wide + (within % wide)];
  }

  resize() {
    const room = this.element.clientWidth - 12;
    if (!this.count) return;
    if (room <= 0) { this.forget(); return; }
    this.columns = this.fittingColumns(room);
    const seam = this.halved ? GAP * 2 : 0;
    this.wide = Math.floor((room - seam - GAP * (this.columns - 1)) / this.columns);
    this.tall = Math.max(12, Math.round((this.wide * hub.size.height) / hub.size.width));
    this.seam = seam;
    const last = Math.max(...[...new Set([this.count - 1, (this.segments[0]?.stop ?? 1) - 1])].map((slot) => this.place(slot)[0]));
    this.spacer.style.height = `${this.top(last + 1)}px`;
    this.headings();
    this.arrange();
  }

  /** Out of sight there are no tiles: they would be of the channels of the layer before. */
  forget() {
    for (const slot of [...this.made.keys()]) this.letGo(slot);
  }

  /** Take a tile away, and the pixels of its canvases at once: garbage is collected late. */
  letGo(slot) {
    const { element, canvas, source } = this.made.get(slot);
    element.remove();
    this.made.delete(slot);
    canvas.width = source.width = 0;
  }

  get halved() {
    return this.segments.length === 2 && this.order.every((channel, slot) => channel === slot) && this.element.clientWidth > 420;
  }

  /** The fewest columns with which all channels are in sight; never tiles narrower than the chosen size allows. */
  fittingColumns(room) {
    const least = SMALLEST[this.size] * Math.min(1, Math.max(0.6, hub.size.width / hub.size.height / 1.5));
    const most = Math.max(this.halved ? 2 : 1, Math.floor((room + GAP) / (least + GAP)));
    const even = (columns) => (this.halved ? Math.max(2, columns - (columns % 2)) : columns);
    if (this.size !== "fit") return even(most);
    for (let columns = this.halved ? 2 : 1; columns <= most; columns += this.halved ? 2 : 1) {
      const wide = (room - GAP * (columns - 1)) / columns;
      const rows = Math.ceil((this.halved ? this.count / 2 : this.count) / (this.halved ? columns / 2 : columns));
      const tall = (wide * hub.size.height) / hub.size.width + CAPTION + GAP;
      if (rows * tall + (this.halved ? HEADING : 0) <= this.element.clientHeight) return columns;
    }
    return even(most);
  }

  top(row) {
    return row * (this.tall + CAPTION + GAP) + (this.halved ? HEADING : 0);
  }

  left(column) {
    return column * (this.wide + GAP) + (this.halved && column >= this.columns / 2 ? this.seam : 0) + 4;
  }

  headings() {
    this.titles ??= [0, 1].map(() => { const title = h("div", { class: "half" }); this.spacer.append(title); return title; });
    this.titles.forEach((title, half) => {
      title.hidden = !this.halved;
      if (!this.halved) return;
      const { from, start, stop, tag } = this.segments[half];
      title.replaceChildren(h("b", {}, tag === "from below" ? "From below" : "From the encoder"), ` ${from} · channels ${start + 1}–${stop}`);
      title.style.left = `${this.left((half * this.columns) / 2)}px`;
    });
  }

  /** Make the tiles in sight, and two rows around them; let go of the others. After scrolling, those that stay are drawn already. */
  arrange(scrolled = false) {
    if (!this.columns) return;
    const pitch = this.tall + CAPTION + GAP;
    const first = Math.floor(this.element.scrollTop / pitch) - 2;
    const last = Math.ceil((this.element.scrollTop + this.element.clientHeight) / pitch) + 2;
    const wanted = new Set();
    for (let slot = 0; slot < this.count; slot++) {
      const [row] = this.place(slot);
      if (row >= first && row <= last) wanted.add(slot);
      else if (!this.halved && row > last) break;
    }
    for (const slot of [...this.made.keys()]) if (!wanted.has(slot)) this.letGo(slot);
    for (const slot of wanted) this.put(slot);
    this.draw(scrolled);
  }

  put(slot) {
    if (!this.made.has(slot)) this.made.set(slot, this.make(slot));
    const tile = this.made.get(slot);
    const channel = this.order[slot] ?? slot;
    if (tile.channel !== channel) { tile.stale = true; tile.channel = channel; }
    const [row, column] = this.place(slot);
    tile.element.style.transform = `translate(${this.left(column)}px, ${this.top(row)}px)`;
    tile.element.style.width = `${this.wide}px`;
    tile.frame.style.height = `${this.tall}px`;
    this.caption(tile);
  }

  make() {
    const canvas = h("canvas");
    const frame = h("div", { class: "frame" }, canvas);
    const name = h("span", { class: "name" });
    const mark = h("span", { class: "mark" });
    const value = h("span", { class: "value" });
    const element = h("div", { class: "tile", role: "option" }, frame, h("div", { class: "caption" }, name, mark, value));
    const tile = { element, frame, canvas, name, mark, value, source: document.createElement("canvas"), stale: true };
    element.onclick = () => this.onpick(tile.channel, false);
    element.ondblclick = () => this.onpick(tile.channel, true);
    steer(frame, hub, "ctrl");
    this.spacer.append(element);
    return tile;
  }

  caption(tile) {
    const { channel, element } = tile;
    const label = this.names?.[channel] ?? "";
    const mark = MARKS[this.data.header?.marks[channel]] ?? "";
    say(tile.name, `${channel + 1}${label ? ` ${label}` : ""}`);
    say(tile.mark, mark);
    set(element, "id", `channel-${channel}`);
    set(element, "data-channel", channel);
    set(element, "aria-selected", channel === this.chosen ? "true" : "false");
    set(element, "aria-label", `Channel ${channel + 1}${label ? `, ${label}` : ""}${mark ? `, ${mark}` : ""}`);
    if (!hub.cursor) say(tile.value, this.idle(channel));
    set(tile.frame, "class", this.data.sheet ? "frame" : "frame bone");
  }

  /** Draw all tiles as camera and settings are now, or only those that were not drawn yet. */
  draw(onlyNew = false) {
    if (!this.data || !this.settings || !this.columns) return;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(this.wide * ratio), Math.round(this.tall * ratio)];
    const { overlay } = this.settings;
    const under = overlay && this.image ? [{ image: this.image, extent: [0, 0, hub.size.height, hub.size.width], alpha: 1 }] : [];
    for (const tile of this.made.values()) {
      if (onlyNew && !tile.stale) continue;
      if (tile.canvas.width !== width || tile.canvas.height !== height) { tile.canvas.width = width; tile.canvas.height = height; }
      const context = tile.canvas.getContext("2d");
      if (!this.data.sheet) { context.clearRect(0, 0, width, height); continue; }
      if (tile.stale) this.colour(tile);
      draw(context, hub.camera, hub.size, [...under, { image: tile.source, extent: this.data.header.extent, alpha: under.length ? 1 - overlay / 100 : 1 }]);
    }
  }

  colour(tile) {
    const { bytes, height, width } = this.data.best(tile.channel);
    paint(tile.source, bytes, width, height, this.data.lookup(tile.channel, this.settings));
    tile.stale = false;
  }

  /** The mouse is elsewhere: the crosshair, and the value under it on every tile. */
  point() {
    const point = hub.cursor;
    const at = inPercent(point, hub.camera, hub.size);
    set(this.element, "data-on", Boolean(at));
    if (at) for (const [name, value] of Object.entries(at)) this.element.style.setProperty(name, value);
    for (const tile of this.made.values()) say(tile.value, point ? this.written(tile.channel, point) : this.idle(tile.channel));
  }

  written(channel, point) {
    const found = this.data.sheet ? this.data.valueAt(channel, point) : null;
    return found ? `${found.exact ? "" : "≈ "}${number(found.value)}` : "";
  }

  /** The tiles in sight with their captions, in reading order, for a picture of the page. */
  photographed() {
    const box = this.element.getBoundingClientRect();
    const isSeen = ({ frame }) => { const { top, bottom } = frame.getBoundingClientRect(); return bottom > box.top && top < box.bottom; };
    return [...this.made].sort(([a], [b]) => a - b).map(([, tile]) => tile).filter(isSeen)
      .map((tile) => ({ canvas: tile.canvas, title: [tile.name.textContent, tile.mark.textContent].filter(Boolean).join(" · ") }));
  }

  /** Mark a channel as chosen and bring it into sight. */
  choose(channel, reveal = true) {
    this.chosen = channel;
    for (const tile of this.made.values()) set(tile.element, "aria-selected", tile.channel === channel ? "true" : "false");
    set(this.element, "aria-activedescendant", `channel-${channel}`);
    if (!reveal || !this.columns) return;
    const [row] = this.place(Math.max(0, this.order.indexOf(channel)));
    const top = this.top(row);
    const { scrollTop, clientHeight } = this.element;
    if (top < scrollTop) this.element.scrollTop = top - HEADING;
    else if (top + this.tall + CAPTION > scrollTop + clientHeight) this.element.scrollTop = top + this.tall + CAPTION + GAP - clientHeight;
  }

  key(event) {
    const slot = Math.max(0, this.order.indexOf(this.chosen));
    const wide = this.halved ? this.columns / 2 : this.columns;
    const page = wide * Math.max(1, Math.floor(this.element.clientHeight / (this.tall + CAPTION + GAP)));
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: wide, ArrowUp: -wide, PageDown: page, PageUp: -page, Home: -slot, End: this.count - 1 - slot }[event.key];
    if (event.key === "Enter") this.onpick(this.chosen, true);
    else if (step === undefined || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    else {
      const next = slot + step;
      if (next >= 0 && next < this.count) this.onpick(this.order[next], false);
    }
    event.preventDefault();
  }
}
