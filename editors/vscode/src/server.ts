// Where the language server is: the user's own command, or else the Python of the workspace.

import { execFile } from "node:child_process";
import * as vscode from "vscode";

export interface Command {
  command: string;
  args: string[];
}

// What is used of the API of the Python extension.
interface PythonExtension {
  environments: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { path: string };
    resolveEnvironment(path: { path: string }): Promise<{ executable: { uri?: vscode.Uri } } | undefined>;
    onDidChangeActiveEnvironmentPath: vscode.Event<unknown>;
  };
}

export async function pythonExtension(): Promise<PythonExtension | undefined> {
  const extension = vscode.extensions.getExtension<PythonExtension>("ms-python.python");
  return extension && (extension.isActive ? extension.exports : await extension.activate());
}

async function workspacePython(): Promise<string> {
  const python = await pythonExtension();
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const environment = python && (await python.environments.resolveEnvironment(python.environments.getActiveEnvironmentPath(folder)));
  return environment?.executable.uri?.fsPath ?? (process.platform === "win32" ? "python" : "python3");
}

/** Return the command that starts the server. */
export async function serverCommand(): Promise<Command> {
  const given = vscode.workspace.getConfiguration("bbquery").get<string[]>("command", []);
  if (given.length > 0) {
    return { command: given[0]!, args: given.slice(1) };
  }
  return { command: await workspacePython(), args: ["-m", "bbquery", "lsp"] };
}

/** Return what is wrong with a command in the user's words, or undefined if it can start a server. */
export function problemOf({ command, args }: Command): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(command, [...args, "--help"], { timeout: 30_000 }, (error, _out, said) => {
      if (!error) {
        resolve(undefined);
      } else if (error.code === "ENOENT") {
        resolve(`${command} is not there`);
      } else {
        resolve(said.trim().split("\n").pop() || error.message);
      }
    });
  });
}
