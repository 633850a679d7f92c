// What is around the screen: who has the keyboard, the buttons, the search field and the key bar.

import { button, element } from "./elements.js";

/** The key bar: what a phone's keyboard lacks. */
const KEYS = [
  ["ctrl", "Ctrl"],
  ["esc", "Esc"],
  ["tab", "Tab"],
  ["left", "←"],
  ["up", "↑"],
  ["down", "↓"],
  ["right", "→"],
  ["|", "|"],
  ["~", "~"],
  ["-", "-"],
  ["ctrl-c", "Ctrl-C"],
];
/** How long a hint is shown. */
const TELL_MS = 4_000;

export class Panel {
  constructor(root, say, actions) {
    Object.assign(this, { root, say, actions });
    this.name = element("span", "tty__title", "", { testid: "title" });
    this.holder = element("span", "tty__holder", "", { testid: "holder" });
    this.holder.setAttribute("role", "status");
    this.leases = element("span", "tty__leases");
    this.fullButton = button(say("full"), "full", () => this.toggleFull());
    this.readerButton = button(say("reader"), "reader", () => this.toggleReader());
    this.readerButton.setAttribute("aria-pressed", "false");
    this.tools = element("span", "tty__tools");
    this.tools.append(
      button(say("find"), "find", () => this.openFind()),
      this.readerButton,
      this.fullButton,
      button(say("close"), "close", actions.close),
    );
    this.head = element("header", "tty__head");
    this.head.append(this.name, this.holder, this.leases, this.tools);
    this.screen = element("div", "tty__screen", "", { testid: "screen" });
    this.hint = element("p", "tty__hint");
    this.hint.setAttribute("role", "status");
    this.finder = this.makeFinder();
    this.bar = this.makeBar();
    root.append(this.head, this.finder, this.screen, this.hint, this.bar);
    root.setAttribute("role", "region");
    root.setAttribute("aria-label", say("terminal"));
    root.setAttribute("aria-description", say("leaveHint"));
    // The page's own shortcuts do not concern a terminal.
    this.stop = (event) => event.stopPropagation();
    root.addEventListener("keydown", this.stop);
  }

  /** Draws the state of the run and its keyboard. */
  draw(state) {
    const { say } = this;
    const { holder, asked, me, mine, running, mayTake, mayType, n, cmd, bytes } = state;
    this.cmd = cmd;
    this.setTitle(this.title);
    this.root.setAttribute("aria-label", say("terminal", `r${n}`));
    this.root.dataset.mine = String(mine);
    const words = this.player ? say("recording") : !running ? say("ended") : mine ? say("youHold") : holder ? say("otherHolds", holder) : say("nobodyHolds");
    const waiting = asked.length > 0 ? ` · ${say("asked", asked.join(", "))}` : "";
    const said = words + (running ? waiting : "");
    if (this.holder.textContent !== said) this.holder.textContent = said;
    this.holder.classList.toggle("tty__holder--mine", mine && running);
    const buttons = [];
    const control = (op, label, to) => buttons.push(button(label, op, () => this.actions.control(op, to)));
    if (!running && bytes > 0 && !this.player) buttons.push(button(say("play"), "play", this.actions.play));
    if (running && mayType) {
      if (mine) {
        if (asked.length > 0) control("give", say("give", asked[0]), asked[0]);
        control("release", say("release"));
      } else {
        if (asked.includes(me)) buttons.push(element("span", "muted", say("asking")));
        else control("ask", say("ask"));
        if (holder && mayTake) control("take", say("take"));
      }
    }
    // Replaced only when they differ, so that the focus stays.
    const key = buttons.map((made) => made.textContent).join("\n");
    if (this.leaseKey !== key) {
      this.leaseKey = key;
      this.leases.replaceChildren(...buttons);
    }
    this.bar.hidden = !(mine && running);
  }

  /** Shows the bar of a recording. */
  showPlayer(player) {
    this.player = player;
    this.bar.before(player.root);
    player.toggleButton.focus();
  }

  setTitle(title) {
    this.title = title;
    this.name.textContent = title || this.cmd || "";
    this.name.title = this.cmd || "";
  }

  /** Shows a hint for a moment. */
  tell(words) {
    this.hint.textContent = words;
    clearTimeout(this.hintTimer);
    this.hintTimer = setTimeout(() => (this.hint.textContent = ""), TELL_MS);
  }

  focusHeader() {
    this.tools.lastChild.focus();
  }

  toggleFull() {
    const isFull = this.root.classList.toggle("tty--full");
    this.fullButton.textContent = this.say(isFull ? "beside" : "full");
    this.actions.moved();
    this.actions.focus();
  }

  toggleReader() {
    const isOn = this.readerButton.getAttribute("aria-pressed") !== "true";
    this.readerButton.setAttribute("aria-pressed", String(isOn));
    this.actions.reader(isOn);
  }

  openFind() {
    this.finder.hidden = false;
    this.field.focus();
    this.field.select();
  }

  makeFinder() {
    const { say } = this;
    const form = element("form", "tty__finder");
    form.hidden = true;
    this.field = element("input", "field", "", { testid: "find-field" });
    this.field.setAttribute("aria-label", say("find"));
    const none = element("span", "tty__none");
    none.setAttribute("role", "status");
    const find = (isBack) => {
      const isFound = this.field.value === "" || this.actions.find(this.field.value, isBack);
      none.textContent = isFound ? "" : say("findNone");
    };
    const close = () => {
      form.hidden = true;
      this.actions.focus();
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      find(false);
    });
    this.field.addEventListener("keydown", (event) => {
      if (event.key === "Escape") close();
      else if (event.key === "Enter" && event.shiftKey) {
        event.preventDefault();
        find(true);
      }
    });
    form.append(
      this.field,
      button(say("findPrevious"), "find-previous", () => find(true)),
      button(say("findNext"), "find-next", () => find(false)),
      none,
      button(say("close"), "find-close", close),
    );
    return form;
  }

  makeBar() {
    const bar = element("div", "tty__keys", "", { testid: "keys" });
    bar.setAttribute("role", "toolbar");
    bar.setAttribute("aria-label", this.say("keys"));
    for (const [key, label] of KEYS) {
      const made = button(label, `key-${key}`, () => (key === "ctrl" ? this.toggleControl() : this.actions.key(key)), "tty__key");
      // The focus stays in the terminal, and with it the phone's keyboard.
      made.addEventListener("pointerdown", (event) => event.preventDefault());
      if (key === "ctrl") {
        this.controlKey = made;
        made.setAttribute("aria-pressed", "false");
      }
      bar.append(made);
    }
    return bar;
  }

  toggleControl() {
    const isOn = this.controlKey.getAttribute("aria-pressed") !== "true";
    this.controlKey.setAttribute("aria-pressed", String(isOn));
    this.actions.controlKey(isOn);
  }

  releaseControl() {
    this.controlKey.setAttribute("aria-pressed", "false");
    this.actions.controlKey(false);
  }

  dispose() {
    clearTimeout(this.hintTimer);
    this.root.removeEventListener("keydown", this.stop);
    this.root.replaceChildren();
  }
}
