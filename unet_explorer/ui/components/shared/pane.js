// Drawing in picture coordinates: every pane shows the same part of the picture, whatever its own size.

/** The transform of a pane: canvas pixels = scale * picture pixels + offset. */
export function transform(width, height, camera, size) {
  const scale = Math.min(width / size.width, height / size.height) * camera.zoom;
  return { scale, x: width / 2 - camera.x * scale, y: height / 2 - camera.y * scale };
}

/** The picture position under a point of a pane, in picture pixels; null outside the picture. */
export function toPicture(x, y, width, height, camera, size) {
  const at = transform(width, height, camera, size);
  const found = { x: (x - at.x) / at.scale, y: (y - at.y) / at.scale };
  const inside = found.x >= 0 && found.y >= 0 && found.x < size.width && found.y < size.height;
  return inside ? found : null;
}

/** Where a picture position is drawn in a pane. */
export function toPane(point, width, height, camera, size) {
  const at = transform(width, height, camera, size);
  return { x: point.x * at.scale + at.x, y: point.y * at.scale + at.y };
}

/** Where the crosshair is in a pane of the picture's proportions, as CSS variables; null without a cursor or out of sight. */
export function inPercent(cursor, camera, size) {
  if (!cursor) return null;
  const { x, y } = toPane(cursor, size.width, size.height, camera, size);
  if (x < 0 || y < 0 || x > size.width || y > size.height) return null;
  return { "--cx": `${((x / size.width) * 100).toFixed(2)}%`, "--cy": `${((y / size.height) * 100).toFixed(2)}%` };
}

/**
 * Draw layers over each other. Each is {image, extent: [top, left, height, width] in picture pixels, alpha}.
 * Magnified pixels stay squares; shrunk ones are averaged.
 */
export function draw(context, camera, size, layers) {
  const { width, height } = context.canvas;
  const at = transform(width, height, camera, size);
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, width, height);
  context.save();
  context.beginPath();
  context.rect(at.x, at.y, size.width * at.scale, size.height * at.scale);
  context.clip();
  for (const { image, extent, alpha } of layers) {
    if (!image || !image.width || alpha === 0) continue;
    const [top, left, tall, wide] = extent;
    const magnified = (wide * at.scale) / image.width > 1;
    context.imageSmoothingEnabled = !magnified;
    context.imageSmoothingQuality = "high";
    context.globalAlpha = alpha;
    context.drawImage(image, left * at.scale + at.x, top * at.scale + at.y, wide * at.scale, tall * at.scale);
  }
  context.restore();
}

/** The pixel of a map (h x w, lying on `extent`) that contains a picture position: its index, or -1 where it has none. */
export function mapIndex(point, extent, height, width) {
  const [top, left, tall, wide] = extent;
  const row = Math.floor(((point.y - top) / tall) * height);
  const column = Math.floor(((point.x - left) / wide) * width);
  return row >= 0 && column >= 0 && row < height && column < width ? row * width + column : -1;
}

/** A drag this short, in CSS pixels, is still a click. */
const STILL = 4;

/** The fingers on all panes, by pointer: {element, x, y}. Panes share a camera, so two fingers on two panes pinch it too. */
const fingers = new Map();

/**
 * Let the mouse, wheel and fingers move the linked camera and cursor of a pane. `wheel`: "zoom", or "ctrl" where the wheel scrolls.
 * One finger points where everything is in sight, and scrolls the page up and down; nearer it pans; two fingers pinch.
 */
