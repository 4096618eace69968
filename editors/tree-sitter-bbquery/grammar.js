// Queries of bbquery, for editors. grammar/bbquery.lark is the definition; terminals.json has its patterns.

const terminals = require("./terminals.json");

const pattern = (name) => new RegExp(terminals[name]);

module.exports = grammar({
  name: "bbquery",

  extras: ($) => [pattern("WS"), $.comment],
  word: ($) => $.identifier,

  rules: {
    source_file: ($) => optional($._expression),

    _expression: ($) => choice($.disjunction, $.conjunction, $.negation, $.parenthesized, $._predicate),
    disjunction: ($) => prec.left(1, seq($._expression, "OR", $._expression)),
    conjunction: ($) => prec.left(2, seq($._expression, optional("AND"), $._expression)), // side by side means AND
    negation: ($) => prec(3, seq(choice("NOT", "-"), $._expression)),
    parenthesized: ($) => seq("(", $._expression, ")"),

    _predicate: ($) => choice($.equality, $.one_of, $.existence, $.ordering, $.text_match),
    equality: ($) => seq($._field, ":", $._literal),
    one_of: ($) => seq($._field, ":", "(", $._literal, repeat(seq("OR", $._literal)), ")"),
    existence: ($) => seq($._field, ":", "*"),
    ordering: ($) => seq($._field, $.order_operator, $._literal),
    text_match: ($) => seq($._field, $.text_operator, $._literal),

    _field: ($) => choice($.metadata_field, $.session_field),
    metadata_field: ($) => seq("user_metadata", repeat1($.key)),
    session_field: () => choice(...terminals.SESSION_FIELD),
    key: ($) => seq("[", choice($.string, $.placeholder), "]"),

    _literal: ($) => choice($.string, $.number, $.boolean, $.now, $.duration, $.size, $.placeholder),
    string: () => token(pattern("STRING")),
    number: () => token(prec(1, pattern("NUMBER"))),
    boolean: () => choice(...terminals.BOOLEAN),
    now: () => token(prec(1, pattern("NOW"))),
    duration: () => token(prec(2, pattern("DURATION"))),
    size: () => token(prec(2, pattern("SIZE"))),
    placeholder: () => token(pattern("PLACEHOLDER")),
    order_operator: () => token(pattern("ORDER_OPERATOR")),
    text_operator: () => token(pattern("TEXT_OPERATOR")),

    identifier: () => /[A-Za-z_][A-Za-z0-9_]*/,
    comment: () => token(/#[^\r\n]*/),
  },
});
