// The legend of the class map: every class with its colour, name and share; hovering shows it alone, clicking hides it.

import { h, say, set } from "../shared/dom.js";
import { percent } from "./parts.js";
import { ERRORS, NAN } from "./screen.js";

export class Legend {
  /** `onhover(id or null)`, `onhide(id)`, `onadd(id)`. */
  constructor({ onhover, onhide, onadd }) {
    this.on = { onhover, onhide, onadd };
    this.rows = new Map();
    this.list = h("ul", { class: "rows", onpointerleave: () => onhover(null) });
    this.rest = h("details", { hidden: true }, h("summary", {}), h("ul", { class: "rows" }));
    this.list.append(...Array.from({ length: 6 }, () => h("li", { class: "bone waiting", "aria-hidden": "true" })));
    this.element = h("section", { class: "legend", "aria-label": "Legend" },
      h("h3", {}, "Classes", h("span", { class: "hint muted" }, matchMedia("(hover: none)").matches ? "tap hides" : "hover shows, click hides")), this.list, this.rest);
    this.heads = h("li", { class: "heads", "aria-hidden": "true" }, h("span"), h("span", {}, "of picture"), h("span", { title: "Intersection over union with the labels of this picture" }, "IoU"), h("span"));
  }

  /** Show the classes: `shares` of the picture, `iou` or null, largest first; absent ones are folded away. `odd`: share without numbers. */
  fill(table, shares, iou, odd = 0) {
    this.rows.clear();
    const order = table.map((entry) => entry.id).sort((a, b) => shares[b] - shares[a] || a - b);
    const present = order.filter((id) => shares[id] > 0);
    const absent = order.filter((id) => !(shares[id] > 0));
    this.heads.children[2].hidden = !iou;
    this.list.replaceChildren(this.heads, ...present.map((id) => this.row(table[id], shares[id], iou?.[id])), ...(odd > 0 ? [oddRow(odd)] : []));
    this.rest.hidden = absent.length === 0;
    say(this.rest.firstChild, `${absent.length} ${absent.length === 1 ? "class" : "classes"} not found in this picture`);
    this.rest.lastChild.replaceChildren(...absent.map((id) => this.row(table[id], 0, iou?.[id])));
  }

  row(entry, share, iou) {
    const bar = h("span", { class: "bar" });
    bar.style.width = `${Math.max(share > 0 ? 1 : 0, 100 * share)}%`;
    bar.style.background = css(entry.colour);
    const name = h("button", {
      type: "button", class: "name", "aria-pressed": "true", title: `Hide or show ${entry.name}`,
      onclick: () => this.on.onhide(entry.id), onfocus: () => this.on.onhover(entry.id), onblur: () => this.on.onhover(null),
    }, swatch(entry), h("span", { class: "text" }, entry.name));
    const add = h("button", { type: "button", class: "add", title: `Show the probability of ${entry.name} below`, "aria-label": `Show the probability of ${entry.name}`, onclick: () => this.on.onadd(entry.id) }, "+");
    const row = h("li", { "data-class": entry.id, onpointerenter: () => this.on.onhover(entry.id) },
      name, h("span", { class: "share" }, h("span", {}, bar), h("span", { class: "figure" }, percent(share))),
      iou === undefined ? h("span") : h("span", { class: "iou figure", title: "IoU of this class in this picture" }, iou === null ? "–" : iou.toFixed(2)), add);
    this.rows.set(entry.id, { row, name, add });
    return row;
  }

  /** Mark what is hidden, shown in a pane, or under the mouse. */
  mark(hidden, chosen, hovered) {
    for (const [id, { row, name, add }] of this.rows) {
      set(name, "aria-pressed", hidden.has(id) ? "false" : "true");
      set(row, "class", [hidden.has(id) && "hidden", hovered === id && "hovered"].filter(Boolean).join(" ") || false);
      set(add, "disabled", chosen.includes(id));
      say(add, chosen.includes(id) ? "✓" : "+");
    }
  }
}

/** Where the network gave no number: no class, so nothing to hide or to add. */
function oddRow(share) {
  const mark = h("span", { class: "swatch nan", "aria-hidden": "true" });
  const [one, two] = NAN.colours.map(css);
  mark.style.background = `repeating-conic-gradient(${one} 0 25%, ${two} 0 50%) 0 0 / 8px 8px`;
  return h("li", { class: "odd", title: "The network gives NaN or infinity there" },
    h("span", { class: "name" }, mark, h("span", { class: "text" }, "Not a number")), h("span", { class: "share" }, h("span"), h("span", { class: "figure" }, percent(share))), h("span"), h("span"));
}

export function css([red, green, blue]) {
  return `rgb(${red} ${green} ${blue})`;
}

/** The colour of a class with its number on it, so that it does not depend on the colour alone. */
export function swatch(entry) {
  const [red, green, blue] = entry.colour;
  const dark = 0.2126 * red ** 2.2 + 0.7152 * green ** 2.2 + 0.0722 * blue ** 2.2 < 0.18 * 255 ** 2.2;
  const mark = h("span", { class: "swatch", "aria-hidden": "true" }, String(entry.id));
  mark.style.background = css(entry.colour);
  mark.style.color = dark ? "#fff" : "#000";
  return mark;
}

/** What the colours and patterns of right and wrong mean. */
export function outcomeKey() {
  return h("div", { class: "key", hidden: true }, ...ERRORS.map((row) => h("span", { title: row.means }, patternOf(row), row.name)));
}

function patternOf({ colour, pattern }) {
  const canvas = h("canvas", { width: 24, height: 24, class: "pattern", "aria-hidden": "true" });
  const context = canvas.getContext("2d");
  context.fillStyle = css(colour);
  for (let y = 0; y < 24; y++) for (let x = 0; x < 24; x++) if (pattern(x, y, 12)) context.fillRect(x, y, 1, 1);
  return canvas;
}
