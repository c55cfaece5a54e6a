// What pages of linked panes have in common: one camera and one crosshair for all, the same keys and buttons.

import { h, isDark, perFrame, set } from "./dom.js";
import { hub, listen } from "./hub.js";
import { toPane, zoomAt } from "./pane.js";

/** The default export of a component: one `Page` for each root, with accept(component), called at every rerun, and leave(). */
export function mounting(Page) {
  const mounted = new WeakMap();
  return (component) => {
    const root = component.parentElement.querySelector(".root");
    if (!mounted.has(root)) mounted.set(root, new Page(root));
    const page = mounted.get(root);
    root.style.colorScheme = isDark(root) ? "dark" : "light";
    page.accept(component);
    return () => { page.leave(); mounted.delete(root); };
  };
}

/** Call `moved` for the camera, `pointed` for the cursor, `resized` for the root's size; keys zoom. Returns what stops all of it. */
export function follow(root, { moved, pointed, resized }) {
  const stops = [listen("camera", moved), listen("cursor", perFrame(pointed))];
  const onkey = (event) => zoomByKey(event, root);
  document.addEventListener("keydown", onkey);
  const watch = new ResizeObserver(resized);
  watch.observe(root);
  return () => {
    for (const stop of stops) stop();
    document.removeEventListener("keydown", onkey);
    watch.disconnect();
  };
}

function zoomByKey(event, root) {
  const typing = event.composedPath()[0].matches?.("input, select, textarea, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || !root.isConnected) return;
  const nearer = () => zoomAt(hub, hub.cursor, 1.5);
  const everything = () => hub.look({ zoom: 1 });
  const act = { "+": nearer, "=": nearer, "-": () => zoomAt(hub, hub.cursor, 1 / 1.5), 0: everything, Escape: everything }[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

/** A plain button: words name it, a sign is named by its title. */
export function button(text, title, act) {
  return h("button", { type: "button", class: "button", "aria-label": /[a-z]/i.test(text) ? null : title, title, onclick: act }, text);
}

export function zoomButtons() {
  return [
    button("−", "Zoom out (−)", () => zoomAt(hub, null, 0.5)),
    button("+", "Zoom in (+)", () => zoomAt(hub, null, 2)),
    button("Fit", "See everything (0)", () => hub.look({ zoom: 1 })),
  ];
}

/** Where the camera is, as it stands in the address; empty where everything is in sight. */
export function cameraText() {
  const { y, x, zoom } = hub.camera;
  return zoom > 1 ? [y.toFixed(1), x.toFixed(1), zoom.toFixed(2)].join(",") : "";
}

/** Look where an address says; at everything where it says nothing. */
export function lookAt(text) {
  const [y, x, zoom] = (text || "").split(",").map(Number);
  hub.look(Number.isFinite(zoom) ? { y, x, zoom } : { zoom: 1 });
}

/** Give a canvas as many pixels as the screen has under its frame. */
export function fit(frame, canvas) {
  const ratio = window.devicePixelRatio || 1;
  const width = Math.max(1, Math.round(frame.clientWidth * ratio));
  const height = Math.max(1, Math.round(frame.clientHeight * ratio));
  if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
}

/** Put the crosshair of each pane's frame on the linked cursor; take it away where that is out of sight. */
export function crosshairs(panes) {
  for (const { frame } of panes) {
    const { clientWidth: width, clientHeight: height } = frame;
    const at = hub.cursor && toPane(hub.cursor, width, height, hub.camera, hub.size);
    const seen = at && at.x >= 0 && at.y >= 0 && at.x <= width && at.y <= height;
    set(frame, "data-on", Boolean(seen));
    if (!seen) continue;
    frame.style.setProperty("--cx", `${at.x.toFixed(1)}px`);
    frame.style.setProperty("--cy", `${at.y.toFixed(1)}px`);
  }
}

/** What an error says to the user. */
export function sentence(error) {
  return error.message === "Failed to fetch" ? "The server does not answer; is it still running?" : error.message;
}
