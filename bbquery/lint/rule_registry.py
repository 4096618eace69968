"""All rules in one table, and the selectors that name some of them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from .._text import did_you_mean, truncate
from ..errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..errors import Severity

Fixing = Literal["never", "safe", "unsafe"]


class Rule(NamedTuple):
    """A rule. `fix` says whether its findings can be fixed, and how safely. `default` says whether it is on unless
    asked for. `needs` is what it cannot find anything without: a schema.
    """

    code: str
    name: str
    severity: Severity
    fix: Fixing
    summary: str
    default: bool = True
    needs: Literal["", "schema"] = ""


RULES: dict[str, Rule] = {
    rule.code: rule
    for rule in (
        # 0xx: syntax
        Rule("BBQ001", "syntax-error", "error", "never", "The text is not a query"),
        Rule("BBQ002", "query-too-large", "error", "never", "The query is too long, too deep, or has too many predicates"),
        Rule("BBQ003", "keyword-case", "error", "safe", "A keyword is not in the language's case"),
        Rule("BBQ004", "smart-quote", "error", "safe", "A typographic quote or colon stands for a plain one"),
        Rule("BBQ005", "invisible-character", "error", "safe", "A character that cannot be seen stands between tokens"),
        Rule("BBQ006", "double-quotes", "warning", "safe", "A string is in double quotes"),
        Rule("BBQ007", "foreign-operator", "error", "unsafe", "An operator of another language"),
        # 1xx: the service
        Rule("BBQ101", "not-a-wire-query", "error", "never", "The service cannot answer the query as one request"),
        Rule("BBQ102", "full-scan", "warning", "never", "Only a listing of every session answers the query"),
        Rule("BBQ103", "unquotable", "warning", "never", "A key or value that no request to the service can quote"),
        Rule("BBQ104", "unstorable-value", "warning", "never", "A value that the service does not store"),
        Rule("BBQ105", "larger-than-metadata", "error", "never", "A value or path longer than any metadata object"),
        Rule("BBQ106", "double-encoded", "error", "safe", "The query is percent-encoded once too often"),
        # 2xx: logic
        Rule("BBQ201", "contradiction", "error", "never", "No session can match"),
        Rule("BBQ202", "always-true", "warning", "never", "A part that holds for every session"),
        Rule("BBQ203", "duplicate-clause", "warning", "safe", "The same clause twice"),
        Rule("BBQ204", "absorbed-clause", "warning", "safe", "A clause that another one makes needless"),
        Rule("BBQ205", "double-negation", "warning", "safe", "NOT NOT"),
        Rule("BBQ206", "needless-parentheses", "warning", "safe", "Parentheses that change nothing"),
        Rule("BBQ207", "juxtaposed-and", "warning", "safe", "Two conditions side by side, without AND"),
        Rule("BBQ208", "mixed-and-or", "warning", "safe", "AND beside OR, without parentheses", default=False),
        # 3xx: the schema of the project's metadata
        Rule("BBQ301", "unknown-key", "error", "unsafe", "A key that the schema does not have", needs="schema"),
        Rule("BBQ302", "not-in-enum", "error", "unsafe", "A value that the schema does not list", needs="schema"),
        Rule("BBQ303", "schema-mismatch", "error", "never", "A value that the schema does not allow", needs="schema"),
        Rule("BBQ304", "unknown-status", "error", "unsafe", "A status that the service does not have"),
        Rule("BBQ305", "unknown-region", "warning", "unsafe", "A region that the service does not document"),
        # 4xx: code
        Rule("BBQ401", "interpolated-query", "error", "never", "A value is put into the text of a query"),
        Rule("BBQ402", "hand-encoded-query", "warning", "never", "A query that was percent-encoded by hand"),
        Rule("BBQ403", "unencoded-query", "error", "never", "A query in a URL without percent-encoding"),
        Rule("BBQ404", "unqueryable-metadata", "warning", "unsafe", "Metadata that no query can find"),
        Rule("BBQ405", "unstorable-metadata", "warning", "never", "Metadata with a value that the service refuses"),
        Rule("BBQ406", "metadata-too-large", "error", "never", "Metadata larger than the service takes"),
        Rule("BBQ407", "unknown-parameter", "warning", "never", "A parameter that the list endpoint does not have"),
        Rule("BBQ408", "query-without-status", "warning", "never", "A q without a status, which is slow on large accounts", default=False),
        # 9xx: suppressions
        Rule("BBQ901", "unused-suppression", "warning", "safe", "A suppression that suppresses nothing"),
        Rule("BBQ902", "unknown-suppression", "warning", "never", "A suppression of a rule that is not there"),
    )
}  # fmt: skip


def select_rules(
    select: Iterable[str] | None = None, ignore: Iterable[str] = (), extend: Iterable[str] = ()
) -> frozenset[str]:
    """Return the codes that are on.

    Each selector is a code, the start of one (`BBQ2`), a name, or `ALL`. Of two that name a rule, the more specific one
    counts, and `ignore` if they are equally specific. Raise BuildError for a selector that names nothing.
    """
    on = {rule.code: 0 for rule in RULES.values() if rule.default} if select is None else {}
    off: dict[str, int] = {}
    for selectors, weights in (((*(select or ()), *extend), on), (ignore, off)):
        for selector in selectors:
            weight = _MAX_NAMES if selector in _BY_NAME else 1 if selector == "ALL" else 1 + len(selector)
            for code in resolve_selector(selector):
                weights[code] = max(weight, weights.get(code, 0))
    return frozenset(code for code, weight in on.items() if weight > off.get(code, -1))


@cache
def resolve_selector(selector: str) -> frozenset[str]:
    """Return the codes that a selector names. Raise BuildError, with the nearest names, if it names nothing."""
    if selector in _BY_NAME:
        return frozenset((_BY_NAME[selector],))
    codes = frozenset(
        RULES if selector == "ALL" else [code for code in RULES if selector and code.startswith(selector)]
    )
    if not codes:
        hint = did_you_mean(selector, ("ALL", *RULES, *_BY_NAME))
        hint = hint or "a selector is a code, the start of one, a name or ALL"
        raise BuildError(f"there is no rule {truncate(selector, 40)!r}", hint=hint, code="unknown-rule")
    return codes


_BY_NAME = {rule.name: rule.code for rule in RULES.values()}
_MAX_NAMES = 1 + len("BBQ000")
