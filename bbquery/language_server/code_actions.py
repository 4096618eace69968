"""Fixes, suppressions and fix-all, as code actions.

Fix-all, and what runs on save, makes safe fixes only. A fix that may change the meaning stands alone and says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lsprotocol import types as lsp

from ..lint.checked_text import CheckedText
from ..lint.findings import Edit, Finding, Fix
from .client_features import ClientFeatures
from .diagnostics import diagnostic
from .documents import Document
from .workspace_edits import workspace_edit

FIX_ALL = "source.fixAll.bbquery"
KINDS = [lsp.CodeActionKind.QuickFix, FIX_ALL]
_FIX_ALL_TITLE = "Fix all that bbquery can fix safely"


def code_actions(document: Document, params: lsp.CodeActionParams, features: ClientFeatures) -> list[lsp.CodeAction]:
    """Return the actions for a range, of the kinds that the client asks for."""
    checked = document.checked
    if checked is None:
        return []
    wanted = params.context.only
    actions: list[lsp.CodeAction] = []
    if _wants(wanted, lsp.CodeActionKind.QuickFix):
        span = document.positions.span(params.range)
        near = [each for each in checked.findings if each.span.start <= span.end and span.start <= each.span.end]
        seen: set[Fix] = set()
        for finding in near:
            actions += [_fix_action(document, finding, each, features) for each in finding.fixes if each not in seen]
            seen.update(finding.fixes)
        for finding in near:
            actions += _suppression_actions(document, checked, finding, features)
    if _wants(wanted, FIX_ALL) and any(each.fix is not None and each.fix.safe for each in checked.findings):
        actions += _fix_all_action(document, checked, features, is_asked_for=wanted is not None)
    return actions


def resolve(document: Document, action: lsp.CodeAction, features: ClientFeatures) -> lsp.CodeAction:
    """Return an action with its edits. One for a text that has changed meanwhile has none."""
    checked = document.checked
    data = action.data
    if checked is not None and isinstance(data, Mapping) and data.get("version") == document.version:
        action.edit = workspace_edit(document, _edits(checked, data), features)
    return action


def _wants(wanted: Sequence[lsp.CodeActionKind | str] | None, kind: str) -> bool:
    """Return whether a client asks for a kind: by name, by one above it, or because it names none."""
    if wanted is None:
        return True
    names = [each.value if isinstance(each, lsp.CodeActionKind) else each for each in wanted]
    return any(not name or kind == name or kind.startswith(f"{name}.") for name in names)


def _fix_action(document: Document, finding: Finding, fix: Fix, features: ClientFeatures) -> lsp.CodeAction:
    title = fix.title[:1].upper() + fix.title[1:]
    return lsp.CodeAction(
        title if fix.safe else f"{title} (may change the meaning)",
        kind=lsp.CodeActionKind.QuickFix,
        diagnostics=[diagnostic(document, finding)],
        is_preferred=fix.safe,
        edit=workspace_edit(document, fix.edits, features),
    )


def _suppression_actions(
    document: Document, checked: CheckedText, finding: Finding, features: ClientFeatures
) -> Iterator[lsp.CodeAction]:
    if finding.code.startswith("BBQ9") or checked.extraction.comments is None:
        return
    for what, title in (("line", "on this line"), ("file", "in this file")):
        data = {
            "uri": document.uri, "version": document.version, "what": what, "code": finding.code,
            "start": finding.span.start, "end": finding.span.end,
        }  # fmt: skip
        action = lsp.CodeAction(
            f"Suppress {finding.code} {title}",
            kind=lsp.CodeActionKind.QuickFix,
            diagnostics=[diagnostic(document, finding)],
            data=data,
        )
        # Each place for a comment has to be tried: that waits until the action is chosen, if the client can wait.
        yield action if features.lazy_edits else resolve(document, action, features)


def _fix_all_action(
    document: Document, checked: CheckedText, features: ClientFeatures, *, is_asked_for: bool
) -> Iterator[lsp.CodeAction]:
    action = lsp.CodeAction(
        _FIX_ALL_TITLE,
        kind=FIX_ALL,
        data={"uri": document.uri, "version": document.version, "what": "all"},
    )
    # On save, editors take what is there without asking again.
    yield action if features.lazy_edits and not is_asked_for else resolve(document, action, features)


def _edits(checked: CheckedText, data: Mapping[str, Any]) -> list[Edit]:
    match data.get("what"):
        case "all":
            return checked.fix_edits()
        case "file":
            return checked.file_suppression_edits(str(data.get("code")))
        case "line":
            place = (data.get("start"), data.get("end"), data.get("code"))
            chosen = [each for each in checked.findings if (*each.span, each.code) == place]
            return checked.suppression_edits(chosen)
    return []
