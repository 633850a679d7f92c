// The terminal of the page: xterm.js with a header, a key bar and its questions. The program (web-client/src/services/terminal.rs)
// opens it, gives it screens, output and the state of the keyboard, and gets what is typed. It knows no rooms and no socket.

import { FitAddon } from "@xterm/addon-fit";
import { SearchAddon } from "@xterm/addon-search";
import { UnicodeGraphemesAddon } from "@xterm/addon-unicode-graphemes";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { WebglAddon } from "@xterm/addon-webgl";
import { Terminal } from "@xterm/xterm";
import xtermCss from "@xterm/xterm/css/xterm.css";

import { constructedDocument, styleSheet } from "./constructed.js";
import { askClipboard, askPaste } from "./dialogs.js";
import { InputQueue, bracketed, clipboardText, keyBytes, preparePaste, scaledFont, withControl } from "./input.js";
import { Panel } from "./panel.js";
import { Player } from "./player.js";
import panelCss from "./panel.css";
import { swallowQueries } from "./queries.js";
import { Recording } from "./recording.js";
import { colours } from "./theme.js";
import { wordsOf } from "./words.js";

/** Text sizes in pixels: of the holder, and the smallest to which a watcher's text is scaled. */
const FONT = 14;
const FONT_MIN = 5;
/** The size follows the panel when it has been still for so long. */
const RESIZE_AFTER_MS = 100;

const encoder = new TextEncoder();
let sheets = null;

/** Opens a terminal in `root`. `on(kind, …)` is called with what happens in it; `free()` says how much input is accepted. */
export function open(root, language, on, free) {
  sheets ??= [styleSheet(xtermCss), styleSheet(panelCss)];
  return new PageTerminal(root, wordsOf(language), on, free);
}

class PageTerminal {
  constructor(root, say, on, free) {
    this.on = on;
    this.say = say;
    this.state = { mine: false, running: true, fixed: false, asked: [] };
    this.hasControl = false;
    this.queue = new InputQueue(free, (bytes) => on("input", bytes));
    this.panel = new Panel(root, say, {
      control: (op, to) => on("control", op, to),
      close: () => on("close"),
      play: () => this.play(),
      key: (key) => this.pressKey(key),
      controlKey: (isOn) => (this.hasControl = isOn),
      reader: (isOn) => (this.terminal.options.screenReaderMode = isOn),
      find: (text, isBack) => this.find(text, isBack),
      moved: () => this.fitSoon(),
      focus: () => this.terminal.focus(),
    });
    this.terminal = new Terminal({
      allowProposedApi: true,
      documentOverride: constructedDocument,
      cursorBlink: false,
      disableStdin: true,
      fontFamily: getComputedStyle(root).getPropertyValue("--font-mono"),
      fontSize: FONT,
      linkHandler: { activate: (event, address) => openLink(address) },
      macOptionClickForcesSelection: true,
      minimumContrastRatio: 4.5,
      rightClickSelectsWord: true,
      scrollback: 10_000,
      theme: colours(root),
    });
    this.fitting = new FitAddon();
    this.search = new SearchAddon();
    for (const addon of [this.fitting, this.search, new UnicodeGraphemesAddon(), new WebLinksAddon((_, address) => openLink(address))]) {
      this.terminal.loadAddon(addon);
    }
    swallowQueries(this.terminal.parser);
    this.terminal.parser.registerOscHandler(52, (data) => this.askClipboard(data));
    this.terminal.attachCustomKeyEventHandler((event) => this.onKey(event));
    this.terminal.onData((text) => this.onData(text));
    this.terminal.onBinary((text) => this.send(Uint8Array.from(text, (c) => c.charCodeAt(0) & 0xff)));
    this.terminal.onTitleChange((title) => this.panel.setTitle(title));
    this.terminal.open(this.panel.screen);
    this.drawWithWebgl();
    this.panel.screen.addEventListener("paste", (event) => this.onPaste(event), true);
    this.watchSize = new ResizeObserver(() => this.fitSoon());
    this.watchSize.observe(this.panel.screen);
    this.watchTheme = new MutationObserver(() => this.repaint());
    this.watchTheme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    this.preference = matchMedia("(prefers-color-scheme: dark)");
    this.preference.addEventListener("change", (this.repaint = this.repaint.bind(this)));
    this.terminal.focus();
  }

  /** A screen: everything before is void. */
  screen(cols, rows, bytes, end) {
    if (this.recording) this.recording.screen(cols, rows, bytes, end);
    else this.drawScreen(cols, rows, bytes, end);
  }

  output(bytes, end) {
    if (this.recording) this.recording.output(bytes, end);
    else this.write(bytes, end);
  }

  /** The size of the terminal from the next output on. */
  resize(cols, rows) {
    if (this.recording) this.recording.size(cols, rows);
    else this.drawSize(cols, rows);
  }

  /** The times of a recording's output from a byte on, as JSON. */
  times(from, json) {
    this.recording?.times(from, json);
  }

  /** Plays the recording of a run that has ended. What is in it reaches the screen and nothing else. */
  play() {
    if (this.recording) return;
    this.recording = new Recording(this.state, {
      play: (at) => this.on("play", at),
      times: (from) => this.on("times", from),
      screen: (...screen) => this.drawScreen(...screen),
      size: (cols, rows) => this.drawSize(cols, rows),
      write: (bytes, end) => this.write(bytes, end),
    });
    this.player = new Player(this.say, this.recording);
    this.panel.showPlayer(this.player);
    this.setState(JSON.stringify(this.state));
  }

  drawScreen(cols, rows, bytes, end) {
    this.terminal.reset();
    this.drawSize(cols, rows);
    this.write(bytes, end);
  }

