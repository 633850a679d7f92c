import assert from "node:assert/strict";
import test from "node:test";

import { InputQueue, PASTE_BYTES_MAX, bracketed, clipboardText, keyBytes, preparePaste, scaledFont, withControl } from "../src/input.js";
import { LANGUAGES, wordsOf } from "../src/words.js";

test("nothing in a paste escapes its bracket", () => {
  const evil = "echo 1\x1b[201~\nrm -rf /\n\x9b201~\x03\x04 \u009d52;c;x\x07";
  const { clean, hadControls, isMultiline } = preparePaste(evil);
  assert.equal(clean, "echo 1[201~\rrm -rf /\r201~ 52;c;x");
  assert.ok(hadControls && isMultiline);
  const sent = bracketed(clean, true);
  assert.equal(sent.split("\x1b").length, 3, "only the two ends of the bracket");
  assert.ok(sent.startsWith("\x1b[200~") && sent.endsWith("\x1b[201~"));
  for (let code = 0; code < 0xa0; code += 1) {
    const { clean } = preparePaste(String.fromCharCode(code));
    const isKept = code === 9 || code === 10 || code === 13 || (code >= 32 && code < 127);
    assert.equal(clean.length, isKept ? 1 : 0, `U+${code.toString(16)}`);
  }
});

test("a line without controls is pasted without a question", () => {
  const { clean, hadControls, isMultiline } = preparePaste("ls -l\t中文 👍");
  assert.deepEqual([clean, hadControls, isMultiline], ["ls -l\t中文 👍", false, false]);
  assert.ok(preparePaste("reboot\n").isMultiline, "its end would run it");
  assert.deepEqual(preparePaste("a\r\nb\rc\nd").lines, ["a", "b", "c", "d"]);
});

test("keys of the bar", () => {
  assert.equal(keyBytes("up", false), "\x1b[A");
  assert.equal(keyBytes("up", true), "\x1bOA");
  assert.equal(keyBytes("|", true), "|");
  assert.equal(keyBytes("ctrl-c", false), "\x03");
  assert.equal(withControl("c"), "\x03");
  assert.equal(withControl("["), "\x1b");
  assert.equal(withControl(" "), "\0");
  assert.equal(withControl("1"), "1");
  assert.equal(withControl("中"), "中");
});

test("a clipboard is written, never read", () => {
  assert.equal(clipboardText(`c;${btoa("secret")}`), "secret");
  assert.equal(clipboardText("c;?"), null);
  assert.equal(clipboardText("c;%%%"), null);
  assert.equal(clipboardText(`c;${btoa("x".repeat(100_001))}`), null);
});

test("input waits until there is room, and keeps its order", () => {
  let free = 3;
  const sent = [];
  const queue = new InputQueue(() => free, (bytes) => {
    sent.push(...bytes);
    free -= bytes.length;
  });
  assert.ok(queue.push(Uint8Array.of(1, 2)));
  assert.ok(queue.push(Uint8Array.of(3, 4, 5)));
  assert.deepEqual(sent, [1, 2, 3]);
  free = 10;
  queue.pump();
  assert.deepEqual(sent, [1, 2, 3, 4, 5]);
  free = 0;
  assert.ok(queue.push(new Uint8Array(PASTE_BYTES_MAX)));
  assert.ok(!queue.push(Uint8Array.of(1)));
});

test("a watcher's text is scaled, not the terminal", () => {
  assert.equal(scaledFont(14, 6, { cols: 100, rows: 30 }, 80, 24), 14);
  assert.equal(scaledFont(14, 6, { cols: 100, rows: 30 }, 200, 50), 7);
  assert.equal(scaledFont(14, 6, { cols: 40, rows: 20 }, 200, 50), 6, "the rest scrolls");
});

test("both languages have all words", () => {
  assert.deepEqual(Object.keys(LANGUAGES.en), Object.keys(LANGUAGES.zh));
  for (const [key, words] of Object.entries(LANGUAGES.en)) {
    assert.equal(words.includes("{}"), LANGUAGES.zh[key].includes("{}"), key);
  }
  assert.equal(wordsOf("zh-CN")("give", "ben"), "交给 ben");
});
