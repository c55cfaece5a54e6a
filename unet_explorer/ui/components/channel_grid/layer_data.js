// What the browser knows of one layer (or view of a layer) for one picture: first small tiles, then finer ones, at last exact values.

import { ask, known } from "../shared/net.js";
import { isDiverging, lookup } from "../shared/colour.js";
import { mapIndex } from "../shared/pane.js";

const BUDGET = 1000000;
const TOGETHER = 8;
export const BINS = 64;

export class LayerData {
  /** `name` is `layer` or `layer:view`; `count` its channels; `width` of the tiles wanted at first. */
  constructor(offer, name, count, width) {
    Object.assign(this, { offer, name, count });
    this.query = { layer: name, width, budget: BUDGET };
    this.sheet = known(offer, "sheet", this.query) ?? null;
    this.told = known(offer, "statistics", { layer: name }) ?? null;
    this.fine = new Map();
    this.exact = null;
    /** The picture position whose values rank the channels, where they are sorted so. */
    this.place = null;
    this.aborter = new AbortController();
  }

  /** Give up on whatever is on its way. */
  stop() {
    this.aborter.abort();
  }

  ask(question, query) {
    return ask(this.offer, question, { layer: this.name, ...query }, this.aborter.signal);
  }

  get header() {
    return this.sheet?.header;
  }

  // ---- fetching: each resolves to whether something new came -------------------------------------------------------------

  async fetchSheet() {
    if (this.sheet) return false;
    this.sheet = await this.ask("sheet", this.query);
    this.count = this.sheet.header.count;
    return true;
  }

  async fetchStatistics() {
    if (this.told) return false;
    this.told = await this.ask("statistics");
    return true;
  }

  async fetchAgreement(rival) {
    await this.ask("agreement", { class: rival });
  }

  /** Tiles of some channels at `width` pixels, the first of them first; `came(channels)` is told of each lot. */
  async fetchFine(channels, width, came) {
    if (!this.sheet || this.header.tile[1] >= width) return;
    const rough = channels.filter((channel, i) => (this.fine.get(channel)?.[0].header.tile[1] ?? 0) < width && channels.indexOf(channel) === i);
    for (let i = 0; i < rough.length; i += i ? TOGETHER : 1) {
      const some = rough.slice(i, i + (i ? TOGETHER : 1));
      const answer = await this.ask("tiles", { channels: some.join(","), width });
      if (this.aborter.signal.aborted) return;
      some.forEach((channel, slot) => this.fine.set(channel, [answer, slot]));
      came(some);
    }
  }

  async fetchExact(channel) {
    if (!this.sheet || this.exact?.channel === channel) return false;
    const { header, buffer, offset } = await this.ask("values", { channels: channel });
    this.exact = { channel, height: header.height, width: header.width, values: new Float32Array(buffer, offset, header.height * header.width) };
    return true;
  }

  get statistics() {
    return this.told?.header;
  }

  /** How many values of a channel lie in each of 64 equal bins from its lowest to its highest; null until they have come. */
  counts(channel) {
    return this.told && new Uint32Array(this.told.buffer, this.told.offset + channel * BINS * 4, BINS);
  }

  // ---- reading -------------------------------------------------------------------------------------------------------------

  /** The preview of a channel: {bytes, height, width}. */
  coarse(channel) {
    const [height, width] = this.header.tile;
    return { bytes: new Uint8Array(this.sheet.buffer, this.sheet.offset + channel * height * width, height * width), height, width };
  }

  /** The finest tile of a channel that has come. */
  best(channel) {
    const found = this.fine.get(channel);
    if (!found) return this.coarse(channel);
    const [{ header, buffer, offset }, slot] = found;
    const [height, width] = header.tile;
    return { bytes: new Uint8Array(buffer, offset + slot * height * width, height * width), height, width };
  }

  /** The value of a channel under a picture position: {value, exact}; null where the map does not reach. */
  valueAt(channel, point) {
    const { extent, low, high } = this.header;
    if (this.exact?.channel === channel) {
      const index = mapIndex(point, extent, this.exact.height, this.exact.width);
      return index < 0 ? null : { value: this.exact.values[index], exact: true };
    }
    const { bytes, height, width } = this.coarse(channel);
    const index = mapIndex(point, extent, height, width);
    return index < 0 ? null : { value: low[channel] + (bytes[index] / 255) * (high[channel] - low[channel]), exact: false };
  }

  /** The numbers that channels are sorted by; null for their own order and while they are on their way. */
  column({ sort, rival }) {
    if (sort === "index") return null;
    if (sort === "here") return this.place && this.sheet ? Array.from({ length: this.count }, (_, channel) => this.valueAt(channel, this.place)?.value ?? null) : null;
    if (sort === "agreement") return known(this.offer, "agreement", { layer: this.name, class: rival })?.header.agreement ?? null;
    return this.statistics?.[sort] ?? null;
  }

  /** All channels in the order asked, highest first. */
  order(settings) {
    const column = this.column(settings);
    const channels = Array.from({ length: this.count }, (_, channel) => channel);
    return column ? channels.sort((a, b) => (column[b] ?? -Infinity) - (column[a] ?? -Infinity) || a - b) : channels;
  }

  /** The lowest and highest value of the layer. */
  get span() {
    const { low, high } = this.header ?? { low: [0], high: [1] };
    return [low.reduce((a, b) => Math.min(a, b)), high.reduce((a, b) => Math.max(a, b))];
  }

  /** The values drawn with the first and the last colour of a channel's map. */
  range(channel, { scaling, colours, low, high }) {
    if (scaling === "fixed") return [low ?? 0, high ?? 1];
    const [from, to] = scaling === "layer" ? this.span : [this.header.low[channel], this.header.high[channel]];
    const most = Math.max(Math.abs(from), Math.abs(to));
    return isDiverging(colours) ? [-most, most] : [from, to];
  }

  /** The colour of each byte of a channel. */
  lookup(channel, settings) {
    const { low, high } = this.header;
    return lookup(settings.colours, low[channel], high[channel], ...this.range(channel, settings), settings.gamma);
  }
}
