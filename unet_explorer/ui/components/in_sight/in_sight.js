// Brings an element of a strip to its middle, once: from then on the user may scroll it away.

const PATIENCE = 60;
const shown = new WeakMap();

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  if (shown.get(root) === data.element) return;
  shown.set(root, data.element);
  look(data, PATIENCE);
}

/** Streamlit may still be about to draw it. */
function look({ element, strip }, patience) {
  const [inner, outer] = [element, strip].map((key) => document.querySelector(`.st-key-${CSS.escape(key)}`));
  if (inner && outer) reveal(inner, outer);
  else if (patience) requestAnimationFrame(() => look({ element, strip }, patience - 1));
}

function reveal(element, strip) {
  const [inner, outer] = [element, strip].map((each) => each.getBoundingClientRect());
  if (inner.left >= outer.left && inner.right <= outer.right) return;
  strip.scrollLeft += (inner.left + inner.right - outer.left - outer.right) / 2;
}
