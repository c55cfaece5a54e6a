// A PNG of what is on screen: panes with their titles, and one line that says where they come from.

import { h } from "./dom.js";

const GAP = 16;
const TITLE = 26;
const NOTE = 30;

/** Put panes [{canvas, title, tags}] into one picture, in rows as they lie on screen, under a theme {ink, paper, font}. Tags: see `tag`. */
export function compose(panes, note, { ink, paper, font }) {
  const ratio = window.devicePixelRatio || 1;
  const rows = rowsOf(panes);
  const gap = GAP * ratio;
  const title = TITLE * ratio;
  const wide = Math.max(...rows.map((row) => row.reduce((sum, { canvas }) => sum + canvas.width + gap, gap)));
  const tall = rows.reduce((sum, row) => sum + title + gap + Math.max(...row.map(({ canvas }) => canvas.height)), gap) + NOTE * ratio;
  const canvas = h("canvas", { width: wide, height: tall });
  const context = canvas.getContext("2d");
  context.fillStyle = paper;
  context.fillRect(0, 0, wide, tall);
  context.fillStyle = ink;
  context.textBaseline = "middle";
  let top = gap;
  for (const row of rows) {
    let left = gap;
    context.font = `600 ${14 * ratio}px ${font}`;
    for (const pane of row) {
      context.fillText(pane.title, left, top + title / 2, pane.canvas.width);
      context.drawImage(pane.canvas, left, top + title);
      for (const one of pane.tags ?? []) tag(context, one, left, top + title, ratio, font);
      left += pane.canvas.width + gap;
    }
    top += title + gap + Math.max(...row.map((pane) => pane.canvas.height));
  }
  context.font = `${12 * ratio}px ${font}`;
  context.fillText(note, gap, tall - (NOTE * ratio) / 2, wide - 2 * gap);
  return canvas;
}

/** Write a tag {text, x, y}, the place of its middle in CSS pixels, on a pane. */
function tag(context, { text, x, y }, left, top, ratio, font) {
  context.save();
  context.font = `600 ${12 * ratio}px ${font}`;
  context.textAlign = "center";
  const [wide, tall] = [context.measureText(text).width + 10 * ratio, 18 * ratio];
  context.fillStyle = "rgb(0 0 0 / 62%)";
  context.fillRect(left + x * ratio - wide / 2, top + y * ratio - tall / 2, wide, tall);
  context.fillStyle = "#fff";
  context.fillText(text, left + x * ratio, top + y * ratio);
  context.restore();
}

/** Panes whose tops are level form a row. */
function rowsOf(panes) {
  const rows = [];
  for (const pane of panes) {
    const top = Math.round(pane.canvas.getBoundingClientRect().top);
    const row = rows.find((found) => Math.abs(found.top - top) < 8);
    if (row) row.push(pane);
    else rows.push(Object.assign([pane], { top }));
  }
  return rows.sort((a, b) => a.top - b.top);
}

/** The colours and font of the page an element is on. */
export function themeOf(element) {
  const style = getComputedStyle(element);
  const paper = getComputedStyle(document.body).backgroundColor;
  return { ink: style.color, paper: paper === "rgba(0, 0, 0, 0)" ? "#fff" : paper, font: style.fontFamily };
}

/** Hand a canvas to the user as a PNG file. */
export function download(canvas, name) {
  canvas.toBlob((blob) => {
    const link = h("a", { href: URL.createObjectURL(blob), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }, "image/png");
}
