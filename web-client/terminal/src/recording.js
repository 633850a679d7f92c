// The clock of a recording: it decides which output is drawn when. It is given screens, sizes, output and times as they arrive,
// and the present by `tick`; it knows no page and no socket.

/** A longer time without output is shortened to this, if idle time is skipped. */
export const IDLE_MAX_MS = 2_000;
/** A jump forward over this much output draws it; over more, the server is asked for a screen. */
export const NEAR_BYTES = 256 * 1024;
/** What passes at most between two ticks: a page in the background, or a machine that slept, goes on where it was. */
const TICK_MAX_MS = 1_000;

/**
 * Calls `act.play(at)` to have the recording sent from a moment on, `act.times(from)` for times, and `act.screen`, `act.size`
 * and `act.write` to draw.
 */
export class Recording {
  constructor({ at, ms, bytes }, act) {
    Object.assign(this, { begin: at, total: ms, bytes, act });
    this.position = 0;
    this.isPlaying = false;
    this.hasFailed = false;
    this.speed = 1;
    this.skipsIdle = true;
    this.jump(0);
  }

  play() {
    if (this.position >= this.total) this.jump(0);
    this.isPlaying = true;
    this.resumedAt = this.position;
  }

  pause() {
    this.isPlaying = false;
  }

  /** Goes to a position in milliseconds. */
  goTo(wanted) {
    const position = Math.min(Math.max(wanted, 0), this.total);
    if (position >= this.position && !this.isWaiting && this.isNear(position)) {
      this.position = position;
      this.resumedAt = position;
    } else {
      this.jump(position);
    }
  }

  /** A screen: what was sent before is void. */
  screen(cols, rows, bytes, end) {
    this.isWaiting = false;
    this.queue = [{ screen: [cols, rows, bytes, end] }];
    this.nextSize = null;
    this.drawn = end;
    this.forgetTimes();
    this.askTimes(end);
  }

  /** The size from the next output on. */
  size(cols, rows) {
    this.nextSize = [cols, rows];
  }

  output(bytes, end) {
    if (this.isWaiting) return;
    this.queue.push({ bytes, end, size: this.nextSize });
    this.nextSize = null;
  }

  /** The answer to `act.times(from)`, as JSON; empty if there is none. */
  times(from, json) {
    if (from !== this.asked) return;
    this.asked = null;
    if (!json) {
      this.hasFailed = true;
      return this.pause();
    }
    const { times, more } = JSON.parse(json);
    for (const [off, at] of times) {
      const last = this.records.at(-1);
      // The page before ended with it. The clock of the machine may have gone back.
      if (!last || off > last.off) this.records.push({ off, at: Math.max(at - this.begin, last?.at ?? 0) });
    }
    this.hasMore = Boolean(more) && times.length > 1;
    this.total = Math.max(this.total, this.records.at(-1)?.at ?? 0);
  }

  /** `now` is in milliseconds, of any clock that only goes forward. */
  tick(now) {
    const passed = Math.min(now - (this.ticked ?? now), TICK_MAX_MS);
    this.ticked = now;
    // While it waits for the server, time stands still.
    if (!this.draw() || !this.isPlaying) return;
    this.position += passed * this.speed;
    if (this.skipsIdle) this.skipIdle();
    if (this.position >= this.total) {
      this.position = this.total;
      if (this.draw()) this.pause();
    }
  }

  jump(position) {
    this.position = position;
    this.resumedAt = position;
    this.hasFailed = false;
    this.isWaiting = true;
    this.queue = [];
    this.drawn = 0;
    this.asked = null;
    this.forgetTimes();
    this.act.play(this.begin + position);
  }

  forgetTimes() {
    this.records = [];
    this.next = 0;
    this.hasMore = true;
  }

  askTimes(from) {
    this.asked = from;
    this.act.times(from);
  }

  /** The end of the output of the time until `position`: null if its times are not known. */
  endAt(position) {
    while (this.next < this.records.length && this.records[this.next].at <= position) this.next += 1;
    if (this.next < this.records.length) return this.records[this.next].off;
    return this.hasMore ? null : this.bytes;
  }

  isNear(position) {
    const next = this.next;
    const end = this.endAt(position);
    this.next = next;
    return end !== null && end - this.drawn <= NEAR_BYTES;
  }

  /** Draws what is due; true if that was all. */
  draw() {
    if (this.isWaiting || this.asked !== null) return false;
    const end = this.endAt(this.position);
    const last = this.records.at(-1)?.off ?? this.drawn;
    this.drawUntil(end ?? last);
    if (end === null) this.askTimes(last + 1);
    return end !== null && this.drawn >= end;
  }

  drawUntil(end) {
    for (let head = this.queue[0]; head; head = this.queue[0]) {
      if (head.screen) {
        this.act.screen(...head.screen);
      } else {
        const begin = head.end - head.bytes.length;
        if (begin >= end) return;
        if (head.size) this.act.size(...head.size);
        head.size = null;
        const part = head.bytes.subarray(0, end - begin);
        this.drawn = begin + part.length;
        this.act.write(part, this.drawn);
        head.bytes = head.bytes.subarray(part.length);
        if (head.bytes.length > 0) return;
      }
      this.queue.shift();
    }
  }

  skipIdle() {
    const before = Math.max(this.records[this.next - 1]?.at ?? 0, this.resumedAt);
    const after = this.records[this.next]?.at ?? (this.hasMore ? 0 : this.total);
    if (after - before > IDLE_MAX_MS && this.position > before + IDLE_MAX_MS) this.position = Math.max(this.position, after);
  }
}

/** A time as people write it: `0:07`, `1:02:03`. */
export function clock(ms) {
  const seconds = Math.floor(ms / 1_000);
  const [h, m, s] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (n) => String(n).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
