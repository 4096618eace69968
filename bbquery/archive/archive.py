"""`Archive`: sessions kept for good."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ..errors import BuildError
from ..query import as_query
from ..usage.meter import UsageMeter
from ..usage.periods import require_utc
from .engine import engine_errors
from .key_columns import shared_key_columns
from .manifest import disk_errors, read_manifest, read_or_make_manifest, writing
from .merge import Merged, merge
from .query_engines import as_engine, is_local
from .reader import ArchiveInfo, ArchiveReader
from .repair import Compacted, Damage, compact, find_damage
from .selection import ArchivePlan
from .source import read_lines, read_objects
from .staged_files import StagedFiles
from .sync import ServiceListing, SyncReport

if TYPE_CHECKING:
    from ..client.blocking import Client
    from ..query import Query
    from ..sessions.records import Session
    from ..sessions.results import SessionList
    from ..usage.report import UsageReport

Progress = Callable[[int], None]
"""Told how many sessions have been read so far."""


class Archive:
    """Sessions in a folder of Parquet files, each once, as last seen.

    The folder is made when something is first written to it. `wait` is how many seconds a run waits for another one
    that writes. With more than one of `processes`, large files are read in several, eight at most, which start as
    `multiprocessing` says: a script needs its `if __name__ == "__main__"`. Any reader of Parquet can use the files;
    docs/archive.md describes them.

    `engine` is what asks: DuckDB, a connection of DuckDB's that you have set up, or a SparkSession. Each reads an
    archive wherever it can read files, such as `s3://bucket/sessions`. Everything that writes is done here, and needs a
    local path.
    """

    def __init__(
        self, path: str | PathLike[str], *, wait: float = 60, processes: int = 1, engine: object = None
    ) -> None:
        if not isinstance(path, str | PathLike):
            raise BuildError(f"an archive is at a path, not at a {type(path).__name__}", code="wrong-type")
        try:
            is_possible = b"\0" not in str(path).encode()
        except UnicodeEncodeError:
            is_possible = False
        if not is_possible:
            raise BuildError(f"{str(path)!r:.80} is no path in UTF-8, as DuckDB takes it", code="bad-setting")
        self.path = Path(path)
        self._wait = wait
        self._processes = processes
        self._engine = as_engine(engine)
        self._place = str(path)  # a Path would make one slash of the two in s3a://

    def __repr__(self) -> str:
        return f"Archive({self._place!r})"

    # --- writing -------------------------------------------------------------------------------

    def add(
        self, *files: str | PathLike[str] | IO[bytes], progress: Progress | None = None, now: datetime | None = None
    ) -> Merged:
        """Add the sessions of files, and return what became of them.

        A file is NDJSON or one array of sessions, as the API, the SDK and `bbquery sessions` write them, plain or
        compressed with gzip. It is all or nothing: raise OSError or DecodeError, and change nothing, if one of them
        cannot be read.
        """
        if not files:
            raise BuildError("there is nothing to add", hint="give at least one file")

        def stage(staged: StagedFiles) -> None:
            for file in files:
                name = str(file if isinstance(file, str | PathLike) else getattr(file, "name", "(a stream)"))
                for batch in read_lines(file, name):
                    staged.add_lines(batch)
                    if progress is not None:
                        progress(staged.sessions)

        return self._write(stage, now)

    def add_sessions(self, sessions: Iterable[Session | dict[str, Any]], *, now: datetime | None = None) -> Merged:
        """Add sessions, `Session`s or the API's mappings, and return what became of them.

        Raise DecodeError, and change nothing, for a mapping that is no session.
        """
        return self._write(lambda staged: staged.add_mappings(read_objects(sessions)), now)

    def sync(
        self,
        client: Client,
        query: str | Query | None = None,
        *,
        project_id: str | None = None,
        progress: Progress | None = None,
        now: datetime | None = None,
    ) -> SyncReport:
        """Bring what the service lists into the archive, and return what became of it.

        Raise what `client.sessions` raises, and change nothing then.
        """
        wanted = as_query(query)
        listing = ServiceListing(client, wanted, project_id)
        merged = self._write(lambda staged: listing.stage(staged, progress), now)
        reader = self._reader(wanted, now)
        missing = reader.unseen(listing.seen) if project_id is None else ()
        return SyncReport(merged.added, merged.updated, merged.unchanged, merged.older, missing, listing.problems)

    def compact(self) -> Compacted:
        """Put each day into one file, drop what is there twice, and mend what is damaged.

        What cannot be read of a damaged file is kept aside, in the folder `_damaged`.
        """
        self._require_local()
        if not self.path.is_dir():
            read_manifest(self.path)  # says that there is none, where a lock would make the folder
        with (
            writing(self.path, self._wait) as staging,
            engine_errors(self.path, "nothing was changed"),
            disk_errors(self.path),
        ):
            return compact(self.path, staging)

    def _reader(
        self,
        query: str | Query | None,
        now: datetime | None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> ArchiveReader:
        return ArchiveReader(self._engine, self._place, as_query(query), now, start, end)

    def _write(self, stage: Callable[[StagedFiles], None], now: datetime | None) -> Merged:
        self._require_local()
        seen_at = datetime.now(UTC) if now is None else require_utc(now, "now")
        with writing(self.path, self._wait) as staging, engine_errors(self.path, "nothing was changed"):
            folder = staging / "in"
            with disk_errors(self.path):
                manifest = read_or_make_manifest(self.path)
                folder.mkdir()
            key_columns = shared_key_columns(manifest.files) if manifest.files else None
            staged = StagedFiles(folder, seen_at, self._processes, key_columns)
            try:
                stage(staged)
                staged.finish()
            finally:
                staged.close()
            with disk_errors(self.path):
                return merge(self.path, manifest, staged.paths, staged.key_columns or (), staging)

    def _require_local(self) -> None:
        if not is_local(self._place):
            raise BuildError(
                f"an archive is written on a local disk, not at {self._place}",
                hint="write it here, and copy it with the tools of your store, manifest.json last",
                code="not-local",
            )
        if os.name != "nt" and "\\" in self._place:
            raise BuildError(
                f"an archive cannot be written at {self._place!r:.80}: DuckDB takes a backslash for a slash there",
                hint="give the folder another name",
                code="bad-setting",
            )

    # --- reading -------------------------------------------------------------------------------

    def check(self) -> list[Damage]:
        """Return what is damaged. Every file is read."""
        self._require_local()
        return list(find_damage(self.path))

    def info(self) -> ArchiveInfo:
        """Return what is in the archive."""
        return self._reader(None, None).info()

    def plan(self, query: str | Query | None = None, *, now: datetime | None = None) -> ArchivePlan:
        """Return how the archive would be asked."""
        return self._reader(query, now).plan()

    def sessions(
        self,
        query: str | Query | None = None,
        *,
        order: str | None = None,
        offset: int = 0,
        limit: int | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        now: datetime | None = None,
    ) -> SessionList:
        """Return the sessions that match, newest first, as the client does.

        `order` is the name of what they are sorted by instead: `started_at`, `duration`, `proxy_bytes`, `status`,
        `region` or `id`, with a `-` before it from the largest. With a `limit`, so many at most, after the first
        `offset` of them: only these are read whole. With `start` and `end`, those that started from `start` on and
        before `end`, as in `usage`.
        """
        for number in (offset, 0 if limit is None else limit):
            if type(number) is not int or number < 0:
                raise BuildError("a limit and an offset are ints, and not negative", code="bad-value")
        return self._reader(query, now, start, end).sessions(order, offset, limit)

    def count(
        self,
        query: str | Query | None = None,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        now: datetime | None = None,
    ) -> int:
        """Return the number of sessions that match."""
        return self._reader(query, now, start, end).count()

    def extent(
        self,
        query: str | Query | None = None,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        now: datetime | None = None,
    ) -> tuple[datetime | None, datetime | None]:
        """Return when the first of the sessions that match started, and when the last that has ended did."""
        return self._reader(query, now, start, end).extent()

    def keys(self, query: str | Query | None = None, *, now: datetime | None = None) -> Counter[str]:
        """Return the names of metadata by which usage can be grouped, with how many sessions have each."""
        return self._reader(query, now).keys()

    def usage(
        self,
        query: str | Query | None = None,
        *,
        by: Sequence[str] = (),
        every: str | None = None,
        timezone: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        now: datetime | None = None,
    ) -> UsageReport:
        """Return the usage of the sessions that match. It equals what `measure_usage` says of them."""
        now = datetime.now(UTC) if now is None else now
        meter = UsageMeter(by=by, every=every, timezone=timezone, now=now, start=start, end=end)
        self._reader(query, now, start, end).measure(meter)
        return meter.report()
