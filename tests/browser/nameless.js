// Controls in sight without a name for a screen reader; shadow roots included.
() => {
  const found = [];
  const visit = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) visit(element.shadowRoot);
      if (!element.matches("button, select, input, a, [role=button]") || !element.getBoundingClientRect().width) continue;
      const labelled = element.getAttribute("aria-label") || element.getAttribute("aria-labelledby") || element.title
        || element.textContent.trim() || element.labels?.length || element.closest("label");
      if (!labelled) found.push(element.outerHTML.slice(0, 160));
    }
  };
  visit(document);
  return found;
}
