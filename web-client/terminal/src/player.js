// The bar of a recording: play and pause, the place in time, speed, idle time. What they do is in recording.js.

import { button, element } from "./elements.js";
import { clock } from "./recording.js";

const SPEEDS = [0.5, 1, 2, 4, 8, 16];
/** Milliseconds between two looks at the clock: two frames of a screen. */
const TICK_MS = 33;
/** A place that is dragged over is shown when the pointer has been still for so long. */
const JUMP_AFTER_MS = 150;
/** The steps of the arrow keys: on the slider, for long recordings and short ones, and on the screen. */
const STEP_MS = 1_000;
const SHORT_STEP_MS = 100;
const SHORT_MS = 120_000;
const SCREEN_STEP_MS = 5_000;

export class Player {
  constructor(say, recording) {
    Object.assign(this, { say, recording });
    this.toggleButton = button(say("pause"), "play-toggle", () => this.toggle());
    this.slider = element("input", "tty__slider", "", { testid: "slider" });
    this.slider.type = "range";
    this.slider.setAttribute("aria-label", say("position"));
    this.slider.addEventListener("input", () => {
      clearTimeout(this.jumping);
      this.jumping = setTimeout(() => this.jump(), JUMP_AFTER_MS);
      this.draw();
    });
    this.slider.addEventListener("change", () => this.jump());
    this.slider.addEventListener("keydown", (event) => {
      if (event.key === " ") this.onKey(event);
    });
    this.time = element("span", "tty__time", "", { testid: "time" });
    this.root = element("div", "tty__player", "", { testid: "player" });
    this.root.setAttribute("role", "group");
    this.root.setAttribute("aria-label", say("recording"));
    this.root.append(this.toggleButton, this.slider, this.time, this.makeSpeed(), this.makeIdle());
    this.timer = setInterval(() => this.tick(), TICK_MS);
    recording.play();
    this.draw();
  }

  makeSpeed() {
    const select = element("select", "field tty__speed", "", { testid: "speed" });
    select.setAttribute("aria-label", this.say("speed"));
    for (const speed of SPEEDS) select.append(new Option(`${speed}×`, speed, speed === 1, speed === 1));
    select.addEventListener("change", () => (this.recording.speed = Number(select.value)));
    return select;
  }

  makeIdle() {
    const box = element("input", "", "", { testid: "skip-idle" });
    box.type = "checkbox";
    box.checked = true;
    box.addEventListener("change", () => (this.recording.skipsIdle = box.checked));
    const label = element("label", "tty__idle");
    label.append(box, this.say("skipIdle"));
    return label;
  }

  toggle() {
    const { recording } = this;
    if (recording.isPlaying) recording.pause();
    else recording.play();
    this.draw();
  }

  /** Takes a key that was pressed on the screen; false if it means nothing here. */
  onKey(event) {
    const step = { ArrowLeft: -SCREEN_STEP_MS, ArrowRight: SCREEN_STEP_MS }[event.key];
    if ((event.key !== " " && !step) || event.ctrlKey || event.altKey || event.metaKey) return false;
    event.preventDefault();
    if (event.type === "keydown") {
      if (step) this.recording.goTo(this.recording.position + step);
      else this.toggle();
    }
    return true;
  }

  jump() {
    if (this.jumping) this.recording.goTo(Number(this.slider.value));
    clearTimeout(this.jumping);
    this.jumping = null;
    this.draw();
  }

  tick() {
    this.recording.tick(performance.now());
    this.draw();
  }

  draw() {
    const { recording, say, slider } = this;
    const { total, isPlaying, hasFailed } = recording;
    const step = total > SHORT_MS ? STEP_MS : SHORT_STEP_MS;
    // The last step reaches the end.
    const end = Math.ceil(total / step) * step;
    const place = this.jumping ? Number(slider.value) : recording.position >= total ? end : recording.position;
    const time = `${clock(place)} / ${clock(total)}`;
    const shown = [Math.floor(place / step), end, isPlaying, hasFailed].join();
    if (this.shown === shown) return;
    this.shown = shown;
    [slider.step, slider.max] = [step, end];
    if (!this.jumping) slider.value = place;
    slider.setAttribute("aria-valuetext", time);
    this.time.textContent = hasFailed ? say("playFailed") : time;
    this.toggleButton.textContent = say(isPlaying ? "pause" : "play");
  }

  dispose() {
    clearInterval(this.timer);
    clearTimeout(this.jumping);
    this.root.remove();
  }
}
