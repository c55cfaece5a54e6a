// How the channels are ordered and drawn: all of it takes effect in the browser.

import { choice, h, number, say, set } from "../shared/dom.js";
import { names as colourNames } from "../shared/colour.js";

/** Sorting orders: what they are called, and how the number they sort by is written on a tile. */
export const SORTS = {
  index: ["By number", null],
  mean: ["By mean", number],
  deviation: ["By deviation", number],
  zeros: ["By zeros", (value) => `${(100 * value).toFixed(1)}%`],
  entropy: ["By entropy", (value) => `${value.toFixed(2)} bits`],
  here: ["By value here", number],
  agreement: ["By class …", (value) => value.toFixed(3).replace("-", "−")],
};
const SIZES = [["fit", "Fit all"], ["small", "Small"], ["medium", "Medium"], ["large", "Large"]];
const SCALINGS = [
  ["channel", "Channel", "Each channel from its own lowest to its own highest value"],
  ["layer", "Layer", "All channels share one range, so that their brightness compares"],
  ["fixed", "Fixed", "A range you type; values beyond it are clipped"],
];
const AREAS = [
  ["tiles", "Channels", "All channels of the layer"],
  ["about", "This channel", "Where it fires, on which classes, what is like it, its kernel (i)"],
];

export class Toolbar {
  /** `onchange(settings)`, `onarea(what is below)`. */
  constructor({ onchange, onarea }) {
    const change = (name, read) => (event) => onchange({ [name]: read(event.target) });
    const text = (target) => target.value;
    const options = (rows) => rows.map(([value, label]) => h("option", { value }, label));
    const select = (label, title, onpick, rows = []) => h("select", { "aria-label": label, title, onchange: onpick }, ...options(rows));
    this.sort = select("Sort", "Order of the channels, highest first; “here” is where the mouse rests in the large pane or in the map", change("sort", text), Object.entries(SORTS).map(([name, [label]]) => [name, label]));
    this.rival = select("Class to agree with", "Correlation of each channel with where this class was predicted", change("rival", (target) => Number(target.value)));
    this.size = select("Tiles", "Size of the tiles", change("tiles", text), SIZES);
    this.colours = select("Colours", "Colour map", change("colours", text), colourNames.map((name) => [name, name[0].toUpperCase() + name.slice(1)]));
    this.gamma = h("input", { type: "range", min: -2, max: 2, step: 0.1, oninput: change("gamma", (target) => Number((2 ** -target.value).toFixed(3))) });
    this.overlay = h("input", { type: "range", min: 0, max: 100, step: 5, oninput: change("overlay", (target) => Number(target.value)) });
    const bound = (name, label) => h("input", { type: "number", step: "any", "aria-label": label, onchange: change(name, readNumber) });
    this.low = bound("low", "Lowest value of the range");
    this.high = bound("high", "Highest value of the range");
    this.fixed = h("span", { class: "field" }, this.low, "to", this.high);
    this.scaling = choice("Scaling", SCALINGS, (scaling) => onchange({ scaling }));
    this.areas = choice("What is below", AREAS, onarea);
    this.areas.choose("tiles");
    this.gammaOut = h("output");
    this.overlayOut = h("output");
    const field = (label, ...parts) => h("label", { class: "field" }, h("span", {}, label), ...parts);
    this.element = h("div", { class: "tools", role: "toolbar", "aria-label": "How the channels are drawn" },
      this.areas.element, h("span", { class: "field for-tiles" }, this.sort, this.rival, this.size), h("span", { class: "field" }, this.colours),
      h("div", { class: "field" }, this.scaling.element, this.fixed),
      field("Gamma", this.gamma, this.gammaOut), field("Picture", this.overlay, this.overlayOut));
  }

  /** The classes that channels can be sorted by. */
  offer(classes) {
    this.rival.replaceChildren(...classes.map((name, id) => h("option", { value: id }, name)));
  }

  /** Bring the controls to what the settings say. */
  fill({ sort, rival, tiles, colours, scaling, low, high, gamma, overlay }) {
    this.sort.value = sort;
    this.rival.hidden = sort !== "agreement";
    this.rival.value = rival;
    this.size.value = tiles;
    this.colours.value = colours;
    this.scaling.choose(scaling);
    this.fixed.hidden = scaling !== "fixed";
    this.low.value = low ?? "";
    this.high.value = high ?? "";
    this.gamma.value = -Math.log2(gamma);
    this.overlay.value = overlay;
    // The slider of gamma is logarithmic: its own numbers say nothing.
    set(this.gamma, "aria-valuetext", gamma.toFixed(2));
    say(this.gammaOut, gamma.toFixed(2));
    say(this.overlayOut, `${overlay}%`);
  }
}

function readNumber(target) {
  return target.value === "" || !Number.isFinite(Number(target.value)) ? null : Number(target.value);
}
