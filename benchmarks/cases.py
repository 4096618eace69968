"""The comparisons. Each case measures, and yields rows; README.md says why the work is the same.

A peer is imported by the case that needs it, so that one that is missing spoils no other row.
"""

from __future__ import annotations

import ast
import json
import os
import sysconfig
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from time import sleep
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from urllib.parse import quote

import bbquery
from bbquery.emulator import Emulator, Switches, generate

from . import roll_ups
from .measure import ROOT, in_turn, once_in_turn, peak_memory, process, python, ratio
from .measure import run as run_command
from .service import SESSIONS, service

if TYPE_CHECKING:
    from bbquery.lint.cache import Cache
    from bbquery.lint.settings import Settings

Unit: TypeAlias = Literal["s", "B", "B/s"]
Rounds: TypeAlias = Callable[[int], int]
"""How many rounds to make of those that a case asks for."""


@dataclass(frozen=True)
class Row:
    """One line of the table; `ours` and `peer` hold a figure a round, in `unit`."""

    what: str
    ours: list[float]
    peer: list[float] | None = None
    peer_name: str = ""
    target: float | None = None
    unit: Unit = "s"

    @property
    def ratio(self) -> float | None:
        return None if self.peer is None else ratio(self.ours, self.peer)

    @property
    def verdict(self) -> str:
        if self.target is None or self.ratio is None:
            return ""
        return "ok" if self.ratio <= self.target else "over"


def _named(peer: str) -> str:
    return f"{peer} {version(peer)}"


# --- parsing -----------------------------------------------------------------------------------

ONE = "user_metadata['order']['status']:'shipped'"
FIFTY = " OR ".join([f"user_metadata['order']['status']:'shipped{i}'" for i in range(50)])
MIXED = (
    "user_metadata['client']:('acme' OR 'globex' OR 'initech') AND NOT (user_metadata['env']:'dev' OR "
    "user_metadata['test']['suite']:*) AND user_metadata['order']['status']:'shipped' AND (status:'ERROR' OR "
    "status:'TIMED_OUT') AND created_at>=now-7d AND user_metadata['attempt']>1 AND proxy_bytes<10MB AND "
    "NOT user_metadata['team']^='gro'"
)
LUQUM_ONE = 'user_metadata.order.status:"shipped"'
LUQUM_MIXED = (
    'user_metadata.client:("acme" OR "globex" OR "initech") AND NOT (user_metadata.env:"dev" OR '
    'user_metadata.test.suite:*) AND user_metadata.order.status:"shipped" AND (status:"ERROR" OR '
    'status:"TIMED_OUT") AND created_at:>="now-7d" AND user_metadata.attempt:>1 AND proxy_bytes:<10000000 AND '
    "NOT user_metadata.team:gro*"
)
LUQUM_FIFTY = " OR ".join([f'user_metadata.order.status:"shipped{i}"' for i in range(50)])


@cache
def _plain_lark() -> Callable[[str], object]:
    """Lark alone on our grammar."""
    from lark import Lark

    grammar = (ROOT / "grammar" / "bbquery.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr").parse


def parsing(rounds: Rounds) -> Iterator[Row]:
    from luqum.parser import parser as luqum

    lark, lark_name, luqum_name = _plain_lark(), "plain " + _named("lark"), _named("luqum")
    ours, theirs, plain = in_turn(
        [lambda: bbquery.parse(ONE), lambda: luqum.parse(LUQUM_ONE), lambda: lark(ONE)], rounds(100)
    )
    yield Row("parse one equality", ours, theirs, luqum_name, 0.35)
    yield Row("parse one equality", ours, plain, lark_name, 0.15)
    ours, theirs = in_turn([lambda: bbquery.parse(FIFTY), lambda: luqum.parse(LUQUM_FIFTY)], rounds(60))
    yield Row("parse fifty equalities, ORed", ours, theirs, luqum_name, 0.5)
    ours, plain, theirs = in_turn(
        [lambda: bbquery.parse(MIXED), lambda: lark(MIXED), lambda: luqum.parse(LUQUM_MIXED)], rounds(60)
    )
    yield Row("parse ten mixed predicates", ours, plain, lark_name, 0.5)
    yield Row("parse ten mixed predicates", ours, theirs, luqum_name, 0.3)


