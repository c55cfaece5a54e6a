// Kinds of layers: a letter, a colour and a word for each. The letter says what the colour says.

export const KINDS = {
  input: ["I", "#5b6573", "Input"],
  conv: ["C", "#2563a8", "Convolution"],
  transpose_conv: ["T", "#0f766e", "Transpose convolution: learned upsampling"],
  batch_norm: ["N", "#7a5195", "Batch normalisation"],
  activation: ["A", "#9a5b00", "Activation function"],
  pool: ["P", "#b3402f", "Pooling: keeps what, loses where"],
  dropout: ["D", "#6b7280", "Dropout: passes everything on when exploring"],
  concat: ["+", "#a1336f", "Concatenation: the skip joins here"],
  upsample: ["U", "#1f7a43", "Upsampling without weights"],
  crop: ["X", "#7c6a4d", "Crop: cuts the skip to size"],
  head: ["H", "#3f4d8f", "Head: one channel a class"],
  other: ["·", "#5b6573", "Other operation"],
};

export const VIEWS = {
  pre_activation: ["Pre-activation", "What the convolution gives before its activation function"],
  activation: ["Activation", "After the activation function"],
  batch_norm: ["Batch norm", "After batch normalisation"],
  output: ["Output", "What the layer passes on"],
};

export const kind = (name) => KINDS[name] ?? KINDS.other;
export const viewName = (name) => VIEWS[name]?.[0] ?? name.replaceAll("_", " ").replace(/^./, (letter) => letter.toUpperCase());

const FUNCTIONS = { relu: "ReLU", relu6: "ReLU6", leaky_relu: "leaky ReLU", elu: "ELU", selu: "SELU", gelu: "GELU", silu: "SiLU" };
/** An activation function as people write it. */
export const functionName = (name) => FUNCTIONS[name] ?? name;

/** Height and width of a layer's maps; where they follow the picture, by how much they are smaller. */
export function sizeOf({ size: [height, width], scale }) {
  if (height && width) return `${height} × ${width}`;
  return scale > 1 ? `1/${Math.round(scale)} of the picture` : "as the picture";
}
