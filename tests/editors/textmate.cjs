// Read texts from standard input, a JSON array, and print the tokens of each by vscode-textmate: [start, end, scopes].

const { readFileSync } = require("node:fs");
const { join } = require("node:path");

const folder = process.argv[2];
const scope = process.argv[3];
const textmate = require(join(folder, "node_modules/vscode-textmate"));
const oniguruma = require(join(folder, "node_modules/vscode-oniguruma"));

const FILES = { "source.bbq": "bbq", "source.bbq.injection": "bbq.injection" };
// A language with strings, into which the second grammar is put.
const HOST = {
  scopeName: "source.host",
  patterns: [{ begin: '"', end: '"', name: "string.quoted.double.host" }],
};

async function main() {
  const wasm = readFileSync(join(folder, "node_modules/vscode-oniguruma/release/onig.wasm"));
  await oniguruma.loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength));
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: async (name) => {
      if (name === "source.host") return HOST;
      const file = FILES[name] && join(folder, "syntaxes", `${FILES[name]}.tmLanguage.json`);
      return file ? textmate.parseRawGrammar(readFileSync(file, "utf-8"), file) : null;
    },
    getInjections: (name) => (name === "source.host" ? ["source.bbq.injection"] : []),
  });
  const grammar = await registry.loadGrammar(scope);
  const results = JSON.parse(readFileSync(0, "utf-8")).map((text) => {
    const tokens = [];
    let state = textmate.INITIAL;
    let offset = 0;
    for (const line of text.split(/(?<=\r\n|\n|\r(?!\n))/)) {
      const bare = line.replace(/[\r\n]+$/, "");
      const found = grammar.tokenizeLine(bare, state);
      for (const { startIndex, endIndex, scopes } of found.tokens) {
        tokens.push([offset + startIndex, offset + Math.min(endIndex, bare.length), scopes.slice(1)]);
      }
      state = found.ruleStack;
      offset += line.length;
    }
    return tokens;
  });
  process.stdout.write(JSON.stringify(results));
}

main();
