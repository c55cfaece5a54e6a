// What all components of a page have in common: the selection, one camera, one cursor. One module, so one of each.

// A server that was updated serves other scripts. Old and new ones on one page would not know of each other: begin again.
window.unetExplorer ??= import.meta.url;
if (window.unetExplorer !== import.meta.url) location.reload();

class Hub extends EventTarget {
  selection = { token: "", layer: "", view: "", channel: 0 };
  camera = { y: 0, x: 0, zoom: 1 };
  cursor = null;
  size = { height: 1, width: 1 };
  shown = null;
  lifeline = null;

  /** Change the selection; tells everybody, except where nothing changed. */
  select(change) {
    const next = { ...this.selection, ...change };
    if (Object.keys(next).every((name) => next[name] === this.selection[name])) return;
    this.selection = next;
    this.dispatchEvent(new CustomEvent("select", { detail: Object.keys(change) }));
  }

  /** Another picture: look at all of it. */
  show(height, width) {
    if (this.size.height === height && this.size.width === width) return;
    this.size = { height, width };
    this.cursor = null;
    this.look({ y: height / 2, x: width / 2, zoom: 1 });
  }

  /** Move the camera; the picture cannot be lost from sight. */
  look(change) {
    const next = { ...this.camera, ...change };
    next.zoom = Math.min(Math.max(next.zoom, 1), 64);
    for (const [axis, length] of [["y", this.size.height], ["x", this.size.width]]) {
      const half = length / next.zoom / 2;
      next[axis] = Math.min(Math.max(next[axis], half), length - half);
    }
    this.camera = next;
    this.dispatchEvent(new Event("camera"));
  }

  /** The chosen channel as it is drawn now, for those who show it small: {token, stage, layer, channel, image, extent}. */
  display(shown) {
    this.shown = shown;
    this.dispatchEvent(new Event("shown"));
  }

  /** The server has lost what it offered: have the page made again, until it was. */
  renew() {
    clearTimeout(this.renewing);
    this.lifeline?.();
    this.renewing = setTimeout(() => this.renew(), 5000);
  }

  /** The page was made again. */
  renewed() {
    clearTimeout(this.renewing);
  }

  /** Where the mouse is, in picture pixels ({y, x}), or null where it is over no picture. */
  point(cursor) {
    if (cursor === null && this.cursor === null) return;
    this.cursor = cursor;
    this.dispatchEvent(new Event("cursor"));
  }
}

export const hub = new Hub();

/** Listen to the hub; returns a function that stops it. */
export function listen(name, act) {
  hub.addEventListener(name, act);
  return () => hub.removeEventListener(name, act);
}
