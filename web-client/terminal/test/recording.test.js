import assert from "node:assert/strict";
import test from "node:test";

import { IDLE_MAX_MS, NEAR_BYTES, Recording, clock } from "../src/recording.js";

const BEGIN = 1_000_000;

/** A server that has this output, and what it is asked for and draws. */
class World {
  constructor(records, ms, { page = 1_000 } = {}) {
    Object.assign(this, { records, page, now: 0, drawn: "", asked: [], failing: false });
    this.output = records.map(([text]) => text).join("");
    this.recording = new Recording(
      { at: BEGIN, ms, bytes: this.output.length },
      {
        play: (at) => this.asked.push(at - BEGIN),
        times: (from) => this.wanted.push(from),
        screen: (cols, rows, bytes) => (this.drawn = `[${cols}x${rows}${new TextDecoder().decode(bytes)}]`),
        size: (cols, rows) => (this.drawn += `(${cols}x${rows})`),
        write: (bytes) => (this.drawn += new TextDecoder().decode(bytes)),
      },
    );
  }

  wanted = [];

  /** Answers everything that was asked: the screen at a byte, and all output from there on. */
  serve({ screen = "", from = 0, sizes = [] } = {}) {
    this.recording.screen(80, 24, new TextEncoder().encode(screen), from);
    let off = 0;
    for (const [text] of this.records) {
      const size = sizes.find(([at]) => at === off);
      if (size && off >= from) this.recording.size(size[1], size[2]);
      if (off >= from) this.recording.output(new TextEncoder().encode(text), off + text.length);
      off += text.length;
    }
    this.answer();
  }

  answer() {
    while (this.wanted.length > 0) {
      const from = this.wanted.shift();
      if (this.failing) return this.recording.times(from, "");
      let off = 0;
      const times = this.records.map(([text, at]) => [(off += text.length) - text.length, BEGIN + at]);
      const first = Math.max(0, times.findLastIndex(([off]) => off <= from));
      const sent = times.slice(first, first + this.page);
      this.recording.times(from, JSON.stringify({ t: "ok", times: sent, more: first + this.page < times.length }));
    }
  }

  /** Lets time pass, in steps of a frame. */
  pass(ms) {
    for (const end = this.now + ms; this.now < end; ) {
      this.now = Math.min(this.now + 20, end);
      this.recording.tick(this.now);
      this.answer();
    }
  }
}

test("output is drawn at its time, at any speed", () => {
  const world = new World([["a", 100], ["b", 600], ["c", 1_900]], 2_000);
  const { recording } = world;
  world.serve();
  world.pass(500);
  assert.equal(world.drawn, "[80x24]", "it is paused");
  recording.play();
  world.pass(300);
  assert.equal(world.drawn, "[80x24]a");
  recording.pause();
  world.pass(5_000);
  assert.equal(world.drawn, "[80x24]a");
  recording.speed = 4;
  recording.play();
  world.pass(100);
  assert.equal(world.drawn, "[80x24]ab");
  world.pass(1_000);
  assert.equal(world.drawn, "[80x24]abc");
  assert.ok(!recording.isPlaying && recording.position === 2_000, "it stops at its end");
  recording.play();
  assert.deepEqual(world.asked, [0, 0], "and begins again");
});

test("long times without output are shortened", () => {
  const gap = 60_000;
  const world = new World([["a", 100], ["b", gap], ["c", gap + 1_500]], 2 * gap);
  world.serve();
  world.recording.play();
  world.pass(100 + IDLE_MAX_MS + 100);
  assert.equal(world.drawn, "[80x24]ab");
  world.pass(1_000);
  assert.equal(world.drawn, "[80x24]ab", "a short one is kept");
  world.pass(700 + IDLE_MAX_MS);
  assert.ok(!world.recording.isPlaying && world.recording.position === 2 * gap, "also the one before the end");

  const patient = new World([["a", 100], ["b", gap]], gap);
  patient.recording.skipsIdle = false;
  patient.serve();
  patient.recording.play();
  patient.pass(gap - 200);
  assert.equal(patient.drawn, "[80x24]a");
  patient.pass(400);
  assert.equal(patient.drawn, "[80x24]ab");
});

test("a jump asks for a screen, and draws up to its moment even if it is paused", () => {
  const long = "x".repeat(NEAR_BYTES);
  const world = new World([["a", 100], [long, 200], [long, 300], ["d", 400], ["e", 900]], 1_000);
  world.serve();
  world.recording.goTo(150);
  world.pass(20);
  assert.deepEqual([world.asked, world.drawn], [[0], "[80x24]a"], "what is near is drawn without a question");
  world.recording.goTo(850);
  assert.deepEqual(world.asked, [0, 850]);
  world.recording.output(new TextEncoder().encode("late"), 5);
  world.pass(500);
  assert.equal(world.drawn, "[80x24]a", "what was on its way belongs to the place before");
  assert.equal(world.recording.position, 850, "while the server is asked, time stands still");
  world.serve({ screen: "S", from: 1 + 2 * NEAR_BYTES });
  world.pass(20);
  assert.equal(world.drawn, "[80x24S]d");
  world.recording.goTo(50);
  world.serve();
  world.pass(20);
  assert.equal(world.drawn, "[80x24]");
  world.recording.goTo(99_999);
  assert.equal(world.recording.position, 1_000, "not beyond the end");
});

test("the size changes at its byte", () => {
  const world = new World([["a", 100], ["b", 600]], 1_000);
  world.serve({ sizes: [[1, 100, 30]] });
  world.recording.goTo(500);
  world.pass(20);
  assert.equal(world.drawn, "[80x24]a");
  world.recording.goTo(700);
  world.pass(20);
  assert.equal(world.drawn, "[80x24]a(100x30)b");
});

test("times come in pages, and a clock that goes back does not matter", () => {
  const records = Array.from({ length: 50 }, (_, n) => [String.fromCharCode(65 + n), n * 10]);
  records[20][1] = 5;
  const world = new World(records, 500, { page: 7 });
  world.serve();
  world.recording.play();
  world.pass(2_000);
  assert.equal(world.drawn, `[80x24]${world.output}`);
  assert.ok(!world.recording.isPlaying);
});

test("it waits for output that has not come, and says what cannot be had", () => {
  const world = new World([["a", 100], ["b", 200]], 300);
  world.recording.screen(80, 24, new Uint8Array(), 0);
  world.answer();
  world.recording.play();
  world.pass(1_000);
  assert.ok(world.recording.isPlaying && world.recording.position < 200);
  world.recording.output(new TextEncoder().encode("ab"), 2);
  world.pass(1_000);
  assert.equal(world.drawn, "[80x24]ab");
  world.failing = true;
  world.recording.play();
  world.serve();
  world.pass(100);
  assert.ok(world.recording.hasFailed && !world.recording.isPlaying);
});

test("times as people write them", () => {
  assert.deepEqual([0, 7_999, 61_000, 3_723_000].map(clock), ["0:00", "0:07", "1:01", "1:02:03"]);
});
