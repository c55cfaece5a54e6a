// Small helpers to build and change the page; no framework.

/** An element: h("button", {class: "button", onclick: f}, "text", child). Names starting with "on" are event handlers. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element[name] = value;
    else set(element, name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** An SVG element. */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) set(element, name, value);
  element.append(...children);
  return element;
}

/** Set an attribute only where it changes; false, null and undefined remove it. */
export function set(element, name, value) {
  if (value === false || value === null || value === undefined) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value === true ? "" : String(value));
}

/** Change the text of an element only where it differs. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A row of exclusive buttons: options are [value, label, title]. `choose(value)` marks one from outside. */
export function choice(label, options, onpick) {
  const buttons = options.map(([value, text, title]) =>
    h("button", { type: "button", role: "radio", "aria-checked": "false", "data-value": value, title: title ?? "", onclick: () => onpick(value) }, text));
  const element = h("div", { class: "choice", role: "radiogroup", "aria-label": label }, ...buttons);
  element.onkeydown = (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const enabled = buttons.filter((button) => !button.disabled);
    const now = enabled.findIndex((button) => button.getAttribute("aria-checked") === "true");
    const next = enabled[(now + step + enabled.length) % enabled.length];
    next.focus();
    next.click();
  };
  return {
    element,
    choose(value) {
      for (const button of buttons) {
        const chosen = button.dataset.value === value;
        set(button, "aria-checked", chosen ? "true" : "false");
        button.tabIndex = chosen ? 0 : -1;
      }
    },
  };
}

/** Call `draw` once before the next frame, however often it is asked for. */
export function perFrame(draw) {
  let asked = 0;
  return () => {
    if (!asked) asked = requestAnimationFrame(() => { asked = 0; draw(); });
  };
}

/** Call `act` when nothing was asked for during `wait` milliseconds. */
export function settled(act, wait) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => act(...values), wait);
  };
}

/** Numbers for people: four significant digits, a real minus sign, words for what is no number. */
export function number(value) {
  if (value === null || value === undefined) return "–";
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size >= 1e5 || size < 1e-3 ? value.toExponential(2) : value.toPrecision(4).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
  return text.replace("-", "−");
}

/** Whether the page is dark, judged by its background. */
export function isDark(element) {
  const probe = h("span", { style: "color: var(--st-background-color)" });
  element.append(probe);
  const [r, g, b] = getComputedStyle(probe).color.match(/[\d.]+/g).map(Number);
  probe.remove();
  return 0.2126 * r + 0.7152 * g + 0.0722 * b < 128;
}
