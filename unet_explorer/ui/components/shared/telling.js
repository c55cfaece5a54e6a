// Between a component and Python: what it tells arrives, also where the server was restarted meanwhile, or the user goes on to
// another page at once; and where the user went back in the history, it begins again with what the page says.

import "./history.js";
import { hub } from "./hub.js";

const PATIENCE = 4000;
const HEARING = 1500;
const links = new WeakMap();
const live = new Set();
const waiting = new Set();
let leftAt = -Infinity;
let onHeard = null;
let passing = null;

/** Calls `tell` when nothing was chosen during `wait` milliseconds, or at once when the user goes to another page. */
export function unhurried(tell, wait) {
  let timer = 0;
  const now = () => { clearTimeout(timer); waiting.delete(now); tell(); };
  return () => { clearTimeout(timer); waiting.add(now); timer = setTimeout(now, wait); };
}

/** Call the script of a component; returns what ends it. */
export function link(component, draw) {
  const root = component.parentElement;
  if (!links.has(root)) links.set(root, new Link());
  return links.get(root).draw(component, draw);
}

class Link {
  visit = "";

  constructor() {
    leftAt = -Infinity;
  }

  draw(component, draw) {
    const { heard, visit } = component.data ?? {};
    live.add(this);
    this.heard = heard;
    if (heard === this.serial) clearTimeout(this.timer);
    if (visit && visit !== this.visit) {
      this.visit = visit;
      leftAt = -Infinity;
      this.end?.();
    }
    const now = this.visit;
    const setStateValue = (name, value) => { if (now === this.visit) this.tell(component, name, value); };
    this.end = draw({ ...component, setStateValue });
    if (!isUnheard()) onHeard?.();
    return () => this.leave(component.parentElement);
  }

  /** Streamlit ends a drawing that was overtaken by the next one after that one too: what is still on the page lives on. */
  leave(root) {
    if (root.isConnected) return;
    live.delete(this);
    clearTimeout(this.timer);
    this.end?.();
  }

  get isUnheard() {
    return this.serial !== undefined && this.serial !== this.heard;
  }

  /** Streamlit drops what is told while there is no connection, and what comes from a page that a new server does not know. */
  tell(component, name, value) {
    clearTimeout(this.timer);
    const wait = leftAt + PATIENCE - performance.now();
    if (wait > 0) { this.timer = setTimeout(() => this.tell(component, name, value), wait); return; }
    this.serial = Math.max(Date.now(), (this.serial ?? 0) + 1);
    component.setStateValue(name, { ...value, serial: this.serial, visit: this.visit });
    this.remind(PATIENCE);
  }

  /** A run of the whole page takes along what all components have told; wait longer each time, so that it can end. */
  remind(patience) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { hub.renew(); this.remind(2 * patience); }, patience);
  }
}

// ---- links to other pages -------------------------------------------------------------------------------------------------

// Streamlit answers what comes from a page that was left by going back to it, and the new page stays blank. So a link waits
// until Python has heard what was chosen last, and nothing is told while the other page is on its way.

const isUnheard = () => [...live].some((link) => link.isUnheard);

document.addEventListener("click", (event) => {
  const anchor = event.composedPath().find((node) => node.matches?.("a[href]"));
  const opensElsewhere = event.button || event.ctrlKey || event.metaKey || event.shiftKey || anchor?.target === "_blank";
  if (!anchor || opensElsewhere || anchor.origin !== location.origin || anchor.pathname === location.pathname) return;
  for (const now of [...waiting]) now();
  if (anchor === passing || !isUnheard()) { leftAt = performance.now(); return; }
  event.preventDefault();
  event.stopImmediatePropagation();
  if (!onHeard) passOn(anchor);
}, true);

window.addEventListener("popstate", () => { leftAt = performance.now(); });

function passOn(anchor) {
  const pass = () => { onHeard = null; passing = anchor; anchor.click(); passing = null; };
  let timer = setTimeout(pass, HEARING);
  onHeard = () => { clearTimeout(timer); timer = setTimeout(pass); };
}