# --- building, encoding, sizing ----------------------------------------------------------------


def building(rounds: Rounds) -> Iterator[Row]:
    mapping = {"order": {"status": "shipped"}}
    assert bbquery.from_dict(mapping).encode() == quote(ONE, safe="")
    ours, theirs = in_turn([lambda: bbquery.from_dict(mapping).encode(), lambda: quote(ONE, safe="")], rounds(100))
    yield Row("from a dict to an encoded q", ours, theirs, "urllib's quote alone", 4)


def sizing(rounds: Rounds) -> Iterator[Row]:
    mapping = {"client": "acme", "task": "checkout", "attempt": 2, "order": {"status": "shipped", "number": "A-1234"}}

    def dumped() -> int:
        return len(json.dumps(mapping, separators=(",", ":")))

    assert bbquery.metadata.size(mapping) == dumped()
    ours, theirs = in_turn([lambda: bbquery.metadata.size(mapping), dumped], rounds(60))
    yield Row("metadata.size", ours, theirs, "len(json.dumps(…))", 4)


# --- listing -----------------------------------------------------------------------------------

_OURS = """
import bbquery
def listing(base_url):
    return bbquery.Client(api_key="k", base_url=base_url).sessions()
"""
_SDK = """
import browserbase
def listing(base_url):
    return browserbase.Browserbase(api_key="k", base_url=base_url).sessions.list()
"""


def listing(rounds: Rounds) -> Iterator[Row]:
    import browserbase
    import httpx
    import msgspec

    what, sdk_name = f"list and decode {SESSIONS:,} sessions", _named("browserbase")
    with service() as url, bbquery.Client(api_key="k", base_url=url) as client, httpx.Client() as http:
        sdk = browserbase.Browserbase(api_key="k", base_url=url)
        assert [session.id for session in client.sessions()] == [session.id for session in sdk.sessions.list()]
        ours, theirs = in_turn([client.sessions, sdk.sessions.list], rounds(15))
        yield Row(what, ours, theirs, sdk_name, 0.04)
        query = bbquery.parse("user_metadata['client']:'acme'")
        assert list(client.sessions(query)) == list(query.filter(client.sessions()))
        ours, theirs = in_turn([lambda: client.sessions(query), sdk.sessions.list], rounds(15))
        yield Row("… with a query", ours, theirs, sdk_name, 0.03)
        newer = bbquery.Client(api_key="k", base_url=f"{url}/newer")
        ours, theirs = in_turn([newer.sessions, client.sessions], rounds(25))
        yield Row("… where 1 % have new fields, statuses and regions", ours, theirs, "where none has", 1.3)
        newer.close()
        ours, transfer = in_turn([client.sessions, lambda: http.get(f"{url}/v1/sessions").content], rounds(15))
        yield Row("… of which getting the bytes is", ours, transfer, f"GET with {_named('httpx')}")
        decode = msgspec.json.Decoder(list[bbquery.Session]).decode
        ours, by_hand = in_turn([client.sessions, lambda: decode(http.get(f"{url}/v1/sessions").content)], rounds(15))
        yield Row("… of which getting and decoding them is", ours, by_hand, f"httpx and {_named('msgspec')}, by hand")
        ours, theirs = in_turn(
            [
                lambda: [session.user_metadata for session in client.sessions()],
                lambda: [session.user_metadata for session in sdk.sessions.list()],
            ],
            rounds(10),
        )
        yield Row("… and read all their metadata", ours, theirs, sdk_name)
        sdk.close()

        # An empty listing first: whatever either loads late is loaded by then.
        before, program = f"listing('{url}/none')", f"kept = listing('{url}'); assert len(kept) == {SESSIONS}"
        pairs = [(peak_memory(_OURS + before, program), peak_memory(_SDK + before, program)) for _ in range(rounds(5))]
        for label, which in (("peak memory of the process", 0), ("… less what it had before listing", 1)):
            yield Row(
                label,
                [float(one[which]) for one, _ in pairs],
                [float(other[which]) for _, other in pairs],
                sdk_name,
                0.3,
                "B",
            )


