// Pictures from the clipboard: handed to the page's own upload field, so that they go the way of every other upload.

const FIELD = 'section[data-testid="stFileUploaderDropzone"] input[type="file"], [data-testid="stFileUploader"] input[type="file"]';
const listening = new WeakSet();

export default function (component) {
  const root = component.parentElement.querySelector(".root");
  if (listening.has(root)) return undefined;
  listening.add(root);
  const onpaste = (event) => {
    const field = document.querySelector(`.st-key-${component.data.field} input[type="file"]`) ?? document.querySelector(FIELD);
    const files = [...(event.clipboardData?.files ?? [])].filter((file) => file.type.startsWith("image/"));
    if (!field || files.length === 0) return;
    event.preventDefault();
    hand(files, field);
  };
  document.addEventListener("paste", onpaste);
  return () => { document.removeEventListener("paste", onpaste); listening.delete(root); };
}

/** Browsers call every pasted picture image.png; the time tells them apart. */
function named(file) {
  const at = new Date().toTimeString().slice(0, 8).replaceAll(":", ".");
  return new File([file], file.name === "image.png" ? `pasted ${at}.png` : file.name, { type: file.type });
}

function hand(files, field) {
  const carrier = new DataTransfer();
  for (const file of files) carrier.items.add(named(file));
  field.files = carrier.files;
  field.dispatchEvent(new Event("change", { bubbles: true }));
}
