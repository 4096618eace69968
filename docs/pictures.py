"""`make pictures`: the pictures of the documentation, taken by Chromium of the emulator's sample."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios
import time
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from playwright.sync_api import Browser, sync_playwright
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

import bbquery
from bbquery.dashboard import Dashboard, Source
from bbquery.dashboard.view_state import PageSettings
from bbquery.emulator import Emulator, generate
from bbquery.usage.pricing import Rates

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 19, 16, 20, tzinfo=UTC)
COLUMNS = 118
USAGE = ["usage", "--emulator", "--by", "client", "--range", "30d"]
VIEWS: dict[str, tuple[Literal["light", "dark"], str]] = {
    "dashboard.png": ("light", "#range=2026-11-05.."),
    "dashboard-dark.png": ("dark", "#range=7d&q=user_metadata['env']:('prod' OR 'staging')&by=client&by=env"),
}


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("there is no chromium: apt-get install chromium")
    with (
        Emulator(sessions=generate(4_000, seed=7, now=NOW), clock=NOW.timestamp) as emulator,
        bbquery.Client(api_key=emulator.api_key, base_url=emulator.url) as client,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        priced = PageSettings(rates=Rates(Decimal("0.002"), Decimal(10)))
        source = Source(lambda: list(client.sessions()), 15, clock=lambda: NOW)
        with Dashboard(source, settings=priced) as dashboard:
            for name, (scheme, view) in VIEWS.items():
                page = browser.new_page(
                    viewport={"width": 1240, "height": 1080}, color_scheme=scheme, device_scale_factor=1.5
                )
                page.goto(dashboard.url + view)
                page.wait_for_selector("main[aria-busy=false]")
                page.wait_for_selector("#chart .bars .point")
                page.wait_for_selector("#light.on")
                page.screenshot(path=HERE / name)
        _take_terminal(browser, emulator)
        _take_editor(browser)
        browser.close()


def _take_terminal(browser: Browser, emulator: Emulator) -> None:
    """Draw what `bbquery usage` writes, as rich draws a terminal."""
    variables = {
        "BROWSERBASE_BASE_URL": emulator.url,
        "BROWSERBASE_API_KEY": emulator.api_key,
        "TERM": "xterm-256color",
    }
    arguments = [argument for argument in USAGE if argument != "--emulator"]
    written = _on_a_terminal([sys.executable, "-m", "bbquery", *arguments, "--now", NOW.isoformat()], variables)
    _draw(browser, written, f"bbquery {' '.join(USAGE)}", "usage.png")


def _draw(browser: Browser, written: str, title: str, name: str) -> None:
    console = Console(record=True, width=COLUMNS, file=StringIO())
    console.print(Text.from_ansi(written), end="")
    svg = console.export_svg(title=title, theme=MONOKAI)
    svg = re.sub(r"@font-face\s*{[^}]*}", "", svg).replace("Fira Code", "DejaVu Sans Mono")  # no font from elsewhere
    page = browser.new_page(viewport={"width": 1240, "height": 800}, device_scale_factor=1.5)
    page.set_content(f"<body style='margin:0'>{svg}</body>")
    page.locator("svg").screenshot(path=HERE / name, omit_background=True)


_SOURCE = """\
import bbquery


def running(client: bbquery.Client, name: str) -> bbquery.SessionList:
    query = bbquery.parse(f"user_metadata['client']:'{name}' AND status:'RUNING'")
    return client.sessions(query)


OURS = "
"""
_INIT = """
vim.diagnostic.config({ virtual_text = true, underline = true, update_in_insert = true })
vim.o.background = "dark"
vim.opt.completeopt = { "menuone", "noinsert" }
"""


def _take_editor(browser: Browser) -> None:
    """Neovim with the lines of editors.md, in a terminal of tmux: what it shows, and what it completes."""
    (lines,) = re.findall(r"^```lua\n(.*?)^```$", (HERE / "editors.md").read_text(), re.MULTILINE | re.DOTALL)
    variables = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    with TemporaryDirectory() as folder:
        Path(folder, "init.lua").write_text(lines + _INIT)
        Path(folder, "app.py").write_text(_SOURCE)
        Path(folder, "schema.json").write_text('{"properties": {"client": {}, "campaign": {}, "task": {}}}')
        Path(folder, "bbquery.toml").write_text('schema = "schema.json"\n')

        def tmux(*arguments: str) -> str:
            command = ["tmux", "-L", "bbquery-pictures", *arguments]
            done = subprocess.run(command, cwd=folder, env=variables, check=True, capture_output=True, text=True)  # noqa: S603  # our own
            return done.stdout

        tmux(
            "-f", "/dev/null", "new-session", "-d", "-x", str(COLUMNS), "-y", "16", "nvim -u init.lua -i NONE -n app.py"
        )
        try:
            time.sleep(5)
            tmux("send-keys", "G", "A", "user_metadata['c")
            time.sleep(1)
            tmux("send-keys", "C-x", "C-o")
            time.sleep(2)
            written = tmux("capture-pane", "-p", "-e")
        finally:
            tmux("kill-server")
    _draw(browser, written, "nvim app.py", "editor.png")


def _on_a_terminal(command: list[str], variables: dict[str, str]) -> str:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
    done = subprocess.Popen(  # noqa: S603  # our own
        command, stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, **variables}
    )
    os.close(theirs)
    written = bytearray()
    with suppress(OSError):  # EIO is how a terminal ends
        while chunk := os.read(ours, 65_536):
            written += chunk
    os.close(ours)
    if done.wait():
        sys.exit(written.decode())
    # What was under way is shown and taken back, up to the last \x1b[2K: only what stays is in the picture.
    return written.decode().replace("\r\n", "\n").rpartition("\x1b[2K")[2]


if __name__ == "__main__":
    main()