# --- the full language -------------------------------------------------------------------------

THREE_PARTS = "user_metadata['client']:'acme' AND status:('ERROR' OR 'TIMED_OUT') AND NOT user_metadata['team']:*"
JMESPATH = "[?userMetadata.client=='acme' && (status=='ERROR' || status=='TIMED_OUT') && !(userMetadata.team)]"
JSONPATH = "$[?@.userMetadata.client=='acme' && (@.status=='ERROR' || @.status=='TIMED_OUT') && !@.userMetadata.team]"


def _by_hand(session: dict[str, Any]) -> bool:
    metadata = session.get("userMetadata") or {}
    return (
        metadata.get("client") == "acme"
        and session.get("status") in ("ERROR", "TIMED_OUT")
        and metadata.get("team") is None
    )


def filtering(rounds: Rounds) -> Iterator[Row]:
    import jmespath
    import jsonpath

    sessions = list(generate(100_000, now=1_780_000_000))
    query, expression, path = bbquery.parse(THREE_PARTS), jmespath.compile(JMESPATH), jsonpath.compile(JSONPATH)
    found = list(query.filter(sessions))
    assert found == expression.search(sessions) == path.findall(sessions) == list(filter(_by_hand, sessions))
    what = "filter 100,000 mappings by three parts"
    ours, hand = in_turn(
        [lambda: list(query.filter(sessions)), lambda: [one for one in sessions if _by_hand(one)]], rounds(25)
    )
    yield Row(what, ours, hand, "the same by hand", 2)
    ours, theirs = in_turn([lambda: list(query.filter(sessions)), lambda: expression.search(sessions)], rounds(10))
    yield Row(what, ours, theirs, _named("jmespath"), 0.1)
    ours, theirs = in_turn([lambda: list(query.filter(sessions)), lambda: path.findall(sessions)], 3)
    yield Row(what, ours, theirs, _named("python-jsonpath"), 0.05)


def planning(rounds: Rounds) -> Iterator[Row]:
    """Each request waits 50 ms, as it may on its way to the service."""
    import browserbase

    numbers = [f"A-{number}" for number in range(1_000, 1_020)]
    query = bbquery.meta["order"]["number"].in_(numbers)
    with Emulator(sessions=generate(2_000, now=1_780_000_000), switches=Switches(latency=0.05)) as emulator:
        key, url = emulator.api_key, emulator.url
        with (
            bbquery.Client(api_key=key, base_url=url) as client,
            browserbase.Browserbase(api_key=key, base_url=url) as sdk,
        ):

            def one_by_one() -> list[Any]:
                each = [(bbquery.meta["order"]["number"] == number).wire() for number in numbers]
                return [session for q in each for session in sdk.sessions.list(q=q)]

            ours, theirs = in_turn([lambda: client.sessions(query), one_by_one], rounds(10))
    yield Row("one of twenty values, 50 ms away", ours, theirs, f"twenty calls of {_named('browserbase')}", 0.15)


# --- usage -------------------------------------------------------------------------------------

_NOW = 1_780_000_000


