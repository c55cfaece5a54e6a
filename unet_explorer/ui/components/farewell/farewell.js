// Says that it was mounted. Only once: a second word could reach the server after the page was left, and bring it back.

const told = new WeakSet();

export default function ({ parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  if (!told.has(root)) setTriggerValue("seen", Date.now());
  told.add(root);
}
