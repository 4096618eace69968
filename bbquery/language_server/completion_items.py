"""Completions as a client takes them."""

from __future__ import annotations

from collections.abc import Sequence

from lsprotocol import types as lsp

from ..lint.completions import Vocabulary
from .documents import Document

TRIGGERS = ["[", "'", '"', ":", ">", "<", "=", "(", " "]
_MOST_ITEMS = 300
"""Items that are sent at once; with more, the client asks again when more is typed."""

_ITEM_KINDS = {
    "field": lsp.CompletionItemKind.Field,
    "key": lsp.CompletionItemKind.Property,
    "operator": lsp.CompletionItemKind.Operator,
    "value": lsp.CompletionItemKind.Value,
    "keyword": lsp.CompletionItemKind.Keyword,
}


def completion_items(
    document: Document, position: lsp.Position, vocabularies: Sequence[Vocabulary]
) -> lsp.CompletionList | None:
    """Return what may come next at a place, or None where there is no query."""
    checked = document.checked
    if checked is None:
        return None
    offset = document.positions.offset(position)
    found = checked.complete(offset, vocabularies)
    items: list[lsp.CompletionItem] = []
    for number, each in enumerate(found[:_MOST_ITEMS]):
        typed = document.text[each.span.start : offset]
        # Editors compare what is typed with this text. Somebody who writes a value without quotes is understood too.
        quoted = typed[:1] in ("'", '"', "\\") or not typed
        items.append(
            lsp.CompletionItem(
                each.label,
                kind=_ITEM_KINDS[each.kind],
                detail=each.detail or None,
                sort_text=f"{number:04}",
                filter_text=each.text.lstrip() if quoted else each.label,
                text_edit=lsp.TextEdit(document.positions.range(each.span), each.text),
            )
        )
    return lsp.CompletionList(is_incomplete=len(found) > _MOST_ITEMS, items=items) if items else None
