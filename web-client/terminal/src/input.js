// What is typed and pasted, as the bytes that the program gets. No DOM; tested with `node --test`.

/** A paste beyond this is refused: at 16 MiB the queue would hold the memory of a small page. A file is the better way. */
export const PASTE_BYTES_MAX = 16 * 1024 * 1024;
/** Input is sent in pieces of so many bytes, a quarter of the largest frame. */
const PIECE_BYTES = 16_384;
/** Text that a program may put on the clipboard, after a question. */
export const CLIPBOARD_CHARS_MAX = 100_000;

// Controls except tab and carriage return, and the C1 controls: ESC [ 2 0 1 ~ or its one-byte form would end the bracket
// of a paste, and a ^C or ^D would act at once.
const CONTROLS = /[\x00-\x08\x0a-\x0c\x0e-\x1f\x7f-\x9f]/g;

/** What a paste becomes: its text without controls, and whether to ask before it is sent. */
export function preparePaste(text) {
  const lines = text.replace(/\r\n?|\n/g, "\r");
  const clean = lines.replace(CONTROLS, "");
  const hadControls = clean.length !== lines.length;
  return { clean, hadControls, isMultiline: clean.includes("\r"), lines: clean.split("\r") };
}

/** The text in the bracket that the program asked for, if it did. */
export function bracketed(clean, isBracketed) {
  return isBracketed ? `\x1b[200~${clean}\x1b[201~` : clean;
}

/** A key of the key bar. `application`: the program asked for application cursor keys. */
export function keyBytes(key, application) {
  const arrow = { up: "A", down: "B", right: "C", left: "D" }[key];
  if (arrow) return (application ? "\x1bO" : "\x1b[") + arrow;
  return { esc: "\x1b", tab: "\t", "ctrl-c": "\x03" }[key] ?? key;
}

/** One typed character with Ctrl held; others stay as they are. */
export function withControl(text) {
  if (text.length !== 1) return text;
  const code = text.toUpperCase().charCodeAt(0);
  if (text === " ") return "\0";
  if (text === "?") return "\x7f";
  return code >= 0x40 && code <= 0x5f ? String.fromCharCode(code & 0x1f) : text;
}

/** What a program wants on the clipboard (OSC 52): the text, or null for a question or nonsense. */
export function clipboardText(data) {
  const [, encoded] = data.split(";");
  if (!encoded || encoded === "?") return null;
  try {
    const bytes = Uint8Array.from(atob(encoded), (c) => c.charCodeAt(0));
    const text = new TextDecoder().decode(bytes);
    return text.length <= CLIPBOARD_CHARS_MAX ? text : null;
  } catch {
    return null;
  }
}

/** The size of text so that `cols` × `rows` fit where `fits` would at `base` pixels. */
export function scaledFont(base, min, fits, cols, rows) {
  if (!fits || !cols || !rows) return base;
  const ratio = Math.min(1, fits.cols / cols, fits.rows / rows);
  return Math.max(min, Math.floor(base * ratio * 2) / 2);
}

/** Input on its way: pieces are sent as the client accepts them, in order. */
export class InputQueue {
  constructor(free, send) {
    this.free = free;
    this.send = send;
    this.pieces = [];
    this.length = 0;
  }

  /** False if it is too much. */
  push(bytes) {
    if (this.length + bytes.length > PASTE_BYTES_MAX) return false;
    this.pieces.push(bytes);
    this.length += bytes.length;
    this.pump();
    return true;
  }

  /** `free` is asked once: what is sent here is counted by the client later. */
  pump() {
    let free = this.free();
    while (this.pieces.length > 0 && free > 0) {
      const piece = this.pieces[0];
      const now = piece.subarray(0, Math.min(free, PIECE_BYTES));
      if (now.length === piece.length) this.pieces.shift();
      else this.pieces[0] = piece.subarray(now.length);
      this.length -= now.length;
      free -= now.length;
      this.send(now);
    }
  }

  clear() {
    this.pieces = [];
    this.length = 0;
  }
}
