// The row of controls over the class map.

import { choice, h, say, set } from "../shared/dom.js";
import { button } from "../shared/linked.js";

const MODES = [
  ["probability", "Probability", "The class colour, as opaque as the class is probable; the line is the threshold"],
  ["mask", "Mask", "Everything that reaches the threshold"],
  ["errors", "Right and wrong", "Compared with the labels of this picture, at the threshold"],
];
const TOGGLES = [
  ["names", "Names", "Write the classes' names on the class map"],
  ["unsure", "Uncertainty", "Show entropy and margin: how sure the network is of each pixel"],
];

export class Tools {
  /** `onset({name: value})` for opacity, mode, names and unsure; `onadd(id)`; `onsave()`. */
  constructor({ onset, onadd, onsave }) {
    this.slider = h("input", { type: "range", min: 0, max: 100, step: 1, oninput: () => onset({ opacity: this.slider.value / 100 }) });
    this.opacity = h("output");
    this.modes = choice("What the panes show", MODES, (mode) => onset({ mode }));
    this.adder = h("select", { class: "button adder", "aria-label": "Add a class", onchange: () => { if (this.adder.value) onadd(Number(this.adder.value)); this.adder.value = ""; } });
    this.toggles = TOGGLES.map(([name, text, title]) => h("button", { type: "button", class: "button", title, "data-toggle": name, onclick: () => onset({ [name]: !this.shown[name] }) }, text));
    this.element = h("div", { class: "tools", role: "toolbar", "aria-label": "How the classes are drawn" },
      h("label", { class: "field" }, h("span", {}, "Opacity"), this.slider, this.opacity), this.modes.element, this.adder, ...this.toggles,
      button("Save PNG", "Save what is on screen as one PNG", onsave));
  }

  /** Bring the controls to what is shown: {opacity, mode, names, unsure}; `labelled`: whether right and wrong can be told. */
  fill(shown, labelled) {
    this.shown = shown;
    this.slider.value = Math.round(100 * shown.opacity);
    say(this.opacity, `${Math.round(100 * shown.opacity)}%`);
    this.modes.choose(shown.mode);
    for (const toggle of this.toggles) set(toggle, "aria-pressed", shown[toggle.dataset.toggle] ? "true" : "false");
    const errors = this.modes.element.querySelector('[data-value="errors"]');
    errors.disabled = !labelled;
    errors.title = labelled ? MODES[2][2] : "This picture has no labels to compare with";
  }

  /** Offer these classes of the table to be added. */
  offer(entries) {
    this.adder.replaceChildren(h("option", { value: "" }, "Add a class …"), ...entries.map((entry) => h("option", { value: entry.id }, entry.name)));
    this.adder.disabled = entries.length === 0;
  }
}
