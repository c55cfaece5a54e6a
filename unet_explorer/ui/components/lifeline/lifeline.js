// Asks for a rerun of the whole page when a component has lost its offer.

import { hub } from "../shared/hub.js";

export default function ({ setTriggerValue }) {
  hub.renewed();
  hub.lifeline = () => setTriggerValue("lost", Date.now());
  return () => { hub.lifeline = null; };
}
