// Back returns to the page, model, picture, layer, view, job or article before, and does not undo a zoom or a colour.
//
// Streamlit makes an entry of the history of every change of the address, and on Back has Python draw the page of the
// address before. Here changes of the way things are drawn replace the entry instead.

const CHOSEN = ["model", "picture", "view", "job", "article"];
const own = history.pushState;

/** Whether going from one address to another is worth an entry; a page that fills in what its address left open is not. */
export function isMove(from, to) {
  if (from.pathname !== to.pathname) return true;
  if (!from.search) return false;
  const before = (name) => from.searchParams.get(name);
  const after = (name) => to.searchParams.get(name);
  return CHOSEN.some((name) => before(name) !== after(name)) || (before("layer") !== null && before("layer") !== after("layer"));
}

history.pushState = function (state, title, address) {
  const moves = isMove(new URL(location.href), new URL(address ?? "", location.href));
  (moves ? own : history.replaceState).call(this, state, title, address);
};
