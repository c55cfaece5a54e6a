// Asking the server's own routes for pixels, and remembering what it said as long as it fits.

const LIMIT = 80 * 1024 * 1024;
const kept = new Map();
let bytes = 0;

/** The server does not know this offer (any more): the page has to make it again. */
export class Lost extends Error {}

/** An answer: its header, and the bytes behind it. */
function parse(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  return { header: JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length))), buffer, offset: 4 + length };
}

export function address(offer, question, query = {}) {
  const text = new URLSearchParams(query).toString();
  return `${offer.base}/maps/${offer.token}/${question}${text ? "?" + text : ""}`;
}

/** What was answered before, without asking; undefined where it was not. */
export function known(offer, question, query) {
  const key = address(offer, question, query);
  const found = kept.get(key);
  if (found) { kept.delete(key); kept.set(key, found); }
  return found;
}

/** The answer to a question: {header, buffer, offset}. Throws Lost, or an Error whose message is for the user. */
export async function ask(offer, question, query, signal) {
  const before = known(offer, question, query);
  if (before) return before;
  const response = await fetch(address(offer, question, query), { signal });
  if (!response.ok) throw await failure(response);
  const answer = parse(await response.arrayBuffer());
  remember(address(offer, question, query), answer);
  return answer;
}

/** The bytes of a deflated part of an answer, as an ArrayBuffer. */
export async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

async function failure(response) {
  const said = await response.json().catch(() => ({}));
  return said.lost ? new Lost("lost") : new Error(said.error ?? `The server answered ${response.status}; try again.`);
}

function remember(key, answer) {
  // Whoever asked twice at once is answered twice: the bytes count once.
  bytes -= kept.get(key)?.buffer.byteLength ?? 0;
  kept.delete(key);
  kept.set(key, answer);
  bytes += answer.buffer.byteLength;
  for (const [old, value] of kept) {
    if (bytes <= LIMIT || old === key) break;
    kept.delete(old);
    bytes -= value.buffer.byteLength;
  }
}

/** The picture of an offer, decoded once. */
const pictures = new Map();
export function picture(offer) {
  const key = address(offer, "picture");
  if (!pictures.has(key)) {
    if (pictures.size >= 4) pictures.delete(pictures.keys().next().value);
    pictures.set(key, fetch(key).then(async (response) => {
      if (!response.ok) throw await failure(response);
      return createImageBitmap(await response.blob());
    }).catch((error) => { pictures.delete(key); throw error; }));
  }
  return pictures.get(key);
}