def usage(rounds: Rounds) -> Iterator[Row]:
    """A million sessions are a hundred thousand, ten times over: what takes the time is how many there are."""
    import orjson

    sessions = list(generate(100_000, now=_NOW))
    lines = "".join([json.dumps(session, separators=(",", ":")) + "\n" for session in sessions]).encode()
    body, now = json.dumps(sessions).encode(), datetime.fromtimestamp(_NOW, UTC)
    ours, theirs = in_turn(
        [
            lambda: bbquery.measure_usage(sessions, by=["client"], every="1d", now=now),
            lambda: orjson.loads(body),
        ],
        rounds(15),
    )
    yield Row("usage of 100,000 mappings, by client and day", ours, theirs, f"{_named('orjson')} parses them", 4)

    with TemporaryDirectory() as folder:
        path = Path(folder, "sessions.ndjson")
        with path.open("wb") as file:
            for _ in range(10):
                file.write(lines)
        mine, pandas = _program(roll_ups.OURS), _program(roll_ups.PANDAS)
        report, (figures, _) = mine(path), pandas(path, engine="pyarrow")
        assert report.total.sessions == figures["sessions"].sum() == 1_000_000
        assert report.total.browser_minutes == figures["minutes"].sum()
        assert report.total.proxy_bytes == figures["proxy"].sum()
        assert len(report.segments) == len(figures)
        del figures
        what = "usage of 1,000,000 sessions in NDJSON, by two keys"
        ours, theirs = once_in_turn([lambda: mine(path), lambda: pandas(path)], 1)
        yield Row(what, ours, theirs, _named("pandas"), 0.35)
        ours, theirs = once_in_turn([lambda: mine(path), lambda: pandas(path, engine="pyarrow")], rounds(3))
        yield Row(what, ours, theirs, f"{_named('pandas')}, engine=pyarrow")
        duckdb, polars = _program(roll_ups.DUCKDB), _program(roll_ups.POLARS)
        for name, peer, target in (
            (_named("duckdb"), duckdb, 2),
            (f"{_named('duckdb')}, threads=1", partial(duckdb, threads=1), None),
            (_named("polars"), polars, None),
        ):
            rows = peer(path)
            assert [sum(row[at] for row in rows) for at in (2, 4, 5)] == [
                report.total.sessions, report.total.browser_minutes, report.total.proxy_bytes,
            ]  # fmt: skip
            ours, theirs = once_in_turn([partial(mine, path), partial(peer, path)], rounds(5))
            yield Row(what, ours, theirs, name, target)
        peak, _ = peak_memory(roll_ups.OURS, f"measure({str(path)!r}, processes=1)")
        other, _ = peak_memory(roll_ups.PANDAS, f"measure({str(path)!r}, engine='pyarrow')")
        what, name = "… peak memory of one process, 200 MB at most", f"{_named('pandas')}, engine=pyarrow"
        yield Row(what, [peak], [other], name, unit="B")


# --- the archive -------------------------------------------------------------------------------

_BY_HAND = """
SELECT {client}, {task}, date_trunc('day', started_at), count(*), sum(proxy_bytes),
    sum(greatest(1, ceil(duration_ns / 60e9))), avg(duration_ns), count_if(status = 'ERROR'),
    quantile_disc(duration_ns, [0.5, 0.95])
FROM {files} GROUP BY ALL
"""
_SELECTED_BY_HAND = """
SELECT json FROM {files}
WHERE metadata['client'] = 'acme' AND status = 'ERROR' AND created_at > '2026-05-20' ORDER BY created_at DESC
"""


