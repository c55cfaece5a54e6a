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

/** Let the mouse, wheel, touch and keys move the linked camera and cursor of a pane. `wheel`: "zoom", or "ctrl" where the wheel scrolls. */
export function steer(element, hub, wheel = "zoom") {
  let drag = null;
  const place = (event) => {
    const box = element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top, box.width, box.height];
  };
  const scaleOf = () => {
    const box = element.getBoundingClientRect();
    return transform(box.width, box.height, hub.camera, hub.size).scale;
  };
  element.addEventListener("pointermove", (event) => {
    if (drag && event.buttons) {
      const scale = scaleOf();
      hub.look({ x: drag.x - (event.clientX - drag.left) / scale, y: drag.y - (event.clientY - drag.top) / scale });
      drag.moved ||= Math.hypot(event.clientX - drag.left, event.clientY - drag.top) > 4;
      return;
    }
    hub.point(toPicture(...place(event), hub.camera, hub.size));
  });
  element.addEventListener("pointerleave", () => hub.point(null));
  element.addEventListener("pointerdown", (event) => {
    drag = null;
    if (event.button !== 0 || hub.camera.zoom <= 1) return;
    drag = { left: event.clientX, top: event.clientY, x: hub.camera.x, y: hub.camera.y, moved: false };
    element.setPointerCapture(event.pointerId);
  });
  element.addEventListener("click", (event) => {
    if (drag?.moved) { event.stopImmediatePropagation(); event.preventDefault(); }
  }, true);
  element.addEventListener("wheel", (event) => {
    if (wheel === "ctrl" && !event.ctrlKey) return;
    event.preventDefault();
    zoomAt(hub, toPicture(...place(event), hub.camera, hub.size), Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0018)));
  }, { passive: false });
}

/** Zoom and keep what is under the mouse where it is. */
export function zoomAt(hub, point, factor) {
  const { x, y, zoom } = hub.camera;
  const next = Math.min(Math.max(zoom * factor, 1), 64);
  const still = point ?? { x, y };
  hub.look({ zoom: next, x: still.x + ((x - still.x) * zoom) / next, y: still.y + ((y - still.y) * zoom) / next });
}
