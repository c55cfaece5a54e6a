// Every piece of text with its colour, the colours behind it, its size and weight; shadow roots included.
() => {
  const found = [];
  const parse = (text) => {
    const numbers = (text.match(/[\d.]+/g) ?? []).map(Number);
    const scale = text.startsWith("color(") ? 255 : 1;
    return [numbers[0] * scale, numbers[1] * scale, numbers[2] * scale, numbers[3] ?? 1];
  };
  const parent = (element) => element.parentElement ?? element.getRootNode().host ?? null;
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = parent(at)) {
      const style = getComputedStyle(at);
      if (style.backgroundImage !== "none" && style.backgroundImage.includes("gradient")) return null;
      const colour = parse(style.backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] >= 1) break;
    }
    return layers.reverse().reduce((under, over) => under.map((part, i) => over[i] * over[3] + part * (1 - over[3])), [255, 255, 255]);
  };
  const visit = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) visit(element.shadowRoot);
      const own = [...element.childNodes].filter((node) => node.nodeType === 3 && node.textContent.trim()).map((node) => node.textContent.trim()).join(" ");
      const box = element.getBoundingClientRect();
      if (!own || !box.width || !box.height || ["STYLE", "SCRIPT", "OPTION", "TITLE"].includes(element.tagName)) continue;
      const style = getComputedStyle(element);
      if (style.visibility === "hidden" || element.closest("[disabled], [aria-disabled=true], .pane, .seen-by-readers")) continue;
      if (style.fontFamily.includes("Material")) continue;
      const background = behind(element);
      const ink = style.fill && element.namespaceURI.includes("svg") ? style.fill : style.color;
      if (background) found.push({ text: own.slice(0, 40), ink: parse(ink), background, size: parseFloat(style.fontSize), weight: Number(style.fontWeight) });
    }
  };
  visit(document);
  return found;
}
