"""Settings of a user in the editor, and the keys and values that this brings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import bbquery
from bbquery.emulator import Emulator
from bbquery.language_server.known_vocabularies import of_archive, of_listing
from bbquery.language_server.options import Options, read_options


@pytest.mark.parametrize(
    ("given", "options", "problems"),
    [
        (None, Options(), 0),
        ({}, Options(), 0),
        ({"pullDiagnostics": True, "archive": None}, Options(pull_diagnostics=True), 0),
        ({"bbquery": {"scanWorkspace": False, "archive": "a"}}, Options(scan_workspace=False, archive="a"), 0),
        ({"listing": "yes", "colour": 1}, Options(), 2),
        ([], Options(), 1),
    ],
)
def test_options(given: Any, options: Options, problems: int) -> None:
    read, said = read_options(given)
    assert (read, len(said)) == (options, problems)


def test_keys_and_values_of_sessions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Emulator() as emulator:
        monkeypatch.setenv("BROWSERBASE_BASE_URL", emulator.url)
        monkeypatch.setenv("BROWSERBASE_API_KEY", "bb_test_emulator")
        with bbquery.Client() as client:
            for town in ("Ulm", "Bonn"):
                client.create_session(user_metadata={"place": {"town": town}, "n": 3})
            bbquery.Archive(tmp_path / "archive").sync(client)
        listed, kept = of_listing(), of_archive(str(tmp_path / "archive"))
    for vocabulary in (listed, kept):
        assert vocabulary.keys(()) == ["place"]
        assert vocabulary.keys(("place",)) == ["town"]
        assert sorted(vocabulary.values(("place", "town"))) == ["Bonn", "Ulm"]
    assert (listed.source, kept.source) == ("in sessions of the project", "in the archive")
    with pytest.raises(bbquery.BBQueryError):
        of_archive(str(tmp_path / "nowhere"))
