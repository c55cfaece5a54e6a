// The help dialog: every key, and the words a newcomer may not know.

import { h } from "./dom.js";

const KEYS = [
  [["←", "→", "↑", "↓"], "another channel (in the grid and the large pane), another layer (in the map and the list), another bar (in the histogram)"],
  [["Shift ←", "→", "↑", "↓"], "move what is seen, when near"],
  [["[", "]"], "previous and next layer"],
  [["/"], "search the layers"],
  [["Enter"], "the chosen channel as large as the window"],
  [["Esc"], "back, and see everything"],
  [["+", "−", "0"], "zoom in, zoom out, everything; the wheel zooms the large pane, Ctrl and the wheel any pane; two fingers pinch, one points, or pans when near"],
  [["i"], "more about the chosen channel, and back to all of them"],
  [["?"], "this help"],
];
const WORDS = [
  ["Channel", "one feature map of a layer. Captions count from 1, as articles do; addresses count from 0."],
  ["Scaling", "which value gets the first and the last colour: those of the channel, of the whole layer, or fixed ones."],
  ["≈", "read from the small tile, whose pixels are averages in 256 steps. The chosen channel's own value follows once the mouse rests."],
  ["Sees", "the receptive field: how many pixels of the network's input, high and wide, one value can depend on; the dashed box around the crosshair in the large pane shows them."],
  ["Histogram", "point at a bar and its values light up in the large pane; drag over bars to make them the fixed range; double click to undo that."],
  ["Class there", "what the network says the place under the mouse is: its most probable class."],
  ["Dead", "all values are 0 for this picture; the unit did not fire anywhere."],
];

const ABOUT = [
  "The map shows the network as the U it is: the picture goes down the encoder on the left, each step half as large with twice the channels, and up the decoder on the right until every pixel has a class. The dashed arrows are the skips: they carry the encoder's detail across.",
  "Click a stage, or a layer in the list: all its channels come up, one of them large. A channel is a picture of how strongly one learned feature is present at each place.",
];

export function helpDialog() {
  const dialog = h("dialog", { class: "help", "aria-label": "Keys and words" });
  const rows = KEYS.map(([keys, text]) => h("tr", {}, h("td", {}, ...keys.flatMap((key) => [h("kbd", {}, key), " "])), h("td", {}, text)));
  const words = WORDS.map(([word, text]) => h("tr", {}, h("td", {}, h("b", {}, word)), h("td", {}, text)));
  // First, so that opening the dialog shows its beginning: the browser scrolls to what it focuses.
  const close = h("button", { type: "button", class: "button close", onclick: () => dialog.close() }, "Close");
  dialog.append(close, h("h2", {}, "What you see"), ...ABOUT.map((text) => h("p", {}, text)), h("h2", { style: "margin-top: 16px" }, "Keys"), h("table", {}, ...rows), h("h2", { style: "margin-top: 16px" }, "Words"), h("table", {}, ...words));
  dialog.onclick = (event) => { if (event.target === dialog) dialog.close(); };
  return dialog;
}
