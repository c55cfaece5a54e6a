// More about the chosen channel: where it fires, on which classes, which channels are like it, and its kernel.

import { h, number } from "../shared/dom.js";
import { hub } from "../shared/hub.js";
import { ask } from "../shared/net.js";
import { gradient, lookup, paint } from "../shared/colour.js";

const BARS = 9;

export class About {
  constructor(browser) {
    this.browser = browser;
    this.element = h("div", { class: "about", role: "region", "aria-label": "About this channel" });
  }

  /** Show the chosen channel; skeletons until the answers come. */
  async show() {
    const { browser } = this;
    const { channel } = hub.selection;
    const { data } = browser;
    const layer = data.name;
    this.asking?.abort();
    this.asking = new AbortController();
    const { signal } = this.asking;
    if (this.shown !== layer) {
      this.minis = [];
      this.element.replaceChildren(...Array.from({ length: 4 }, () => h("div", { class: "card bone" })));
    }
    try {
      const [relations, about] = await Promise.all([
        ask(browser.offer, "relations", { layer }, signal),
        ask(browser.offer, "channel", { layer, channel }, signal),
      ]);
      if (signal.aborted || !data.sheet) return;
      this.shown = layer;
      this.element.replaceChildren(
        this.places(about.header.places), this.classes(relations.header.classes, channel),
        this.alike(relations.header.alike[channel]), this.kernel(about));
      this.recolour();
    } catch (error) {
      if (error.name !== "AbortError") { this.element.replaceChildren(h("div", { class: "notice" }, error.message)); browser.failed(error); }
    }
  }

  card(title, why, ...content) {
    return h("section", { class: "card" }, h("h3", {}, title), h("p", { class: "why" }, why), ...content);
  }

  places(places) {
    const { image } = this.browser;
    if (!places.length) return this.card("Fires strongest at", "Nowhere: every value of this channel is the same.");
    const span = Math.max(24, Math.min(hub.size.height, hub.size.width) / 3);
    const minis = places.slice(0, 4).map(({ y, x, value }) => {
      const canvas = h("canvas", { width: 180, height: 120 });
      const button = h("button", { type: "button", class: "mini", title: "Look there", onclick: () => hub.look({ y, x, zoom: Math.max(2, hub.size.height / span) }) },
        canvas, h("span", {}, h("span", {}, `${Math.floor(y)}, ${Math.floor(x)}`), h("b", {}, number(value))));
      if (image) this.crop(canvas, image, y, x, span);
      return button;
    });
    return this.card("Fires strongest at", "Row and column of your picture, and the value there.", h("div", { class: "minis" }, ...minis));
  }

  crop(canvas, image, y, x, span) {
    const context = canvas.getContext("2d");
    const [tall, wide] = [span, span * 1.5];
    const top = Math.min(Math.max(y - tall / 2, 0), Math.max(0, hub.size.height - tall));
    const left = Math.min(Math.max(x - wide / 2, 0), Math.max(0, hub.size.width - wide));
    context.drawImage(image, left, top, wide, tall, 0, 0, canvas.width, canvas.height);
    const [cx, cy] = [((x - left) / wide) * canvas.width, ((y - top) / tall) * canvas.height];
    for (const [colour, width] of [["#000", 5], ["#fff", 2.5]]) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.beginPath();
      context.arc(cx, cy, 13, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  classes(classes, channel) {
    if (!classes.length) return this.card("On each class", "This network does not end in a map of classes.");
    const rows = classes.map(({ name, colour, means, share }) => ({ name, colour, share, mean: means[channel] })).filter(({ mean }) => mean !== null)
      .sort((a, b) => b.mean - a.mean).slice(0, BARS);
    const low = Math.min(0, ...rows.map(({ mean }) => mean));
    const high = Math.max(0, ...rows.map(({ mean }) => mean));
    const share = (value) => (high > low ? ((value - low) / (high - low)) * 100 : 0);
    const bars = rows.map(({ name, colour, mean, share: covered }) => {
      const [from, to] = [Math.min(share(0), share(mean)), Math.max(share(0), share(mean))];
      return h("div", { class: "bar", title: `${name} covers ${(100 * covered).toFixed(1)}% of the map` },
        h("span", { class: "swatch", style: `background: rgb(${colour.join(" ")})` }), h("b", {}, name),
        h("span", { class: "track" }, h("i", { style: `left: ${from}%; width: ${to - from}%` })), h("output", {}, number(mean)));
    });
    const left = classes.length - rows.length;
    return this.card("On each class", `Mean value where the network predicts the class${left > 0 ? `; the ${rows.length} highest of ${classes.length}` : ""}.`, ...bars);
  }

  alike(alike) {
    this.minis = [];
    if (!alike.length) return this.card("Most alike in this layer", "No channel varies together with this one.");
    const buttons = alike.slice(0, 6).map(([channel, correlation]) => {
      const canvas = h("canvas", { style: `aspect-ratio: ${hub.size.width} / ${hub.size.height}` });
      this.minis.push([canvas, channel]);
      return h("button", { type: "button", class: "mini", title: `Go to channel ${channel + 1}`, onclick: () => hub.select({ channel }) },
        canvas, h("span", {}, h("span", {}, `${channel + 1}`), h("b", {}, correlation.toFixed(3).replace("-", "−"))));
    });
    return this.card("Most alike in this layer", "Correlation over all pixels, either way: 1 the same, −1 the opposite.", h("div", { class: "minis" }, ...buttons));
  }

  /** Draw the small tiles as the grid draws its own. */
  recolour() {
    const { data, settings } = this.browser;
    if (!data.sheet) return;
    for (const [canvas, channel] of this.minis ?? []) {
      const { bytes, height, width } = data.coarse(channel);
      paint(canvas, bytes, width, height, data.lookup(channel, settings));
    }
  }

  kernel({ header: { kernel }, buffer, offset }) {
    if (!kernel) return this.card("Kernel", "Only convolutions have one; this layer computes without weights of that kind.");
    const [height, width] = kernel.size;
    const size = height * width;
    const values = new Float32Array(buffer, offset, size * kernel.inputs.length);
    const table = lookup("diverging", 0, 255, 0, 255, 1);
    const slices = kernel.inputs.map((input, i) => {
      const canvas = h("canvas", { role: "img", "aria-label": `Slice for input channel ${input + 1}` });
      const bytes = Uint8Array.from({ length: size }, (_, k) => Math.round(127.5 + (127.5 * values[i * size + k]) / (kernel.largest || 1)));
      paint(canvas, bytes, width, height, table);
      return h("div", { class: "slice", title: `Input channel ${input + 1}: norm ${number(kernel.norms[i])}` }, canvas, `${input + 1}`);
    });
    const ramp = h("span", { class: "ramp" });
    ramp.style.background = gradient("diverging");
    const range = h("div", { class: "scale" }, h("span", {}, number(-kernel.largest)), ramp, h("span", {}, number(kernel.largest)));
    const shown = kernel.inputs.length < kernel.total ? `the ${kernel.inputs.length} strongest of ${kernel.total} input channels` : `its ${kernel.total} input channels, strongest first`;
    return this.card("Kernel", `${height} × ${width} weights for ${shown}.`, h("div", { class: "slices" }, ...slices), range);
  }
}