def archive(rounds: Rounds) -> Iterator[Row]:
    """A million sessions of a month, each with an id of its own."""
    import duckdb

    from bbquery.dashboard import responses
    from bbquery.dashboard.session_source import SessionSource
    from bbquery.dashboard.session_table import ArchiveTable
    from bbquery.dashboard.view_state import ViewState
    from bbquery.usage.periods import parse_range

    now = datetime.fromtimestamp(_NOW, UTC)
    query = "user_metadata['client']:'acme' AND status:'ERROR' AND created_at>'2026-05-20'"
    with TemporaryDirectory() as folder, duckdb.connect() as connection:
        source, target = Path(folder, "sessions.ndjson"), Path(folder, "sessions.parquet")
        with source.open("w") as file:
            file.writelines(json.dumps(each, separators=(",", ":")) + "\n" for each in generate(1_000_000, now=_NOW))
        copy = f"COPY (SELECT * FROM read_json('{source}')) TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
        number = iter(range(100))

        def add() -> None:
            # In as many processes as the command takes.
            into = bbquery.Archive(Path(folder, f"a{next(number)}"), processes=os.cpu_count() or 1)
            assert into.add(source).added == 1_000_000

        ours, theirs = once_in_turn([add, lambda: connection.execute(copy)], 1)
        yield Row("add 1,000,000 sessions to an archive", ours, theirs, f"{_named('duckdb')}'s own COPY", 2)
        kept = bbquery.Archive(Path(folder, "a0"))
        files = f"'{kept.path}/day=*/*.parquet'"
        by_hand = {
            "the map": _BY_HAND.format(files=files, client="metadata['client']", task="metadata['task']"),
            "their columns": _BY_HAND.format(files=files, client="key_client", task="key_task"),
        }
        for where, sql in by_hand.items():
            assert len(connection.execute(sql).fetchall()) >= 1_000
            ours, theirs = once_in_turn(
                [
                    lambda: kept.usage(by=["client", "task"], every="1d", now=now).total,
                    lambda sql=sql: connection.execute(sql).fetchall(),  # type: ignore[misc]  # its default binds it
                ],
                rounds(9),
            )
            what = "usage of an archive of these, by two keys and day"
            yield Row(what, ours, theirs, f"SQL by hand, keys from {where}", 1.5)
        selected = _SELECTED_BY_HAND.format(files=files)
        assert len(connection.execute(selected).fetchall()) == len(kept.sessions(query, now=now))
        ours, theirs = once_in_turn(
            [lambda: kept.sessions(query, now=now), lambda: connection.execute(selected).fetchall()], rounds(9)
        )
        yield Row("4,000 sessions of these, by three conditions", ours, theirs, "SQL by hand, not decoded", 1.5)
        usage = f"import bbquery\narchive = bbquery.Archive({str(kept.path)!r})"
        peak, _ = peak_memory(usage, "archive.usage(by=['client', 'task'], every='1d')")
        for where, sql in by_hand.items():
            other, _ = peak_memory("import duckdb", f"duckdb.connect().execute({sql!r}).fetchall()")
            what = "… peak memory of that usage"
            yield Row(what, [peak], [other], f"SQL by hand, keys from {where}", 1.2, unit="B")
        page = SessionSource(lambda: ArchiveTable(kept, None), 60, clock=lambda: now)
        view = ViewState(None, parse_range("30d", now), ("client",))
        assert responses.report(page.data, view, now)["total"]["sessions"] > 900_000
        (ours,) = once_in_turn([lambda: responses.report(page.data, view, now)], rounds(9))
        yield Row("the dashboard's report of these, thirty days by client", ours, [0.3] * len(ours), "the bar", 1)


def _program(source: str) -> Callable[..., Any]:
    """Its function `measure`. It is a text, as a process of its own runs it too."""
    names: dict[str, Any] = {}
    exec(source, names)
    measure: Callable[..., Any] = names["measure"]
    return measure


# --- the dashboard -----------------------------------------------------------------------------


def dashboard(rounds: Rounds) -> Iterator[Row]:
    """All that a page asks for when it opens: 100,000 sessions, thirty days by client."""
    import orjson

    from bbquery.dashboard import responses
    from bbquery.dashboard.session_source import SessionSource, load_files
    from bbquery.dashboard.view_state import ViewState
    from bbquery.usage.periods import parse_range

    now = datetime.fromtimestamp(1_780_000_000, UTC)
    lines = [json.dumps(each, separators=(",", ":")).encode() for each in generate(100_000, now=now)]
    data = b"".join([line + b"\n" for line in lines])
    view = ViewState(None, parse_range("30d", now), ("client",))

    def report() -> bytes:
        source = SessionSource(load_files(["-"], BytesIO(data)), 60, clock=lambda: now)
        return json.dumps(responses.report(source.data, view, now), separators=(",", ":")).encode()

    def parsed() -> object:
        return [orjson.loads(line) for line in lines]

    assert orjson.loads(report())["total"]["sessions"] == len(lines)
    ours, theirs = in_turn([report, parsed], rounds(10))
    yield Row("dashboard's data, 100,000 sessions", ours, theirs, f"{_named('orjson')} reads them", 4)
    held = SessionSource(load_files(["-"], BytesIO(data)), 60, clock=lambda: now).data
    ours, theirs = in_turn([lambda: responses.report(held, view, now), parsed], rounds(10))
    yield Row("… once they are in memory", ours, theirs, f"{_named('orjson')} reads them")


# --- whole processes ---------------------------------------------------------------------------

