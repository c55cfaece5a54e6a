// What the network thinks of the pixel under the mouse: its most probable classes as bars.

import { h, say, set } from "../shared/dom.js";
import { css, swatch } from "./legend.js";

export class Probe {
  constructor(table, ranks) {
    this.table = table;
    this.place = h("span", { class: "place muted" });
    this.bars = Array.from({ length: ranks }, () => this.bar());
    this.fact = h("p", { class: "fact small" });
    this.element = h("section", { class: "probe", "aria-label": "Probabilities under the mouse" },
      h("h3", {}, "Under the mouse", this.place), this.fact, h("ol", {}, ...this.bars.map((bar) => bar.row)));
    this.show(null);
  }

  bar() {
    const mark = h("span", { class: "mark" });
    const name = h("span", { class: "text" });
    const fill = h("span", { class: "fill" });
    const figure = h("span", { class: "figure" });
    const row = h("li", {}, mark, name, h("span", { class: "track" }, fill), figure);
    return { row, mark, name, fill, figure };
  }

  /** Show {y, x, classes: [[id, probability, digits]], predicted, label, odd}, or null for "nowhere". */
  show(found) {
    say(this.place, found ? `row ${found.y}, column ${found.x}` : "");
    this.bars.forEach((bar, rank) => this.fill(bar, found?.classes[rank] ?? null));
    say(this.fact, found ? this.sentence(found) : "Point at the picture, or focus it and use the arrow keys.");
  }

  fill(bar, found) {
    set(bar.row, "class", found ? false : "empty");
    if (!found) { say(bar.name, ""); say(bar.figure, ""); bar.fill.style.width = "0"; bar.mark.replaceChildren(); bar.id = null; return; }
    const [id, probability, digits] = found;
    if (bar.id !== id) {
      bar.id = id;
      bar.mark.replaceChildren(swatch(this.table[id]));
      say(bar.name, this.table[id].name);
      bar.fill.style.background = css(this.table[id].colour);
      set(bar.row, "data-class", id);
    }
    bar.fill.style.width = `${(100 * (probability || 0)).toFixed(2)}%`;
    say(bar.figure, Number.isNaN(probability) ? "NaN" : `${digits < 4 ? "≈ " : ""}${probability.toFixed(digits)}`);
  }

  sentence({ label, predicted, odd }) {
    if (odd) return "The network gives NaN or infinity here, so no class.";
    if (label === undefined) return "";
    if (label === null) return "Not labelled here.";
    return `Labelled ${this.table[label].name}: ${predicted === label ? "right" : "wrong"}.`;
  }
}
