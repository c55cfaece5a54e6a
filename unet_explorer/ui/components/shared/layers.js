// Going from layer to layer.

import { hub } from "./hub.js";

export function layerOf(layers, name) {
  return layers.find((layer) => layer.name === name);
}

/** The name of the layer before or after this one in the order of the network; undefined at the ends. */
export function neighbour(layers, name, step) {
  return layers[layers.findIndex((layer) => layer.name === name) + step]?.name;
}

/** Select a layer; keep the channel where it has one of that number, and the view where it has it. */
export function selectLayer(layers, name) {
  const layer = layerOf(layers, name);
  if (!layer) return;
  const { channel, view } = hub.selection;
  hub.select({ layer: name, channel: channel < layer.size[2] ? channel : 0, view: layer.views.includes(view) ? view : "" });
}
