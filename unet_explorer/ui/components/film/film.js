// A slider through the epochs of a training: picture, label map and prediction of a fixed picture, one below the other or,
// where they are not wide, beside each other. All frames of the chosen picture are fetched ahead, so scrubbing asks nobody.

import { h, isDark, say, set } from "../shared/dom.js";

const mounted = new WeakMap();
const PLAY_MS = 6000;
const SLOWEST_MS = 700;
const KINDS = ["Picture", "Label map", "Prediction"];
const WIDE = 1.7;

export default function (component) {
  const root = component.parentElement.querySelector(".root");
  if (!mounted.has(root)) mounted.set(root, new Film(root));
  const film = mounted.get(root);
  film.accept(component.data);
  return () => { film.leave(); mounted.delete(root); };
}

class Film {
  constructor(root) {
    this.root = root;
    this.images = new Map();
    this.at = 0;
    this.picture = 0;
    this.follows = true;
    this.timer = 0;
    this.frames = [];
    this.build();
  }

  leave() {
    this.stop();
  }

  build() {
    this.play = h("button", { type: "button", class: "button", onclick: () => (this.timer ? this.stop() : this.start()) }, "Play");
    this.slider = h("input", { type: "range", min: 0, max: 0, value: 0, "aria-label": "Epoch", oninput: () => this.moved(Number(this.slider.value)) });
    this.where = h("output", { class: "where" });
    this.chooser = h("div", { class: "chooser", role: "group", "aria-label": "Which picture" });
    this.panes = KINDS.map((kind) => {
      const canvas = h("canvas", { role: "img", "aria-label": kind, class: "bone" });
      return { kind, canvas, figure: h("figure", {}, canvas, h("figcaption", { class: "muted small" }, kind)) };
    });
    this.strip = h("div", { class: "strip" }, ...this.panes.map((pane) => pane.figure));
    this.note = h("p", { class: "muted small", role: "status" });
    this.root.replaceChildren(h("div", { class: "bar" }, this.play, this.slider, this.where), this.strip, this.chooser, this.note);
    // Until now shell.css has kept the place.
    this.root.getRootNode().host.dataset.built = "";
  }

  accept({ base, frames, pictures, epochs }) {
    this.root.style.colorScheme = isDark(this.root) ? "dark" : "light";
    if (base !== this.base) {
      this.base = base;
      this.images.clear();
      this.follows = true;
      this.picture = 0;
    }
    this.frames = frames;
    this.epochs = epochs;
    set(this.slider, "max", Math.max(frames.length - 1, 0));
    if (this.follows || this.at >= frames.length) this.at = frames.length - 1;
    this.slider.disabled = this.play.disabled = frames.length < 2;
    this.choices(pictures);
    this.fetchAhead();
    this.show();
  }

  choices(count) {
    if (this.chooser.childElementCount !== count) {
      this.chooser.replaceChildren(...Array.from({ length: count }, (_, number) =>
        h("button", { type: "button", class: "button", onclick: () => this.choose(number) }, `Picture ${number + 1}`)));
    }
    this.chooser.hidden = count < 2;
    [...this.chooser.children].forEach((button, number) => set(button, "aria-pressed", number === this.picture ? "true" : "false"));
  }

  choose(number) {
    this.picture = number;
    this.choices(this.chooser.childElementCount);
    this.fetchAhead();
    this.show();
  }

  moved(at) {
    this.stop();
    this.at = at;
    this.follows = at === this.frames.length - 1;
    this.show();
  }

  start() {
    if (this.at >= this.frames.length - 1) this.at = 0;
    say(this.play, "Pause");
    const tick = () => {
      this.show();
      if (this.at >= this.frames.length - 1) { this.follows = true; this.stop(); return; }
      this.timer = setTimeout(() => { this.at += 1; tick(); }, Math.min(SLOWEST_MS, PLAY_MS / this.frames.length));
    };
    this.follows = false;
    tick();
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = 0;
    say(this.play, "Play");
  }

  address([epoch, version]) {
    return `${this.base}/${String(epoch).padStart(6, "0")}_${this.picture}.png?v=${version}`;
  }

  image(frame) {
    const address = this.address(frame);
    if (!this.images.has(address)) {
      const image = new Image();
      image.onload = () => this.show();
      image.onerror = () => { this.images.delete(address); say(this.note, "A preview could not be fetched: is the app still running?"); };
      image.src = address;
      this.images.set(address, image);
    }
    return this.images.get(address);
  }

  /** Keep the frames of the chosen picture, and only those: the browser's own cache has the others. */
  fetchAhead() {
    const wanted = new Set(this.frames.map((frame) => this.address(frame)));
    for (const address of this.images.keys()) if (!wanted.has(address)) this.images.delete(address);
    for (const frame of this.frames) this.image(frame);
  }

  show() {
    const frame = this.frames[this.at];
    this.slider.value = Math.max(this.at, 0);
    if (!frame) {
      say(this.where, "");
      say(this.note, "The first previews come with the first epochs.");
      return;
    }
    const label = `epoch ${frame[0]}` + (this.epochs ? ` of ${this.epochs}` : "");
    say(this.where, label);
    set(this.slider, "aria-valuetext", label);
    const image = this.image(frame);
    if (!image.complete || !image.naturalWidth) return;
    say(this.note, "");
    this.draw(image, label);
    set(this.root, "data-ready", `${frame[0]}_${this.picture}`);
  }

  draw(image, label) {
    const width = image.naturalWidth, height = Math.floor(image.naturalHeight / KINDS.length);
    set(this.strip, "data-wide", width / height >= WIDE ? "true" : "false");
    this.panes.forEach(({ kind, canvas }, place) => {
      if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
      canvas.getContext("2d").drawImage(image, 0, place * height, width, height, 0, 0, width, height);
      canvas.className = "";
      set(canvas, "aria-label", place === 2 ? `${kind} for picture ${this.picture + 1} after ${label}` : `${kind} ${this.picture + 1}`);
    });
  }
}
