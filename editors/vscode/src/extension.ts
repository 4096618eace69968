// The extension: it starts the server, shows how that went, and has commands for the query at the cursor.

import * as vscode from "vscode";
import { LanguageClient, State, type LanguageClientOptions } from "vscode-languageclient/node";
import { problemOf, pythonExtension, serverCommand } from "./server";

const SCHEME = "bbquery"; // of links from an encoded query to what it says
const LANGUAGES = [
  "bbq", "python", "javascript", "javascriptreact", "typescript", "typescriptreact", "go", "java", "kotlin", "ruby", "php",
  "csharp", "rust", "shellscript", "makefile", "dockerfile", "yaml", "json", "jsonc", "toml", "markdown", "html", "vue",
  "svelte", "http", "terraform",
];

let client: LanguageClient | undefined;
let status: vscode.StatusBarItem;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  status = vscode.window.createStatusBarItem("bbquery", vscode.StatusBarAlignment.Right);
  status.name = "bbquery";
  status.command = "bbquery.restart";
  context.subscriptions.push(
    status,
    vscode.commands.registerCommand("bbquery.restart", restart),
    vscode.commands.registerCommand("bbquery.checkWorkspace.run", checkWorkspace),
    vscode.commands.registerCommand("bbquery.explain.run", explain),
    vscode.commands.registerCommand("bbquery.copyAs.run", copyAs),
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
      provideTextDocumentContent: (uri) => `${uri.query}\n`,
    }),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("bbquery")) {
        void restart();
      }
    }),
  );
  const python = await pythonExtension();
  if (python) {
    context.subscriptions.push(python.environments.onDidChangeActiveEnvironmentPath(() => void restart()));
  }
  await start();
}

export async function deactivate(): Promise<void> {
  await client?.stop();
}

async function start(): Promise<void> {
  const command = await serverCommand();
  const problem = await problemOf(command);
  if (problem !== undefined) {
    show("$(error) bbquery", `${[command.command, ...command.args].join(" ")}: ${problem}\nInstall it with: pip install bbquery[lsp]`);
    return;
  }
  const settings = vscode.workspace.getConfiguration("bbquery");
  const options: LanguageClientOptions = {
    documentSelector: LANGUAGES.flatMap((language) =>
      ["file", "untitled", "vscode-notebook-cell"].map((scheme) => ({ language, scheme })),
    ),
    initializationOptions: {
      scanWorkspace: settings.get("scanWorkspace"),
      archive: settings.get("archive"),
      listing: settings.get("listing"),
    },
    outputChannelName: "bbquery",
  };
  client = new LanguageClient("bbquery", "bbquery", command, options);
  client.onDidChangeState(({ newState }) => {
    const said = { [State.Running]: "$(check) bbquery", [State.Starting]: "$(sync~spin) bbquery", [State.Stopped]: "$(circle-slash) bbquery" };
    show(said[newState], `${command.command} ${command.args.join(" ")}\nClick to start it anew`);
  });
  await client.start();
}

async function restart(): Promise<void> {
  const running = client;
  client = undefined;
  await running?.dispose();
  await start();
}

function show(text: string, tooltip: string): void {
  status.text = text;
  status.tooltip = tooltip;
  status.show();
}

async function checkWorkspace(): Promise<void> {
  const number = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: "bbquery checks the workspace" },
    () => request<number>("bbquery.checkWorkspace"),
  );
  if (number !== undefined) {
    void vscode.window.showInformationMessage(`bbquery: ${number === 1 ? "1 problem" : `${number} problems`} in the workspace`);
  }
}

async function explain(): Promise<void> {
  const said = await request<string>("bbquery.explain", ...atCursor());
  if (said !== undefined) {
    const document = await vscode.workspace.openTextDocument({ content: said });
    await vscode.window.showTextDocument(document, { preview: true, viewColumn: vscode.ViewColumn.Beside });
  }
}

async function copyAs(): Promise<void> {
  const form = await vscode.window.showQuickPick(["curl", "url", "sql"], { title: "Copy the query as" });
  const said = form && (await request<string>("bbquery.copyAs", ...atCursor(), form));
  if (said) {
    await vscode.env.clipboard.writeText(said);
  }
}

/** Return the address of the document and the place of the cursor in it. */
function atCursor(): [string, number, number] | [] {
  const editor = vscode.window.activeTextEditor;
  return editor ? [editor.document.uri.toString(), editor.selection.active.line, editor.selection.active.character] : [];
}

/** Have the server run a command. What goes wrong is shown, and undefined returned. */
async function request<T>(command: string, ...args: unknown[]): Promise<T | undefined> {
  try {
    return await client?.sendRequest<T>("workspace/executeCommand", { command, arguments: args });
  } catch (error) {
    void vscode.window.showWarningMessage(`bbquery: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}