  write(bytes, end) {
    this.terminal.write(bytes, () => this.on("drawn", end));
  }

  drawSize(cols, rows) {
    // What was written before belongs to the size before.
    this.terminal.write("", () => {
      this.terminal.resize(cols, rows);
      this.fitSoon();
    });
  }

  /** The state of the run and its keyboard, as JSON. */
  setState(json) {
    const before = this.state;
    this.state = JSON.parse(json);
    const { mine, running, plays, at } = this.state;
    this.terminal.options.disableStdin = !(mine && running);
    this.terminal.options.cursorInactiveStyle = mine || this.recording ? "outline" : "none";
    if (!mine) this.queue.clear();
    this.panel.draw(this.state);
    if (plays && !running && at > 0 && !this.hasPlayed) {
      this.hasPlayed = true;
      this.play();
    }
    if (before.mine !== mine || before.fixed !== this.state.fixed) this.fitSoon();
  }

  /** The client accepts more input. */
  taken() {
    this.queue.pump();
  }

  dispose() {
    clearTimeout(this.fitTimer);
    this.watchSize.disconnect();
    this.watchTheme.disconnect();
    this.preference.removeEventListener("change", this.repaint);
    this.player?.dispose();
    this.terminal.dispose();
    this.panel.dispose();
  }

  repaint() {
    this.terminal.options.theme = colours(this.panel.root);
  }

  drawWithWebgl() {
    try {
      const webgl = new WebglAddon();
      webgl.onContextLoss(() => webgl.dispose());
      this.terminal.loadAddon(webgl);
    } catch {
      // Without WebGL xterm.js draws with elements.
    }
  }

  send(bytes) {
    if (this.recording) return;
    if (!this.state.mine || !this.state.running) return this.panel.tell(this.say("readOnly"));
    if (!this.queue.push(bytes)) this.panel.tell(this.say("pasteTooLong"));
  }

  onData(text) {
    if (this.hasControl) {
      text = withControl(text);
      this.panel.releaseControl();
    }
    this.send(encoder.encode(text));
  }

  pressKey(key) {
    const bytes = keyBytes(key, this.terminal.modes.applicationCursorKeysMode);
    this.onData(bytes);
  }

  /** False: xterm.js leaves the key to the browser. */
  onKey(event) {
    const key = event.key.toLowerCase();
    const isControl = event.ctrlKey && !event.altKey && !event.metaKey;
    const isPaste =
      (isControl && key === "v" && (event.shiftKey || isWindows())) || (event.metaKey && key === "v") || (event.shiftKey && key === "insert");
    if (isPaste) return false;
    const isCopy = (isControl && key === "c") || (event.metaKey && key === "c");
    if (isCopy && (event.shiftKey || this.terminal.hasSelection())) {
      if (event.type === "keydown") this.copy();
      event.preventDefault();
      return false;
    }
    if (isControl && event.shiftKey && (key === "l" || key === "f")) {
      event.preventDefault();
      if (event.type === "keydown") {
        if (key === "l") this.panel.focusHeader();
        else this.panel.openFind();
      }
      return false;
    }
    if (this.player) return !this.player.onKey(event);
    if (event.type === "keydown" && !this.state.mine && event.key.length === 1 && !event.ctrlKey) this.panel.tell(this.say("readOnly"));
    return true;
  }

  copy() {
    const text = this.terminal.getSelection();
    if (text) navigator.clipboard?.writeText(text).then(() => this.terminal.clearSelection());
  }

  async onPaste(event) {
    event.preventDefault();
    event.stopPropagation();
    if (this.recording) return;
    if (!this.state.mine) return this.panel.tell(this.say("readOnly"));
    const paste = preparePaste(event.clipboardData?.getData("text/plain") ?? "");
    const isAllowed = !(paste.isMultiline || paste.hadControls) || (await askPaste(this.panel.root, this.say, paste));
    this.terminal.focus();
    // Asked again: the keyboard may have been lost while the question was open.
    if (isAllowed && paste.clean) this.send(encoder.encode(bracketed(paste.clean, this.terminal.modes.bracketedPasteMode)));
  }

  /** OSC 52: the holder is asked; to others it means nothing. */
  askClipboard(data) {
    const text = clipboardText(data);
    if (text && this.state.mine && !this.recording) {
      askClipboard(this.panel.root, this.say, text.length).then((isAllowed) => {
        if (isAllowed) navigator.clipboard?.writeText(text);
        this.terminal.focus();
      });
    }
    return true;
  }

  find(text, isBack) {
    const options = { decorations: { matchOverviewRuler: "#888888", activeMatchColorOverviewRuler: "#3550c4" } };
    return isBack ? this.search.findPrevious(text, options) : this.search.findNext(text, options);
  }

  fitSoon() {
    clearTimeout(this.fitTimer);
    this.fitTimer = setTimeout(() => this.fit(), RESIZE_AFTER_MS);
  }

  /** The holder's terminal is as large as the panel; of others the text is scaled. */
  fit() {
    const { terminal } = this;
    const { mine, fixed, running } = this.state;
    if (terminal.options.fontSize !== FONT) terminal.options.fontSize = FONT;
    const fits = this.fitting.proposeDimensions();
    if (!fits) return;
    if (mine && !fixed && running) {
      if (fits.cols !== terminal.cols || fits.rows !== terminal.rows) {
        terminal.resize(fits.cols, fits.rows);
        this.on("size", fits.cols, fits.rows);
      }
      return;
    }
    terminal.options.fontSize = scaledFont(FONT, FONT_MIN, fits, terminal.cols, terminal.rows);
  }
}

function openLink(address) {
  if (/^https?:/i.test(address)) window.open(address, "_blank", "noopener,noreferrer");
}

function isWindows() {
  return /Win/.test(navigator.platform);
}
