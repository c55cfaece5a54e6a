// How sure the network is of each pixel: entropy, or margin.

import { h, say, set } from "../shared/dom.js";
import { hub } from "../shared/hub.js";
import { fit } from "../shared/linked.js";
import { draw, mapIndex, steer } from "../shared/pane.js";
import { lookup, paint } from "../shared/colour.js";

export const DOUBTS = [
  ["entropy", "Entropy", "0: sure of one class. 1: all classes equally probable."],
  ["margin", "Margin", "How far the best class is ahead of the second. 0: undecided."],
];

export class DoubtPane {
  constructor([name, title, means]) {
    this.name = name;
    this.title = title;
    this.source = document.createElement("canvas");
    this.canvas = h("canvas", { role: "img", "aria-label": title });
    this.value = h("output", { class: "value" });
    this.frame = h("div", { class: "frame bone" }, this.canvas);
    steer(this.frame, hub, "ctrl");
    this.element = h("article", { class: "class doubt", "data-doubt": name },
      h("header", {}, h("h3", {}, title), this.value), this.frame,
      h("div", { class: "scale small" }, "0", h("span", { class: "ramp" }), "1", h("span", { class: "muted" }, means)));
  }

  /** The numbers have come: {header, entropy, margin}. */
  take(doubt) {
    this.header = doubt.header;
    this.levels = doubt[this.name];
    paint(this.source, this.levels, this.header.width, this.header.height, lookup("magma", 0, 1, 0, 1, 1));
    this.frame.classList.remove("bone");
    set(this.element, "data-ready", true);
  }

  draw() {
    fit(this.frame, this.canvas);
    const layers = this.levels ? [{ image: this.source, extent: this.header.extent, alpha: 1 }] : [];
    draw(this.canvas.getContext("2d"), hub.camera, hub.size, layers);
  }

  /** Write the value at a picture position. */
  read(point) {
    const index = point && this.levels ? mapIndex(point, this.header.extent, this.header.height, this.header.width) : -1;
    say(this.value, index < 0 ? "" : (this.levels[index] / 255).toFixed(2));
  }
}