NEGATED = f"NOT ({ONE})"


def importing(rounds: Rounds) -> Iterator[Row]:
    ours, theirs = in_turn([process(*python("import bbquery")), process(*python("import jmespath"))], rounds(30))
    yield Row("python -c 'import bbquery'", ours, theirs, f"import {_named('jmespath')}", 1)


def first_parse(rounds: Rounds) -> Iterator[Row]:
    for what, text, target in (
        ("first parse in a process, one equality", ONE, 1),
        ("first parse in a process, NOT ( )", NEGATED, 0.5),
    ):
        plain = (
            "from lark import Lark\n"
            "with open('grammar/bbquery.lark', encoding='utf-8') as file: grammar = file.read()\n"
            f"Lark(grammar, parser='lalr').parse({text!r})"
        )
        ours, theirs = in_turn(
            [process(*python(f"import bbquery; bbquery.parse({text!r})")), process(*python(plain))], rounds(30)
        )
        yield Row(what, ours, theirs, "plain " + _named("lark"), target)


def command(rounds: Rounds) -> Iterator[Row]:
    script = Path(sysconfig.get_path("scripts"), "bbquery")
    ours, theirs = in_turn([process(str(script), "--version"), process(*python("import browserbase"))], rounds(15))
    yield Row("bbquery --version", ours, theirs, f"import {_named('browserbase')}", 0.3)


# --- checking files ----------------------------------------------------------------------------

_MODULES, _WITH_QUERIES = 2_000, 20


def checking(rounds: Rounds) -> Iterator[Row]:
    """Whole runs in this process, from paths to a report, in git repositories."""
    from bbquery.lint.settings import Settings

    with TemporaryDirectory() as folder:
        lines, modules = Path(folder, "lines"), Path(folder, "modules")
        for each in (lines, modules):
            each.mkdir()
            run_command("git", "init", "-q", str(each))
        lark, lark_name = _plain_lark(), f"plain {_named('lark')}, parsing alone"
        for count, what, query, target in (
            (5_000, "two conditions", "user_metadata['client']:'acme{}' AND status:'ERROR'", None),
            (5_000, "ten mixed predicates", MIXED.replace("acme", "acme{}"), 0.7),
            (100_000, "one equality", "user_metadata['client']:'acme{}'", 0.25),
        ):
            texts = [query.format(number) for number in range(count)]
            (lines / "queries.bbq").write_text("\n".join(texts) + "\n", encoding="utf-8")
            run = partial(_check, lines, Settings(root=lines))
            ours, theirs = in_turn([run, partial(_each, lark, texts)], rounds(5))
            yield Row(f"check {count:,} lines of {what}", ours, theirs, lark_name, target)
        _write_modules(modules)
        files = sorted(modules.rglob("*.py"))
        run = partial(_check, modules, Settings(root=modules))
        ours, theirs = in_turn([run, partial(_each, _parse_file, files)], rounds(5))
        yield Row(f"check {_MODULES:,} Python files", ours, theirs, "ast.parse alone", 0.3)
        yield _check_typescript(Path(folder, "typescript"), rounds)
        sleep(2.1)  # the cache does not trust younger files
        for what, tree in (("100,000 lines", lines), (f"{_MODULES:,} Python files", modules)):
            yield _warm_and_cold(what, tree, Settings(root=tree), rounds)


def _check_typescript(folder: Path, rounds: Rounds) -> Row:
    """Copies of the dashboard's program, of which one in five holds a query."""
    import tree_sitter
    import tree_sitter_typescript

    from bbquery.lint.settings import Settings

    program = (ROOT / "bbquery" / "dashboard" / "static" / "app.js").read_text(encoding="utf-8")
    source = program.replace("etadata", "eta").replace("bbquery", "page")  # each of the two is a sign of ours
    folder.mkdir()
    run_command("git", "init", "-q", str(folder))
    holding: list[Path] = []
    for number in range(1_000):
        path = folder / f"package{number % 40}" / f"module{number}.ts"
        path.parent.mkdir(exist_ok=True)
        query = f"const query = `user_metadata['client']:'acme{number}'`;\n" if number % 5 == 0 else ""
        path.write_text(source + query, encoding="utf-8")
        holding += [path] if query else []
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_typescript.language_typescript()))
    run = partial(_check, folder, Settings(root=folder))
    parse = partial(_each, lambda path: parser.parse(path.read_bytes()), holding)
    ours, theirs = in_turn([run, parse], rounds(7))
    return Row("check 1,000 TypeScript files", ours, theirs, f"{_named('tree-sitter')} parses those with a query", 1.5)


