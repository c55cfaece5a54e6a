// Between a component and Python: what it tells arrives, also where the server was restarted meanwhile; and where the
// user went back in the history, it begins again with what the page says.

import "./history.js";
import { hub } from "./hub.js";

const PATIENCE = 4000;
const links = new WeakMap();

/** Call the script of a component; returns what ends it. */
export function link(component, draw) {
  const root = component.parentElement;
  if (!links.has(root)) links.set(root, new Link());
  return links.get(root).draw(component, draw);
}

class Link {
  visit = "";

  draw(component, draw) {
    const { heard, visit } = component.data ?? {};
    if (heard === this.serial) clearTimeout(this.timer);
    if (visit && visit !== this.visit) {
      this.visit = visit;
      this.end?.();
    }
    const now = this.visit;
    const setStateValue = (name, value) => { if (now === this.visit) this.tell(component, name, value); };
    this.end = draw({ ...component, setStateValue });
    return () => { clearTimeout(this.timer); this.end?.(); };
  }

  /** Streamlit drops what is told while there is no connection, and what comes from a page that a new server does not know. */
  tell(component, name, value) {
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
