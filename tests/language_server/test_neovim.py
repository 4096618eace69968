"""The lines of the documentation in a real Neovim, without a screen: it sees, fixes, completes and saves."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.neovim import find_neovim
from support.paths import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_neovim() is None, reason="there is no Neovim of 0.11 or later"),
]

SOURCE = """\
import bbquery

smile = "\U0001f600"; found = bbquery.parse(f"user_metadata['client']:'{name}' AND status:'RUNING'")
"""

# What a person does: wait for the red line, ask for the fixes below the cursor, choose the first, save. Then the
# completion after `['`. What was seen goes into a file.
SESSION = """
local seen = {}
local function until_there(what)
  assert(vim.wait(30000, function() return what() end, 20), "it did not come")
end
until_there(function() return #vim.diagnostic.get(0) == 2 end)
for _, each in ipairs(vim.diagnostic.get(0)) do
  table.insert(seen, { each.code, each.lnum, each.col, each.end_col })
end
local wrong = vim.diagnostic.get(0)[2]
vim.api.nvim_win_set_cursor(0, { wrong.lnum + 1, wrong.col + 2 })
local chosen = nil
vim.ui.select = function(items, _, done)
  chosen = items
  done(items[1], 1)
end
vim.lsp.buf.code_action()
until_there(function() return chosen ~= nil and vim.api.nvim_get_current_line():find("RUNNING") end)
local titles = {}
for _, each in ipairs(chosen) do table.insert(titles, (each.action or each[2]).title) end
until_there(function() return #vim.diagnostic.get(0) == 1 end)
vim.cmd.write()
vim.api.nvim_buf_set_lines(0, -1, -1, false, { "q = \\"user_metadata['" })
local client = vim.lsp.get_clients({ name = "bbquery" })[1]
local params = {
  textDocument = vim.lsp.util.make_text_document_params(0),
  position = { line = vim.api.nvim_buf_line_count(0) - 1, character = 20 },
}
local answer = client:request_sync("textDocument/completion", params, 30000, vim.api.nvim_get_current_buf())
assert(answer and answer.result, vim.inspect(answer))
local found = answer.result.items
local labels = {}
for _, each in ipairs(found) do table.insert(labels, each.label) end
vim.fn.writefile({ vim.json.encode({ diagnostics = seen, titles = titles, labels = labels }) }, "seen.json")
vim.cmd("qall!")
"""


def run_neovim(folder: Path, source: str, session: str) -> dict[str, Any]:
    """Return what a session wrote down that was run on a file, with the documentation's lines as `init.lua`."""
    page = (ROOT / "docs/editors.md").read_text(encoding="utf-8")
    (lines,) = re.findall(r"^```lua\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (folder / "init.lua").write_text(lines)
    (folder / "session.lua").write_text(session)
    (folder / "app.py").write_text(source)
    done = subprocess.run(
        [str(find_neovim()), "--headless", "-u", "init.lua", "-i", "NONE", "-n", "app.py", "-c", "luafile session.lua",
         "-c", "cquit"],
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
        env={
            **os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "XDG_STATE_HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder),
        },
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads((folder / "seen.json").read_text())
    return seen


def test_the_lines_of_the_documentation_work(tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_text(json.dumps({"properties": {"client": {"enum": ["acme"]}, "task": {}}}))
    (tmp_path / "bbquery.toml").write_text('schema = "schema.json"\n')
    seen = run_neovim(tmp_path, SOURCE, SESSION)
    line = SOURCE.splitlines()[2].encode()  # Neovim counts bytes
    name, status = line.index(b"name"), line.index(b"'RUNING'")
    assert seen["diagnostics"] == [["BBQ401", 2, name, name + 4], ["BBQ304", 2, status, status + 8]]
    assert seen["titles"][:2] == [
        "Write 'RUNNING' (may change the meaning)",
        "Write 'PENDING' (may change the meaning)",
    ]
    assert (tmp_path / "app.py").read_text() == SOURCE.replace("RUNING", "RUNNING")
    assert seen["labels"] == ["client", "task"]