def _warm_and_cold(what: str, tree: Path, settings: Settings, rounds: Rounds) -> Row:
    from bbquery.lint.cache import Cache

    def cold() -> None:
        rmtree(tree / "cold", ignore_errors=True)
        _check(tree, settings, Cache(tree / "cold"))

    def warm() -> None:
        _check(tree, settings, Cache(tree / "warm"))

    ours, theirs = in_turn([warm, cold], rounds(10))
    return Row(f"check {what}, cache warm", ours, theirs, "cache cold", 0.3)


def _check(path: Path, settings: Settings, cache: Cache | None = None) -> None:
    from bbquery.lint.runner import run_linter

    report = run_linter([path], settings, cache=cache, processes=1)
    assert report.files
    assert not report.skipped


def _each(read: Callable[[Any], object], things: Iterable[object]) -> None:
    for each in things:
        read(each)


def _parse_file(path: Path) -> object:
    return ast.parse(path.read_bytes())


def _write_modules(folder: Path) -> None:
    """Copies of a module of the standard library, of 12 kB, some of which end with a query."""
    source = Path(json.decoder.__file__).read_text(encoding="utf-8")
    for number in range(_MODULES):
        package = folder / f"package{number % 40}"
        package.mkdir(exist_ok=True)
        has_query = number % (_MODULES // _WITH_QUERIES) == 0
        query = f"QUERY = \"user_metadata['client']:'acme{number}'\"\n" if has_query else ""
        (package / f"module{number}.py").write_text(source + query, encoding="utf-8")


# --- how parsing grows -------------------------------------------------------------------------


def editing(rounds: Rounds) -> Iterator[Row]:
    """The language server, by what an editor waits for. There is no peer: each row is held against its own bar."""
    from .editor import BARS, measure_editor

    times = measure_editor(rounds(40))
    for what, figures, bar in BARS.values():
        yield Row(what, figures(times), [bar] * len(figures(times)), "the bar", 1)
    yield Row("… its memory, after it has read them", times.memory, [150e6], "the bar", 1, unit="B")


def scaling(rounds: Rounds) -> Iterator[Row]:
    """Up to the limit of 65,536 characters. The text that fails does so at its end, and was the slowest of many."""

    def fail(text: str) -> None:
        try:
            bbquery.parse(text)
        except bbquery.QuerySyntaxError:
            return
        raise AssertionError("this text is no query")

    equality, negation = "user_metadata['key']:'value'", "NOT user_metadata['key']>=5"
    for what, read, part, last in (
        ("a run of equalities", bbquery.parse, f"{equality} OR ", equality),
        ("a run of NOT and order", bbquery.parse, f"{negation} OR ", negation),
        ("a text that fails", fail, "id:'(' OR ", "(id:'('"),
    ):
        texts = [part * ((size - len(last)) // len(part)) + last for size in (1 << 10, 1 << 13, 1 << 16)]
        figures = in_turn([partial(read, text) for text in texts], rounds(20))
        for text, seconds in zip(texts, figures, strict=True):
            rates = [len(text) / each for each in seconds]
            yield Row(f"parse {what}, {len(text) / 1024:.0f} KiB", rates, unit="B/s")


CASES: dict[str, Callable[[Rounds], Iterator[Row]]] = {
    "parse": parsing,
    "build": building,
    "list": listing,
    "filter": filtering,
    "plan": planning,
    "usage": usage,
    "archive": archive,
    "dashboard": dashboard,
    "import": importing,
    "first": first_parse,
    "command": command,
    "check": checking,
    "editor": editing,
    "scaling": scaling,
    "size": sizing,
}
