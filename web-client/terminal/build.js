// Bundles the terminal into one file: node build.js FOLDER, where FOLDER has the packages of package-lock.json. Prints the
// name of the file, which contains a digest of what is in it. `cargo xtask page` calls it.

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [packages, dist] = process.argv.slice(2);
const modules = join(packages, "node_modules");
const esbuild = createRequire(join(packages, "package.json"))("esbuild");
const here = import.meta.dirname;

// Each licence asks that its text goes with copies.
const shipped = Object.keys(JSON.parse(readFileSync(join(here, "package.json"))).devDependencies).filter((name) => name.startsWith("@xterm/"));
const licences = shipped.map((name) => `${name}\n\n${readFileSync(join(modules, name, "LICENSE"), "utf8")}`);

const built = await esbuild.build({
  entryPoints: [join(here, "src/main.js")],
  inject: [join(here, "src/constructed.js")],
  // xterm.js does not always use the document that it is given.
  define: { document: "constructedDocument", "window.document": "constructedDocument" },
  loader: { ".css": "text" },
  nodePaths: [modules],
  bundle: true,
  format: "esm",
  legalComments: "none",
  minify: true,
  target: "es2022",
  write: false,
});
const text = `/*!\n${licences.join("\n\n").replaceAll("*/", "* /")}\n*/\n${built.outputFiles[0].text}`;
const name = `terminal-${createHash("sha256").update(text).digest("hex").slice(0, 16)}.js`;
writeFileSync(join(dist, name), text);
console.log(name);
