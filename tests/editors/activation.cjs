// Run the built extension with the `vscode` API faked, and the language server real.
//
//   node activation.cjs EXTENSION FOLDER FILE COMMAND...
//
// The fake has what the extension and vscode-languageclient touch on their way from activation to the first diagnostics; any
// other name is a class that does nothing. What the status item and the diagnostics were is printed as JSON.

const Module = require("node:module");
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const { pathToFileURL, fileURLToPath } = require("node:url");

const [extension, folder, file, ...command] = process.argv.slice(2);

class Disposable {
  constructor(dispose = () => {}) {
    this.dispose = dispose;
  }
  static from() {
    return new Disposable();
  }
}

class Uri {
  constructor(text) {
    this.text = text;
    this.scheme = text.split(":")[0];
  }
  get fsPath() {
    return this.scheme === "file" ? fileURLToPath(this.text) : "";
  }
  get path() {
    return this.fsPath;
  }
  toString() {
    return this.text;
  }
  static parse(text) {
    return new Uri(text);
  }
  static file(path) {
    return new Uri(pathToFileURL(path).href);
  }
}

class Position {
  constructor(line, character) {
    Object.assign(this, { line, character });
  }
}

class Range {
  constructor(...places) {
    const [start, end] = places.length === 4 ? [new Position(places[0], places[1]), new Position(places[2], places[3])] : places;
    Object.assign(this, { start, end });
  }
}

class CodeActionKind {
  constructor(value) {
    this.value = value;
  }
  append(part) {
    return new CodeActionKind(this.value ? `${this.value}.${part}` : part);
  }
}
for (const name of ["Empty", "QuickFix", "Refactor", "RefactorExtract", "RefactorInline", "RefactorRewrite", "Source"]) {
  CodeActionKind[name] = new CodeActionKind(name === "Empty" ? "" : name.toLowerCase());
}

class CancellationTokenSource {
  constructor() {
    this.token = { isCancellationRequested: false, onCancellationRequested: () => new Disposable() };
  }
  cancel() {}
  dispose() {}
}

class EventEmitter {
  constructor() {
    const listeners = (this.listeners = new Set());
    this.event = (listener, self) => {
      const bound = self ? listener.bind(self) : listener;
      listeners.add(bound);
      return new Disposable(() => listeners.delete(bound));
    };
  }
  fire(value) {
    for (const listener of [...this.listeners]) listener(value);
  }
  dispose() {}
}

const seen = { status: [], commands: [], diagnostics: {} };
const text = readFileSync(file, "utf-8");
const document = {
  uri: Uri.file(file), fileName: file, languageId: "python", version: 1, isClosed: false, getText: () => text,
  lineCount: text.split("\n").length,
};
const nothing = () => new Disposable();
const settings = { command, scanWorkspace: false, archive: null, listing: false };
const status = {
  set text(said) {
    seen.status.push(said);
  },
  show() {},
  dispose() {},
};

// A name that nobody has faked: a class, a function and a namespace at once, that does nothing.
function anything(name) {
  const made = class {};
  return new Proxy(made, {
    get: (target, key) => (key in target || typeof key === "symbol" ? target[key] : anything(`${name}.${String(key)}`)),
    apply: () => new Disposable(),
  });
}

function faked(name, known) {
  return new Proxy(known, {
    get: (target, key) => {
      if (key in target || typeof key === "symbol") return target[key];
      return String(key).startsWith("on") || String(key).startsWith("register") ? nothing : anything(`${name}.${String(key)}`);
    },
  });
}

const vscode = faked("vscode", {
  version: "1.91.0",
  Disposable, Uri, Position, Range, CodeActionKind, CancellationTokenSource, EventEmitter,
  StatusBarAlignment: { Left: 1, Right: 2 },
  ProgressLocation: { Window: 10 },
  ViewColumn: { Beside: -2 },
  DiagnosticSeverity: { Error: 0, Warning: 1, Information: 2, Hint: 3 },
  DiagnosticTag: { Unnecessary: 1, Deprecated: 2 },
  Diagnostic: class {
    constructor(range, message, severity) {
      Object.assign(this, { range, message, severity });
    }
  },
  env: { language: "en", appName: "fake", machineId: "0", uriScheme: "vscode", clipboard: { writeText: async () => {} } },
  extensions: { getExtension: () => undefined, all: [] },
  window: faked("window", {
    createStatusBarItem: () => status,
    createOutputChannel: () => ({ append() {}, appendLine() {}, show() {}, dispose() {}, clear() {}, replace() {} }),
    visibleTextEditors: [],
    tabGroups: faked("tabGroups", { all: [] }),
    showWarningMessage: async (said) => console.error(said),
    showErrorMessage: async (said) => console.error(said),
    showInformationMessage: async (said) => console.error(said),
  }),
  commands: faked("commands", {
    registerCommand: (name) => {
      seen.commands.push(name);
      return new Disposable();
    },
  }),
  languages: faked("languages", {
    match: (selector, { languageId, uri }) =>
      [selector].flat().some((each) => each.language === languageId && (!each.scheme || each.scheme === uri.scheme)) ? 10 : 0,
    createDiagnosticCollection: () => ({
      set: (uri, found) => {
        seen.diagnostics[uri.toString()] = (found ?? []).map((each) => [each.code?.value ?? each.code, each.range.start.line, each.range.start.character]);
      },
      delete() {},
      clear() {},
      dispose() {},
    }),
  }),
  workspace: faked("workspace", {
    workspaceFolders: [{ uri: Uri.file(folder), name: "w", index: 0 }],
    textDocuments: [document],
    notebookDocuments: [],
    getConfiguration: () => ({ get: (key, otherwise) => (key in settings ? settings[key] : otherwise), has: () => false, inspect: () => undefined }),
    getWorkspaceFolder: () => ({ uri: Uri.file(folder), name: "w", index: 0 }),
    createFileSystemWatcher: () => ({ onDidCreate: nothing, onDidChange: nothing, onDidDelete: nothing, dispose() {} }),
    fs: {},
  }),
});

const load = Module._load;
Module._load = (request, ...rest) => (request === "vscode" ? vscode : load(request, ...rest));

async function main() {
  const { activate, deactivate } = require(join(extension, "out/extension.js"));
  await activate({ subscriptions: [] });
  const until = Date.now() + 30_000;
  const failed = () => seen.status.some((said) => said.includes("error"));
  while (!failed() && !(seen.diagnostics[document.uri.toString()] ?? []).length && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await deactivate();
  process.stdout.write(JSON.stringify(seen));
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