export function steer(element, hub, wheel = "zoom") {
  let drag = null;
  const under = (event) => pictureUnder(element, event.clientX, event.clientY, hub);
  const begin = ({ clientX, clientY }) => { drag = { left: clientX, top: clientY, x: hub.camera.x, y: hub.camera.y, moved: false }; };
  const pan = ({ clientX, clientY }) => {
    const { scale } = transformOf(element, hub);
    drag.moved ||= Math.hypot(clientX - drag.left, clientY - drag.top) > STILL;
    if (drag.moved) hub.look({ x: drag.x - (clientX - drag.left) / scale, y: drag.y - (clientY - drag.top) / scale });
  };
  element.dataset.steered = "";
  element.addEventListener("pointermove", (event) => {
    const finger = fingers.get(event.pointerId);
    if (finger && fingers.size > 1) { pinch(finger, event, hub); if (drag) drag.moved = true; return; }
    if (drag && event.buttons) { pan(event); if (drag.moved) return; }
    hub.point(under(event));
  });
  element.addEventListener("pointerdown", (event) => {
    drag = null;
    if (event.pointerType === "touch") {
      fingers.set(event.pointerId, { element, x: event.clientX, y: event.clientY });
      hub.point(under(event));
    }
    if (event.button !== 0 || hub.camera.zoom <= 1 && fingers.size < 2) return;
    begin(event);
    element.setPointerCapture(event.pointerId);
  });
  const lifted = (event) => {
    if (!fingers.delete(event.pointerId) || !drag) return;
    // The finger that stays goes on from where it is.
    const left = [...fingers.values()].find((finger) => finger.element === element);
    if (left) Object.assign(drag, { left: left.x, top: left.y, x: hub.camera.x, y: hub.camera.y });
  };
  element.addEventListener("pointerup", lifted);
  element.addEventListener("pointercancel", lifted);
  // A finger that was lifted leaves the cursor where it was, so that its values can be read.
  element.addEventListener("pointerleave", (event) => { if (event.pointerType !== "touch") hub.point(null); });
  element.addEventListener("touchmove", (event) => {
    if (event.cancelable && (event.touches.length > 1 || hub.camera.zoom > 1)) event.preventDefault();
  }, { passive: false });
  element.addEventListener("click", (event) => {
    if (drag?.moved) { event.stopImmediatePropagation(); event.preventDefault(); }
  }, true);
  element.addEventListener("wheel", (event) => {
    if (wheel === "ctrl" && !event.ctrlKey) return;
    event.preventDefault();
    zoomAt(hub, under(event), Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0018)));
  }, { passive: false });
}

function transformOf(element, hub) {
  const { width, height } = element.getBoundingClientRect();
  return transform(width, height, hub.camera, hub.size);
}

/** The picture position under a place on the screen; null outside the picture. */
function pictureUnder(element, clientX, clientY, hub) {
  const { left, top, width, height } = element.getBoundingClientRect();
  return toPicture(clientX - left, clientY - top, width, height, hub.camera, hub.size);
}

/** One of several fingers has moved: zoom by how the distance to another changed, and follow the place between them. */
function pinch(finger, { clientX, clientY }, hub) {
  const other = [...fingers.values()].find((found) => found !== finger);
  const apart = (x, y) => Math.max(8, Math.hypot(x - other.x, y - other.y));
  const factor = apart(clientX, clientY) / apart(finger.x, finger.y);
  const { scale } = transformOf(finger.element, hub);
  hub.look({ x: hub.camera.x - (clientX - finger.x) / 2 / scale, y: hub.camera.y - (clientY - finger.y) / 2 / scale });
  const middle = finger.element === other.element ? [(clientX + other.x) / 2, (clientY + other.y) / 2] : [clientX, clientY];
  zoomAt(hub, pictureUnder(finger.element, ...middle, hub), factor);
  Object.assign(finger, { x: clientX, y: clientY });
}

/** Zoom and keep what is under the mouse where it is. */
export function zoomAt(hub, point, factor) {
  const { x, y, zoom } = hub.camera;
  const next = Math.min(Math.max(zoom * factor, 1), 64);
  const still = point ?? { x, y };
  hub.look({ zoom: next, x: still.x + ((x - still.x) * zoom) / next, y: still.y + ((y - still.y) * zoom) / next });
}
