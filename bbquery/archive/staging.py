"""Sessions to files of staging, which `merge` takes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from ..errors import ArchiveError
from .engine import parquet
from .plain_rows import plain_table
from .rows import RowBatch
from .source import LineBatch, read_mapping


class StagedFiles:
    """Writes batches of sessions to files of one folder."""

    def __init__(self, folder: Path, seen_at: datetime) -> None:
        self.paths: list[Path] = []
        self.sessions = 0
        self._folder = folder
        self._seen_at = seen_at

    def add_lines(self, batch: LineBatch) -> None:
        """Stage sessions from JSON. Raise DecodeError for what is no session."""
        lines = [line for line in batch.lines if line and not line.isspace()]
        table = plain_table(lines, self._seen_at) if lines else None
        if table is None:
            rows = RowBatch(self._seen_at)
            for at, line in enumerate(batch.lines):
                if line and not line.isspace():
                    rows.add(*_mapping_and_text(line, batch.place(at)))
            table = rows.table()
        self._write(table)

    def add_mappings(self, mappings: Iterable[dict[str, Any]]) -> None:
        """Stage the API's mappings."""
        rows = RowBatch(self._seen_at)
        for mapping in mappings:
            rows.add(mapping, session_json(mapping))
        self._write(rows.table())

    def _write(self, table: Any) -> None:
        if not table.num_rows:
            return
        path = self._folder / f"{len(self.paths):06}.parquet"
        try:
            parquet().write_table(table, path, compression="lz4", use_dictionary=False)
        except OSError as error:
            reason = error.strerror or str(error)
        else:
            reason = ""
        if reason:
            raise ArchiveError(f"{path.parent} cannot be written to: {reason}; nothing was changed")
        self.paths.append(path)
        self.sessions += table.num_rows


def _mapping_and_text(line: bytes, place: str) -> tuple[dict[str, Any], str]:
    mapping = read_mapping(line, place)
    try:
        text = line.strip().decode()
    except UnicodeDecodeError:
        return mapping, session_json(mapping)
    return mapping, text if "createdAt" in mapping and "created_at" not in text else session_json(mapping)


def session_json(mapping: dict[str, Any]) -> str:
    """Return a session as JSON."""
    try:
        return msgspec.json.encode(mapping).decode()
    except (msgspec.MsgspecError, ValueError, TypeError, OverflowError):  # lone surrogates, numbers of any length
        import json

        return json.dumps(mapping)
