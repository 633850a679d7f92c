// What programs ask their terminal is answered by the server, once, whoever watches. Here the questions are read and
// dropped: an answer of this page would reach the program as keys.

/** Control sequences that xterm.js would answer, or may in a later version. */
export const QUERIES = [
  { final: "c" }, // DA1
  { prefix: ">", final: "c" }, // DA2
  { prefix: "=", final: "c" }, // DA3
  { final: "n" }, // DSR
  { prefix: "?", final: "n" },
  { intermediates: "$", final: "p" }, // DECRQM
  { prefix: "?", intermediates: "$", final: "p" },
  { prefix: ">", final: "q" }, // XTVERSION
  { prefix: "?", final: "u" }, // the keyboard protocol of kitty
  { final: "x" }, // DECREQTPARM
];

/** OSC sequences for colours, which ask with `?` and set without. */
export const COLOURS = [4, 10, 11, 12];

/** Swallows all questions. */
export function swallowQueries(parser) {
  for (const id of QUERIES) parser.registerCsiHandler(id, () => true);
  for (const code of COLOURS) parser.registerOscHandler(code, (data) => data.split(";").includes("?"));
  parser.registerDcsHandler({ intermediates: "$", final: "q" }, () => true); // DECRQSS
  parser.registerDcsHandler({ intermediates: "+", final: "q" }, () => true); // XTGETTCAP
}
