#include "tree_sitter/parser.h"

#if defined(__GNUC__) || defined(__clang__)
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#endif

#define LANGUAGE_VERSION 14
#define STATE_COUNT 38
#define LARGE_STATE_COUNT 12
#define SYMBOL_COUNT 57
#define ALIAS_COUNT 0
#define TOKEN_COUNT 37
#define EXTERNAL_TOKEN_COUNT 0
#define FIELD_COUNT 0
#define MAX_ALIAS_SEQUENCE_LENGTH 6
#define PRODUCTION_ID_COUNT 1

enum ts_symbol_identifiers {
  sym_identifier = 1,
  anon_sym_OR = 2,
  anon_sym_AND = 3,
  anon_sym_NOT = 4,
  anon_sym_DASH = 5,
  anon_sym_LPAREN = 6,
  anon_sym_RPAREN = 7,
  anon_sym_COLON = 8,
  anon_sym_STAR = 9,
  anon_sym_user_metadata = 10,
  anon_sym_status = 11,
  anon_sym_region = 12,
  anon_sym_id = 13,
  anon_sym_project_id = 14,
  anon_sym_context_id = 15,
  anon_sym_keep_alive = 16,
  anon_sym_created_at = 17,
  anon_sym_updated_at = 18,
  anon_sym_started_at = 19,
  anon_sym_ended_at = 20,
  anon_sym_expires_at = 21,
  anon_sym_proxy_bytes = 22,
  anon_sym_duration = 23,
  anon_sym_LBRACK = 24,
  anon_sym_RBRACK = 25,
  sym_string = 26,
  sym_number = 27,
  anon_sym_true = 28,
  anon_sym_false = 29,
  sym_now = 30,
  sym_duration = 31,
  sym_size = 32,
  sym_placeholder = 33,
  sym_order_operator = 34,
  sym_text_operator = 35,
  sym_comment = 36,
  sym_source_file = 37,
  sym__expression = 38,
  sym_disjunction = 39,
  sym_conjunction = 40,
  sym_negation = 41,
  sym_parenthesized = 42,
  sym__predicate = 43,
  sym_equality = 44,
  sym_one_of = 45,
  sym_existence = 46,
  sym_ordering = 47,
  sym_text_match = 48,
  sym__field = 49,
  sym_metadata_field = 50,
  sym_session_field = 51,
  sym_key = 52,
  sym__literal = 53,
  sym_boolean = 54,
  aux_sym_one_of_repeat1 = 55,
  aux_sym_metadata_field_repeat1 = 56,
};

static const char * const ts_symbol_names[] = {
  [ts_builtin_sym_end] = "end",
  [sym_identifier] = "identifier",
  [anon_sym_OR] = "OR",
  [anon_sym_AND] = "AND",
  [anon_sym_NOT] = "NOT",
  [anon_sym_DASH] = "-",
  [anon_sym_LPAREN] = "(",
  [anon_sym_RPAREN] = ")",
  [anon_sym_COLON] = ":",
  [anon_sym_STAR] = "*",
  [anon_sym_user_metadata] = "user_metadata",
  [anon_sym_status] = "status",
  [anon_sym_region] = "region",
  [anon_sym_id] = "id",
  [anon_sym_project_id] = "project_id",
  [anon_sym_context_id] = "context_id",
  [anon_sym_keep_alive] = "keep_alive",
  [anon_sym_created_at] = "created_at",
  [anon_sym_updated_at] = "updated_at",
  [anon_sym_started_at] = "started_at",
  [anon_sym_ended_at] = "ended_at",
  [anon_sym_expires_at] = "expires_at",
  [anon_sym_proxy_bytes] = "proxy_bytes",
  [anon_sym_duration] = "duration",
  [anon_sym_LBRACK] = "[",
  [anon_sym_RBRACK] = "]",
  [sym_string] = "string",
  [sym_number] = "number",
  [anon_sym_true] = "true",
  [anon_sym_false] = "false",
  [sym_now] = "now",
  [sym_duration] = "duration",
  [sym_size] = "size",
  [sym_placeholder] = "placeholder",
  [sym_order_operator] = "order_operator",
  [sym_text_operator] = "text_operator",
  [sym_comment] = "comment",
  [sym_source_file] = "source_file",
  [sym__expression] = "_expression",
  [sym_disjunction] = "disjunction",
  [sym_conjunction] = "conjunction",
  [sym_negation] = "negation",
  [sym_parenthesized] = "parenthesized",
  [sym__predicate] = "_predicate",
  [sym_equality] = "equality",
  [sym_one_of] = "one_of",
  [sym_existence] = "existence",
  [sym_ordering] = "ordering",
  [sym_text_match] = "text_match",
  [sym__field] = "_field",
  [sym_metadata_field] = "metadata_field",
  [sym_session_field] = "session_field",
  [sym_key] = "key",
  [sym__literal] = "_literal",
  [sym_boolean] = "boolean",
  [aux_sym_one_of_repeat1] = "one_of_repeat1",
  [aux_sym_metadata_field_repeat1] = "metadata_field_repeat1",
};

static const TSSymbol ts_symbol_map[] = {
  [ts_builtin_sym_end] = ts_builtin_sym_end,
  [sym_identifier] = sym_identifier,
  [anon_sym_OR] = anon_sym_OR,
  [anon_sym_AND] = anon_sym_AND,
  [anon_sym_NOT] = anon_sym_NOT,
  [anon_sym_DASH] = anon_sym_DASH,
  [anon_sym_LPAREN] = anon_sym_LPAREN,
  [anon_sym_RPAREN] = anon_sym_RPAREN,
  [anon_sym_COLON] = anon_sym_COLON,
  [anon_sym_STAR] = anon_sym_STAR,
  [anon_sym_user_metadata] = anon_sym_user_metadata,
  [anon_sym_status] = anon_sym_status,
  [anon_sym_region] = anon_sym_region,
  [anon_sym_id] = anon_sym_id,
  [anon_sym_project_id] = anon_sym_project_id,
  [anon_sym_context_id] = anon_sym_context_id,
  [anon_sym_keep_alive] = anon_sym_keep_alive,
  [anon_sym_created_at] = anon_sym_created_at,
  [anon_sym_updated_at] = anon_sym_updated_at,
  [anon_sym_started_at] = anon_sym_started_at,
  [anon_sym_ended_at] = anon_sym_ended_at,
  [anon_sym_expires_at] = anon_sym_expires_at,
  [anon_sym_proxy_bytes] = anon_sym_proxy_bytes,
  [anon_sym_duration] = anon_sym_duration,
  [anon_sym_LBRACK] = anon_sym_LBRACK,
  [anon_sym_RBRACK] = anon_sym_RBRACK,
  [sym_string] = sym_string,
  [sym_number] = sym_number,
  [anon_sym_true] = anon_sym_true,
  [anon_sym_false] = anon_sym_false,
  [sym_now] = sym_now,
  [sym_duration] = sym_duration,
  [sym_size] = sym_size,
  [sym_placeholder] = sym_placeholder,
  [sym_order_operator] = sym_order_operator,
  [sym_text_operator] = sym_text_operator,
  [sym_comment] = sym_comment,
  [sym_source_file] = sym_source_file,
  [sym__expression] = sym__expression,
  [sym_disjunction] = sym_disjunction,
  [sym_conjunction] = sym_conjunction,
  [sym_negation] = sym_negation,
  [sym_parenthesized] = sym_parenthesized,
  [sym__predicate] = sym__predicate,
  [sym_equality] = sym_equality,
  [sym_one_of] = sym_one_of,
  [sym_existence] = sym_existence,
  [sym_ordering] = sym_ordering,
  [sym_text_match] = sym_text_match,
  [sym__field] = sym__field,
  [sym_metadata_field] = sym_metadata_field,
  [sym_session_field] = sym_session_field,
  [sym_key] = sym_key,
  [sym__literal] = sym__literal,
  [sym_boolean] = sym_boolean,
  [aux_sym_one_of_repeat1] = aux_sym_one_of_repeat1,
  [aux_sym_metadata_field_repeat1] = aux_sym_metadata_field_repeat1,
};

static const TSSymbolMetadata ts_symbol_metadata[] = {
  [ts_builtin_sym_end] = {
    .visible = false,
    .named = true,
  },
  [sym_identifier] = {
    .visible = true,
    .named = true,
  },
  [anon_sym_OR] = {
    .visible = true,
    .named = false,
  },
  [anon_sym_AND] = {
    .visible = true,
    .named = false,
  },
  [anon_sym_NOT] = {
    .visible = true,
    .named = false,
  },
  [anon_sym_DASH] = {
    .visible = true,
    .named = false,
  },
  [anon_sym_LPAREN] = {
    .visible = true,
    .named = false,
  },
  [anon_sym_RPAREN] = {
    .visible = true,
    .named = false,
  },
  [anon_sym_COLON] = {
    .visible = true,
    .named = false,
  },
  [anon_sym_STAR] = {
    .visible = true,
    .named = false,
  },
  [anon_sym_user_metadata] = {
    .visible = true,
    .named = false,
  },
  [anon_sym_status] = {
    .visible = true,
    .named = false,
  },
  [anon_sym_region] = {
    .visible = true,
    .named = false,
  },
  [anon_sym_id] = {
    .visible = true,
    .named = false,
  },
  [anon_sym_project_id] = {
    .visible = true,
    .named = false,
  },
  [anon_sym_context_id] = {
    .visible = true,
    .named = false,
  },
  [anon_sym_keep_alive] = {
    .visible = true,
    .named = false,
  },
  [anon_sym_created_at] = {
    .visible = true,
    .named = false,
  },
  [anon_sym_updated_at] = {
    .visible = true,
    .named = false,
  },
  [anon_sym_started_at] = {
    .visible = true,
    .named = false,
  },
  [anon_sym_ended_at] = {
    .visible = true,
    .named = false,
  },
  [anon_sym_expires_at] = {
    .visible = true,
    .named = false,
  },
  [anon_sym_proxy_bytes] = {
    .visible = true,
    .named = false,
  },
  [anon_sym_duration] = {
    .visible = true,
    .named = false,
  },
  [anon_sym_LBRACK] = {
    .visible = true,
    .named = false,
  },
  [anon_sym_RBRACK] = {
    .visible = true,
    .named = false,
  },
  [sym_string] = {
    .visible = true,
    .named = true,
  },
  [sym_number] = {
    .visible = true,
    .named = true,
  },
  [anon_sym_true] = {
    .visible = true,
    .named = false,
  },
  [anon_sym_false] = {
    .visible = true,
    .named = false,
  },
  [sym_now] = {
    .visible = true,
    .named = true,
  },
  [sym_duration] = {
    .visible = true,
    .named = true,
  },
  [sym_size] = {
    .visible = true,
    .named = true,
  },
  [sym_placeholder] = {
    .visible = true,
    .named = true,
  },
  [sym_order_operator] = {
    .visible = true,
    .named = true,
  },
  [sym_text_operator] = {
    .visible = true,
    .named = true,
  },
  [sym_comment] = {
    .visible = true,
    .named = true,
  },
  [sym_source_file] = {
    .visible = true,
    .named = true,
  },
  [sym__expression] = {
    .visible = false,
    .named = true,
  },
  [sym_disjunction] = {
    .visible = true,
    .named = true,
  },
  [sym_conjunction] = {
    .visible = true,
    .named = true,
  },
  [sym_negation] = {
    .visible = true,
    .named = true,
  },
  [sym_parenthesized] = {
    .visible = true,
    .named = true,
  },
  [sym__predicate] = {
    .visible = false,
    .named = true,
  },
  [sym_equality] = {
    .visible = true,
    .named = true,
  },
  [sym_one_of] = {
    .visible = true,
    .named = true,
  },
  [sym_existence] = {
    .visible = true,
    .named = true,
  },
  [sym_ordering] = {
    .visible = true,
    .named = true,
  },
  [sym_text_match] = {
    .visible = true,
    .named = true,
  },
  [sym__field] = {
    .visible = false,
    .named = true,
  },
  [sym_metadata_field] = {
    .visible = true,
    .named = true,
  },
  [sym_session_field] = {
    .visible = true,
    .named = true,
  },
  [sym_key] = {
    .visible = true,
    .named = true,
  },
  [sym__literal] = {
    .visible = false,
    .named = true,
  },
  [sym_boolean] = {
    .visible = true,
    .named = true,
  },
  [aux_sym_one_of_repeat1] = {
    .visible = false,
    .named = false,
  },
  [aux_sym_metadata_field_repeat1] = {
    .visible = false,
    .named = false,
  },
};

static const TSSymbol ts_alias_sequences[PRODUCTION_ID_COUNT][MAX_ALIAS_SEQUENCE_LENGTH] = {
  [0] = {0},
};

static const uint16_t ts_non_terminal_alias_map[] = {
  0,
};

static const TSStateId ts_primary_state_ids[STATE_COUNT] = {
  [0] = 0,
  [1] = 1,
  [2] = 2,
  [3] = 3,
  [4] = 4,
  [5] = 5,
  [6] = 6,
  [7] = 7,
  [8] = 8,
  [9] = 9,
  [10] = 10,
  [11] = 11,
  [12] = 12,
  [13] = 13,
  [14] = 14,
  [15] = 15,
  [16] = 16,
  [17] = 17,
  [18] = 18,
  [19] = 19,
  [20] = 20,
  [21] = 21,
  [22] = 22,
  [23] = 23,
  [24] = 24,
  [25] = 25,
  [26] = 26,
  [27] = 27,
  [28] = 28,
  [29] = 29,
  [30] = 30,
  [31] = 31,
  [32] = 32,
  [33] = 33,
  [34] = 34,
  [35] = 35,
  [36] = 36,
  [37] = 37,
};

static bool ts_lex(TSLexer *lexer, TSStateId state) {
  START_LEXER();
  eof = lexer->eof(lexer);
  switch (state) {
    case 0:
      if (eof) ADVANCE(27);
      ADVANCE_MAP(
        '"', 2,
        '#', 55,
        '$', 6,
        '\'', 3,
        '(', 30,
        ')', 31,
        '*', 34,
        '-', 29,
        '0', 38,
        ':', 32,
        '<', 50,
        '>', 50,
        '[', 35,
        ']', 36,
        '^', 5,
        'n', 52,
      );
      if (lookahead == '\t' ||
          lookahead == '\n' ||
          lookahead == '\r' ||
          lookahead == ' ') SKIP(0);
      if (('1' <= lookahead && lookahead <= '9')) ADVANCE(39);
      if (('A' <= lookahead && lookahead <= 'Z') ||
          lookahead == '_' ||
          ('a' <= lookahead && lookahead <= 'z')) ADVANCE(54);
      END_STATE();
    case 1:
      ADVANCE_MAP(
        '"', 2,
        '#', 55,
        '$', 25,
        '\'', 3,
        '(', 30,
        '*', 33,
        '-', 4,
        '0', 38,
        'n', 52,
      );
      if (lookahead == '\t' ||
          lookahead == '\n' ||
          lookahead == '\r' ||
          lookahead == ' ') SKIP(1);
      if (('1' <= lookahead && lookahead <= '9')) ADVANCE(39);
      if (('A' <= lookahead && lookahead <= 'Z') ||
          lookahead == '_' ||
          ('a' <= lookahead && lookahead <= 'z')) ADVANCE(54);
      END_STATE();
    case 2:
      if (lookahead == '"') ADVANCE(37);
      if (lookahead == '\\') ADVANCE(10);
      if (lookahead > 0x1f &&
          (lookahead < 0x7f || 0x9f < lookahead)) ADVANCE(2);
      END_STATE();
    case 3:
      if (lookahead == '\'') ADVANCE(37);
      if (lookahead == '\\') ADVANCE(11);
      if (lookahead > 0x1f &&
          (lookahead < 0x7f || 0x9f < lookahead)) ADVANCE(3);
      END_STATE();
    case 4:
      if (lookahead == '0') ADVANCE(40);
      if (('1' <= lookahead && lookahead <= '9')) ADVANCE(41);
      END_STATE();
    case 5:
      if (lookahead == '=') ADVANCE(51);
      END_STATE();
    case 6:
      if (lookahead == '=') ADVANCE(51);
      if (('A' <= lookahead && lookahead <= 'Z') ||
          lookahead == '_' ||
          ('a' <= lookahead && lookahead <= 'z')) ADVANCE(48);
      END_STATE();
    case 7:
      if (lookahead == 'B') ADVANCE(47);
      END_STATE();
    case 8:
      if (lookahead == 'B') ADVANCE(47);
      if (lookahead == 'i') ADVANCE(7);
      END_STATE();
    case 9:
      ADVANCE_MAP(
        'B', 47,
        'G', 8,
        'K', 8,
        'M', 8,
        'T', 8,
        'd', 46,
        'h', 46,
        'm', 46,
        's', 46,
      );
      if (('0' <= lookahead && lookahead <= '9')) ADVANCE(9);
      END_STATE();
    case 10:
      ADVANCE_MAP(
        'u', 23,
        '"', 2,
        '\'', 2,
        '/', 2,
        '\\', 2,
        'b', 2,
        'f', 2,
        'n', 2,
        'r', 2,
        't', 2,
      );
      END_STATE();
    case 11:
      ADVANCE_MAP(
        'u', 24,
        '"', 3,
        '\'', 3,
        '/', 3,
        '\\', 3,
        'b', 3,
        'f', 3,
        'n', 3,
        'r', 3,
        't', 3,
      );
      END_STATE();
    case 12:
      if (lookahead == '+' ||
          lookahead == '-') ADVANCE(15);
      if (('0' <= lookahead && lookahead <= '9')) ADVANCE(43);
      END_STATE();
    case 13:
      if (lookahead == 'd' ||
          lookahead == 'h' ||
          lookahead == 'm' ||
          lookahead == 's') ADVANCE(44);
      if (('0' <= lookahead && lookahead <= '9')) ADVANCE(13);
      END_STATE();
    case 14:
      if (('0' <= lookahead && lookahead <= '9')) ADVANCE(42);
      END_STATE();
    case 15:
      if (('0' <= lookahead && lookahead <= '9')) ADVANCE(43);
      END_STATE();
    case 16:
      if (('0' <= lookahead && lookahead <= '9')) ADVANCE(13);
      END_STATE();
    case 17:
      if (('0' <= lookahead && lookahead <= '9') ||
          ('A' <= lookahead && lookahead <= 'F') ||
          ('a' <= lookahead && lookahead <= 'f')) ADVANCE(2);
      END_STATE();
    case 18:
      if (('0' <= lookahead && lookahead <= '9') ||
          ('A' <= lookahead && lookahead <= 'F') ||
          ('a' <= lookahead && lookahead <= 'f')) ADVANCE(3);
      END_STATE();
    case 19:
      if (('0' <= lookahead && lookahead <= '9') ||
          ('A' <= lookahead && lookahead <= 'F') ||
          ('a' <= lookahead && lookahead <= 'f')) ADVANCE(17);
      END_STATE();
    case 20:
      if (('0' <= lookahead && lookahead <= '9') ||
          ('A' <= lookahead && lookahead <= 'F') ||
          ('a' <= lookahead && lookahead <= 'f')) ADVANCE(18);
      END_STATE();
    case 21:
      if (('0' <= lookahead && lookahead <= '9') ||
          ('A' <= lookahead && lookahead <= 'F') ||
          ('a' <= lookahead && lookahead <= 'f')) ADVANCE(19);
      END_STATE();
    case 22:
      if (('0' <= lookahead && lookahead <= '9') ||
          ('A' <= lookahead && lookahead <= 'F') ||
          ('a' <= lookahead && lookahead <= 'f')) ADVANCE(20);
      END_STATE();
    case 23:
      if (('0' <= lookahead && lookahead <= '9') ||
          ('A' <= lookahead && lookahead <= 'F') ||
          ('a' <= lookahead && lookahead <= 'f')) ADVANCE(21);
      END_STATE();
    case 24:
      if (('0' <= lookahead && lookahead <= '9') ||
          ('A' <= lookahead && lookahead <= 'F') ||
          ('a' <= lookahead && lookahead <= 'f')) ADVANCE(22);
      END_STATE();
    case 25:
      if (('A' <= lookahead && lookahead <= 'Z') ||
          lookahead == '_' ||
          ('a' <= lookahead && lookahead <= 'z')) ADVANCE(48);
      END_STATE();
    case 26:
      if (eof) ADVANCE(27);
      ADVANCE_MAP(
        '#', 55,
        '$', 5,
        '(', 30,
        ')', 31,
        '*', 5,
        '-', 28,
        ':', 32,
        '<', 50,
        '>', 50,
        '[', 35,
        '^', 5,
      );
      if (lookahead == '\t' ||
          lookahead == '\n' ||
          lookahead == '\r' ||
          lookahead == ' ') SKIP(26);
      if (('A' <= lookahead && lookahead <= 'Z') ||
          lookahead == '_' ||
          ('a' <= lookahead && lookahead <= 'z')) ADVANCE(54);
      END_STATE();
    case 27:
      ACCEPT_TOKEN(ts_builtin_sym_end);
      END_STATE();
    case 28:
      ACCEPT_TOKEN(anon_sym_DASH);
      END_STATE();
    case 29:
      ACCEPT_TOKEN(anon_sym_DASH);
      if (lookahead == '0') ADVANCE(40);
      if (('1' <= lookahead && lookahead <= '9')) ADVANCE(41);
      END_STATE();
    case 30:
      ACCEPT_TOKEN(anon_sym_LPAREN);
      END_STATE();
    case 31:
      ACCEPT_TOKEN(anon_sym_RPAREN);
      END_STATE();
    case 32:
      ACCEPT_TOKEN(anon_sym_COLON);
      END_STATE();
    case 33:
      ACCEPT_TOKEN(anon_sym_STAR);
      END_STATE();
    case 34:
      ACCEPT_TOKEN(anon_sym_STAR);
      if (lookahead == '=') ADVANCE(51);
      END_STATE();
    case 35:
      ACCEPT_TOKEN(anon_sym_LBRACK);
      END_STATE();
    case 36:
      ACCEPT_TOKEN(anon_sym_RBRACK);
      END_STATE();
    case 37:
      ACCEPT_TOKEN(sym_string);
      END_STATE();
    case 38:
      ACCEPT_TOKEN(sym_number);
      ADVANCE_MAP(
        '.', 14,
        'B', 47,
        'E', 12,
        'e', 12,
        'G', 8,
        'K', 8,
        'M', 8,
        'T', 8,
        'd', 46,
        'h', 46,
        'm', 46,
        's', 46,
      );
      if (('0' <= lookahead && lookahead <= '9')) ADVANCE(9);
      END_STATE();
    case 39:
      ACCEPT_TOKEN(sym_number);
      ADVANCE_MAP(
        '.', 14,
        'B', 47,
        'E', 12,
        'e', 12,
        'G', 8,
        'K', 8,
        'M', 8,
        'T', 8,
        'd', 46,
        'h', 46,
        'm', 46,
        's', 46,
      );
      if (('0' <= lookahead && lookahead <= '9')) ADVANCE(39);
      END_STATE();
    case 40:
      ACCEPT_TOKEN(sym_number);
      if (lookahead == '.') ADVANCE(14);
      if (lookahead == 'E' ||
          lookahead == 'e') ADVANCE(12);
      END_STATE();
    case 41:
      ACCEPT_TOKEN(sym_number);
      if (lookahead == '.') ADVANCE(14);
      if (lookahead == 'E' ||
          lookahead == 'e') ADVANCE(12);
      if (('0' <= lookahead && lookahead <= '9')) ADVANCE(41);
      END_STATE();
    case 42:
      ACCEPT_TOKEN(sym_number);
      if (lookahead == 'E' ||
          lookahead == 'e') ADVANCE(12);
      if (('0' <= lookahead && lookahead <= '9')) ADVANCE(42);
      END_STATE();
    case 43:
      ACCEPT_TOKEN(sym_number);
      if (('0' <= lookahead && lookahead <= '9')) ADVANCE(43);
      END_STATE();
    case 44:
      ACCEPT_TOKEN(sym_now);
      END_STATE();
    case 45:
      ACCEPT_TOKEN(sym_now);
      if (lookahead == '+' ||
          lookahead == '-') ADVANCE(16);
      END_STATE();
    case 46:
      ACCEPT_TOKEN(sym_duration);
      END_STATE();
    case 47:
      ACCEPT_TOKEN(sym_size);
      END_STATE();
    case 48:
      ACCEPT_TOKEN(sym_placeholder);
      if (('0' <= lookahead && lookahead <= '9') ||
          ('A' <= lookahead && lookahead <= 'Z') ||
          lookahead == '_' ||
          ('a' <= lookahead && lookahead <= 'z')) ADVANCE(48);
      END_STATE();
    case 49:
      ACCEPT_TOKEN(sym_order_operator);
      END_STATE();
    case 50:
      ACCEPT_TOKEN(sym_order_operator);
      if (lookahead == '=') ADVANCE(49);
      END_STATE();
    case 51:
      ACCEPT_TOKEN(sym_text_operator);
      END_STATE();
    case 52:
      ACCEPT_TOKEN(sym_identifier);
      if (lookahead == 'o') ADVANCE(53);
      if (('0' <= lookahead && lookahead <= '9') ||
          ('A' <= lookahead && lookahead <= 'Z') ||
          lookahead == '_' ||
          ('a' <= lookahead && lookahead <= 'z')) ADVANCE(54);
      END_STATE();
    case 53:
      ACCEPT_TOKEN(sym_identifier);
      if (lookahead == 'w') ADVANCE(45);
      if (('0' <= lookahead && lookahead <= '9') ||
          ('A' <= lookahead && lookahead <= 'Z') ||
          lookahead == '_' ||
          ('a' <= lookahead && lookahead <= 'z')) ADVANCE(54);
      END_STATE();
    case 54:
      ACCEPT_TOKEN(sym_identifier);
      if (('0' <= lookahead && lookahead <= '9') ||
          ('A' <= lookahead && lookahead <= 'Z') ||
          lookahead == '_' ||
          ('a' <= lookahead && lookahead <= 'z')) ADVANCE(54);
      END_STATE();
    case 55:
      ACCEPT_TOKEN(sym_comment);
      if (lookahead != 0 &&
          lookahead != '\n' &&
          lookahead != '\r') ADVANCE(55);
      END_STATE();
    default:
      return false;
  }
}

static bool ts_lex_keywords(TSLexer *lexer, TSStateId state) {
  START_LEXER();
  eof = lexer->eof(lexer);
  switch (state) {
    case 0:
      ADVANCE_MAP(
        'A', 1,
        'N', 2,
        'O', 3,
        'c', 4,
        'd', 5,
        'e', 6,
        'f', 7,
        'i', 8,
        'k', 9,
        'p', 10,
        'r', 11,
        's', 12,
        't', 13,
        'u', 14,
      );
      if (lookahead == '\t' ||
          lookahead == '\n' ||
          lookahead == '\r' ||
          lookahead == ' ') SKIP(0);
      END_STATE();
    case 1:
      if (lookahead == 'N') ADVANCE(15);
      END_STATE();
    case 2:
      if (lookahead == 'O') ADVANCE(16);
      END_STATE();
    case 3:
      if (lookahead == 'R') ADVANCE(17);
      END_STATE();
    case 4:
      if (lookahead == 'o') ADVANCE(18);
      if (lookahead == 'r') ADVANCE(19);
      END_STATE();
    case 5:
      if (lookahead == 'u') ADVANCE(20);
      END_STATE();
    case 6:
      if (lookahead == 'n') ADVANCE(21);
      if (lookahead == 'x') ADVANCE(22);
      END_STATE();
    case 7:
      if (lookahead == 'a') ADVANCE(23);
      END_STATE();
    case 8:
      if (lookahead == 'd') ADVANCE(24);
      END_STATE();
    case 9:
      if (lookahead == 'e') ADVANCE(25);
      END_STATE();
    case 10:
      if (lookahead == 'r') ADVANCE(26);
      END_STATE();
    case 11:
      if (lookahead == 'e') ADVANCE(27);
      END_STATE();
    case 12:
      if (lookahead == 't') ADVANCE(28);
      END_STATE();
    case 13:
      if (lookahead == 'r') ADVANCE(29);
      END_STATE();
    case 14:
      if (lookahead == 'p') ADVANCE(30);
      if (lookahead == 's') ADVANCE(31);
      END_STATE();
    case 15:
      if (lookahead == 'D') ADVANCE(32);
      END_STATE();
    case 16:
      if (lookahead == 'T') ADVANCE(33);
      END_STATE();
    case 17:
      ACCEPT_TOKEN(anon_sym_OR);
      END_STATE();
    case 18:
      if (lookahead == 'n') ADVANCE(34);
      END_STATE();
    case 19:
      if (lookahead == 'e') ADVANCE(35);
      END_STATE();
    case 20:
      if (lookahead == 'r') ADVANCE(36);
      END_STATE();
    case 21:
      if (lookahead == 'd') ADVANCE(37);
      END_STATE();
    case 22:
      if (lookahead == 'p') ADVANCE(38);
      END_STATE();
    case 23:
      if (lookahead == 'l') ADVANCE(39);
      END_STATE();
    case 24:
      ACCEPT_TOKEN(anon_sym_id);
      END_STATE();
    case 25:
      if (lookahead == 'e') ADVANCE(40);
      END_STATE();
    case 26:
      if (lookahead == 'o') ADVANCE(41);
      END_STATE();
    case 27:
      if (lookahead == 'g') ADVANCE(42);
      END_STATE();
    case 28:
      if (lookahead == 'a') ADVANCE(43);
      END_STATE();
    case 29:
      if (lookahead == 'u') ADVANCE(44);
      END_STATE();
    case 30:
      if (lookahead == 'd') ADVANCE(45);
      END_STATE();
    case 31:
      if (lookahead == 'e') ADVANCE(46);
      END_STATE();
    case 32:
      ACCEPT_TOKEN(anon_sym_AND);
      END_STATE();
    case 33:
      ACCEPT_TOKEN(anon_sym_NOT);
      END_STATE();
    case 34:
      if (lookahead == 't') ADVANCE(47);
      END_STATE();
    case 35:
      if (lookahead == 'a') ADVANCE(48);
      END_STATE();
    case 36:
      if (lookahead == 'a') ADVANCE(49);
      END_STATE();
    case 37:
      if (lookahead == 'e') ADVANCE(50);
      END_STATE();
    case 38:
      if (lookahead == 'i') ADVANCE(51);
      END_STATE();
    case 39:
      if (lookahead == 's') ADVANCE(52);
      END_STATE();
    case 40:
      if (lookahead == 'p') ADVANCE(53);
      END_STATE();
    case 41:
      if (lookahead == 'j') ADVANCE(54);
      if (lookahead == 'x') ADVANCE(55);
      END_STATE();
    case 42:
      if (lookahead == 'i') ADVANCE(56);
      END_STATE();
    case 43:
      if (lookahead == 'r') ADVANCE(57);
      if (lookahead == 't') ADVANCE(58);
      END_STATE();
    case 44:
      if (lookahead == 'e') ADVANCE(59);
      END_STATE();
    case 45:
      if (lookahead == 'a') ADVANCE(60);
      END_STATE();
    case 46:
      if (lookahead == 'r') ADVANCE(61);
      END_STATE();
    case 47:
      if (lookahead == 'e') ADVANCE(62);
      END_STATE();
    case 48:
      if (lookahead == 't') ADVANCE(63);
      END_STATE();
    case 49:
      if (lookahead == 't') ADVANCE(64);
      END_STATE();
    case 50:
      if (lookahead == 'd') ADVANCE(65);
      END_STATE();
    case 51:
      if (lookahead == 'r') ADVANCE(66);
      END_STATE();
    case 52:
      if (lookahead == 'e') ADVANCE(67);
      END_STATE();
    case 53:
      if (lookahead == '_') ADVANCE(68);
      END_STATE();
    case 54:
      if (lookahead == 'e') ADVANCE(69);
      END_STATE();
    case 55:
      if (lookahead == 'y') ADVANCE(70);
      END_STATE();
    case 56:
      if (lookahead == 'o') ADVANCE(71);
      END_STATE();
    case 57:
      if (lookahead == 't') ADVANCE(72);
      END_STATE();
    case 58:
      if (lookahead == 'u') ADVANCE(73);
      END_STATE();
    case 59:
      ACCEPT_TOKEN(anon_sym_true);
      END_STATE();
    case 60:
      if (lookahead == 't') ADVANCE(74);
      END_STATE();
    case 61:
      if (lookahead == '_') ADVANCE(75);
      END_STATE();
    case 62:
      if (lookahead == 'x') ADVANCE(76);
      END_STATE();
    case 63:
      if (lookahead == 'e') ADVANCE(77);
      END_STATE();
    case 64:
      if (lookahead == 'i') ADVANCE(78);
      END_STATE();
    case 65:
      if (lookahead == '_') ADVANCE(79);
      END_STATE();
    case 66:
      if (lookahead == 'e') ADVANCE(80);
      END_STATE();
    case 67:
      ACCEPT_TOKEN(anon_sym_false);
      END_STATE();
    case 68:
      if (lookahead == 'a') ADVANCE(81);
      END_STATE();
    case 69:
      if (lookahead == 'c') ADVANCE(82);
      END_STATE();
    case 70:
      if (lookahead == '_') ADVANCE(83);
      END_STATE();
    case 71:
      if (lookahead == 'n') ADVANCE(84);
      END_STATE();
    case 72:
      if (lookahead == 'e') ADVANCE(85);
      END_STATE();
    case 73:
      if (lookahead == 's') ADVANCE(86);
      END_STATE();
    case 74:
      if (lookahead == 'e') ADVANCE(87);
      END_STATE();
    case 75:
      if (lookahead == 'm') ADVANCE(88);
      END_STATE();
    case 76:
      if (lookahead == 't') ADVANCE(89);
      END_STATE();
    case 77:
      if (lookahead == 'd') ADVANCE(90);
      END_STATE();
    case 78:
      if (lookahead == 'o') ADVANCE(91);
      END_STATE();
    case 79:
      if (lookahead == 'a') ADVANCE(92);
      END_STATE();
    case 80:
      if (lookahead == 's') ADVANCE(93);
      END_STATE();
    case 81:
      if (lookahead == 'l') ADVANCE(94);
      END_STATE();
    case 82:
      if (lookahead == 't') ADVANCE(95);
      END_STATE();
    case 83:
      if (lookahead == 'b') ADVANCE(96);
      END_STATE();
    case 84:
      ACCEPT_TOKEN(anon_sym_region);
      END_STATE();
    case 85:
      if (lookahead == 'd') ADVANCE(97);
      END_STATE();
    case 86:
      ACCEPT_TOKEN(anon_sym_status);
      END_STATE();
    case 87:
      if (lookahead == 'd') ADVANCE(98);
      END_STATE();
    case 88:
      if (lookahead == 'e') ADVANCE(99);
      END_STATE();
    case 89:
      if (lookahead == '_') ADVANCE(100);
      END_STATE();
    case 90:
      if (lookahead == '_') ADVANCE(101);
      END_STATE();
    case 91:
      if (lookahead == 'n') ADVANCE(102);
      END_STATE();
    case 92:
      if (lookahead == 't') ADVANCE(103);
      END_STATE();
    case 93:
      if (lookahead == '_') ADVANCE(104);
      END_STATE();
    case 94:
      if (lookahead == 'i') ADVANCE(105);
      END_STATE();
    case 95:
      if (lookahead == '_') ADVANCE(106);
      END_STATE();
    case 96:
      if (lookahead == 'y') ADVANCE(107);
      END_STATE();
    case 97:
      if (lookahead == '_') ADVANCE(108);
      END_STATE();
    case 98:
      if (lookahead == '_') ADVANCE(109);
      END_STATE();
    case 99:
      if (lookahead == 't') ADVANCE(110);
      END_STATE();
    case 100:
      if (lookahead == 'i') ADVANCE(111);
      END_STATE();
    case 101:
      if (lookahead == 'a') ADVANCE(112);
      END_STATE();
    case 102:
      ACCEPT_TOKEN(anon_sym_duration);
      END_STATE();
    case 103:
      ACCEPT_TOKEN(anon_sym_ended_at);
      END_STATE();
    case 104:
      if (lookahead == 'a') ADVANCE(113);
      END_STATE();
    case 105:
      if (lookahead == 'v') ADVANCE(114);
      END_STATE();
    case 106:
      if (lookahead == 'i') ADVANCE(115);
      END_STATE();
    case 107:
      if (lookahead == 't') ADVANCE(116);
      END_STATE();
    case 108:
      if (lookahead == 'a') ADVANCE(117);
      END_STATE();
    case 109:
      if (lookahead == 'a') ADVANCE(118);
      END_STATE();
    case 110:
      if (lookahead == 'a') ADVANCE(119);
      END_STATE();
    case 111:
      if (lookahead == 'd') ADVANCE(120);
      END_STATE();
    case 112:
      if (lookahead == 't') ADVANCE(121);
      END_STATE();
    case 113:
      if (lookahead == 't') ADVANCE(122);
      END_STATE();
    case 114:
      if (lookahead == 'e') ADVANCE(123);
      END_STATE();
    case 115:
      if (lookahead == 'd') ADVANCE(124);
      END_STATE();
    case 116:
      if (lookahead == 'e') ADVANCE(125);
      END_STATE();
    case 117:
      if (lookahead == 't') ADVANCE(126);
      END_STATE();
    case 118:
      if (lookahead == 't') ADVANCE(127);
      END_STATE();
    case 119:
      if (lookahead == 'd') ADVANCE(128);
      END_STATE();
    case 120:
      ACCEPT_TOKEN(anon_sym_context_id);
      END_STATE();
    case 121:
      ACCEPT_TOKEN(anon_sym_created_at);
      END_STATE();
    case 122:
      ACCEPT_TOKEN(anon_sym_expires_at);
      END_STATE();
    case 123:
      ACCEPT_TOKEN(anon_sym_keep_alive);
      END_STATE();
    case 124:
      ACCEPT_TOKEN(anon_sym_project_id);
      END_STATE();
    case 125:
      if (lookahead == 's') ADVANCE(129);
      END_STATE();
    case 126:
      ACCEPT_TOKEN(anon_sym_started_at);
      END_STATE();
    case 127:
      ACCEPT_TOKEN(anon_sym_updated_at);
      END_STATE();
    case 128:
      if (lookahead == 'a') ADVANCE(130);
      END_STATE();
    case 129:
      ACCEPT_TOKEN(anon_sym_proxy_bytes);
      END_STATE();
    case 130:
      if (lookahead == 't') ADVANCE(131);
      END_STATE();
    case 131:
      if (lookahead == 'a') ADVANCE(132);
      END_STATE();
    case 132:
      ACCEPT_TOKEN(anon_sym_user_metadata);
      END_STATE();
    default:
      return false;
  }
}

static const TSLexMode ts_lex_modes[STATE_COUNT] = {
  [0] = {.lex_state = 0},
  [1] = {.lex_state = 26},
  [2] = {.lex_state = 26},
  [3] = {.lex_state = 26},
  [4] = {.lex_state = 26},
  [5] = {.lex_state = 26},
  [6] = {.lex_state = 26},
  [7] = {.lex_state = 26},
  [8] = {.lex_state = 26},
  [9] = {.lex_state = 26},
  [10] = {.lex_state = 26},
  [11] = {.lex_state = 26},
  [12] = {.lex_state = 26},
  [13] = {.lex_state = 26},
  [14] = {.lex_state = 26},
  [15] = {.lex_state = 26},
  [16] = {.lex_state = 26},
  [17] = {.lex_state = 26},
  [18] = {.lex_state = 26},
  [19] = {.lex_state = 26},
  [20] = {.lex_state = 1},
  [21] = {.lex_state = 1},
  [22] = {.lex_state = 1},
  [23] = {.lex_state = 1},
  [24] = {.lex_state = 1},
  [25] = {.lex_state = 26},
  [26] = {.lex_state = 26},
  [27] = {.lex_state = 26},
  [28] = {.lex_state = 26},
  [29] = {.lex_state = 26},
  [30] = {.lex_state = 0},
  [31] = {.lex_state = 26},
  [32] = {.lex_state = 26},
  [33] = {.lex_state = 26},
  [34] = {.lex_state = 0},
  [35] = {.lex_state = 26},
  [36] = {.lex_state = 0},
  [37] = {.lex_state = 0},
};

static const uint16_t ts_parse_table[LARGE_STATE_COUNT][SYMBOL_COUNT] = {
  [0] = {
    [ts_builtin_sym_end] = ACTIONS(1),
    [sym_identifier] = ACTIONS(1),
    [anon_sym_OR] = ACTIONS(1),
    [anon_sym_AND] = ACTIONS(1),
    [anon_sym_NOT] = ACTIONS(1),
    [anon_sym_DASH] = ACTIONS(1),
    [anon_sym_LPAREN] = ACTIONS(1),
    [anon_sym_RPAREN] = ACTIONS(1),
    [anon_sym_COLON] = ACTIONS(1),
    [anon_sym_STAR] = ACTIONS(1),
    [anon_sym_user_metadata] = ACTIONS(1),
    [anon_sym_status] = ACTIONS(1),
    [anon_sym_region] = ACTIONS(1),
    [anon_sym_id] = ACTIONS(1),
    [anon_sym_project_id] = ACTIONS(1),
    [anon_sym_context_id] = ACTIONS(1),
    [anon_sym_keep_alive] = ACTIONS(1),
    [anon_sym_created_at] = ACTIONS(1),
    [anon_sym_updated_at] = ACTIONS(1),
    [anon_sym_started_at] = ACTIONS(1),
    [anon_sym_ended_at] = ACTIONS(1),
    [anon_sym_expires_at] = ACTIONS(1),
    [anon_sym_proxy_bytes] = ACTIONS(1),
    [anon_sym_duration] = ACTIONS(1),
    [anon_sym_LBRACK] = ACTIONS(1),
    [anon_sym_RBRACK] = ACTIONS(1),
    [sym_string] = ACTIONS(1),
    [sym_number] = ACTIONS(1),
    [anon_sym_true] = ACTIONS(1),
    [anon_sym_false] = ACTIONS(1),
    [sym_now] = ACTIONS(1),
    [sym_duration] = ACTIONS(1),
    [sym_size] = ACTIONS(1),
    [sym_placeholder] = ACTIONS(1),
    [sym_order_operator] = ACTIONS(1),
    [sym_text_operator] = ACTIONS(1),
    [sym_comment] = ACTIONS(3),
  },
  [1] = {
    [sym_source_file] = STATE(37),
    [sym__expression] = STATE(6),
    [sym_disjunction] = STATE(6),
    [sym_conjunction] = STATE(6),
    [sym_negation] = STATE(6),
    [sym_parenthesized] = STATE(6),
    [sym__predicate] = STATE(6),
    [sym_equality] = STATE(6),
    [sym_one_of] = STATE(6),
    [sym_existence] = STATE(6),
    [sym_ordering] = STATE(6),
    [sym_text_match] = STATE(6),
    [sym__field] = STATE(28),
    [sym_metadata_field] = STATE(28),
    [sym_session_field] = STATE(28),
    [ts_builtin_sym_end] = ACTIONS(5),
    [anon_sym_NOT] = ACTIONS(7),
    [anon_sym_DASH] = ACTIONS(7),
    [anon_sym_LPAREN] = ACTIONS(9),
    [anon_sym_user_metadata] = ACTIONS(11),
    [anon_sym_status] = ACTIONS(13),
    [anon_sym_region] = ACTIONS(13),
    [anon_sym_id] = ACTIONS(13),
    [anon_sym_project_id] = ACTIONS(13),
    [anon_sym_context_id] = ACTIONS(13),
    [anon_sym_keep_alive] = ACTIONS(13),
    [anon_sym_created_at] = ACTIONS(13),
    [anon_sym_updated_at] = ACTIONS(13),
    [anon_sym_started_at] = ACTIONS(13),
    [anon_sym_ended_at] = ACTIONS(13),
    [anon_sym_expires_at] = ACTIONS(13),
    [anon_sym_proxy_bytes] = ACTIONS(13),
    [anon_sym_duration] = ACTIONS(13),
    [sym_comment] = ACTIONS(3),
  },
  [2] = {
    [sym__expression] = STATE(2),
    [sym_disjunction] = STATE(2),
    [sym_conjunction] = STATE(2),
    [sym_negation] = STATE(2),
    [sym_parenthesized] = STATE(2),
    [sym__predicate] = STATE(2),
    [sym_equality] = STATE(2),
    [sym_one_of] = STATE(2),
    [sym_existence] = STATE(2),
    [sym_ordering] = STATE(2),
    [sym_text_match] = STATE(2),
    [sym__field] = STATE(28),
    [sym_metadata_field] = STATE(28),
    [sym_session_field] = STATE(28),
    [ts_builtin_sym_end] = ACTIONS(15),
    [anon_sym_OR] = ACTIONS(15),
    [anon_sym_AND] = ACTIONS(15),
    [anon_sym_NOT] = ACTIONS(15),
    [anon_sym_DASH] = ACTIONS(15),
    [anon_sym_LPAREN] = ACTIONS(15),
    [anon_sym_RPAREN] = ACTIONS(15),
    [anon_sym_user_metadata] = ACTIONS(15),
    [anon_sym_status] = ACTIONS(15),
    [anon_sym_region] = ACTIONS(15),
    [anon_sym_id] = ACTIONS(15),
    [anon_sym_project_id] = ACTIONS(15),
    [anon_sym_context_id] = ACTIONS(15),
    [anon_sym_keep_alive] = ACTIONS(15),
    [anon_sym_created_at] = ACTIONS(15),
    [anon_sym_updated_at] = ACTIONS(15),
    [anon_sym_started_at] = ACTIONS(15),
    [anon_sym_ended_at] = ACTIONS(15),
    [anon_sym_expires_at] = ACTIONS(15),
    [anon_sym_proxy_bytes] = ACTIONS(15),
    [anon_sym_duration] = ACTIONS(15),
    [sym_comment] = ACTIONS(3),
  },
  [3] = {
    [sym__expression] = STATE(2),
    [sym_disjunction] = STATE(2),
    [sym_conjunction] = STATE(2),
    [sym_negation] = STATE(2),
    [sym_parenthesized] = STATE(2),
    [sym__predicate] = STATE(2),
    [sym_equality] = STATE(2),
    [sym_one_of] = STATE(2),
    [sym_existence] = STATE(2),
    [sym_ordering] = STATE(2),
    [sym_text_match] = STATE(2),
    [sym__field] = STATE(28),
    [sym_metadata_field] = STATE(28),
    [sym_session_field] = STATE(28),
    [ts_builtin_sym_end] = ACTIONS(17),
    [anon_sym_OR] = ACTIONS(17),
    [anon_sym_AND] = ACTIONS(17),
    [anon_sym_NOT] = ACTIONS(17),
    [anon_sym_DASH] = ACTIONS(17),
    [anon_sym_LPAREN] = ACTIONS(17),
    [anon_sym_RPAREN] = ACTIONS(17),
    [anon_sym_user_metadata] = ACTIONS(17),
    [anon_sym_status] = ACTIONS(17),
    [anon_sym_region] = ACTIONS(17),
    [anon_sym_id] = ACTIONS(17),
    [anon_sym_project_id] = ACTIONS(17),
    [anon_sym_context_id] = ACTIONS(17),
    [anon_sym_keep_alive] = ACTIONS(17),
    [anon_sym_created_at] = ACTIONS(17),
    [anon_sym_updated_at] = ACTIONS(17),
    [anon_sym_started_at] = ACTIONS(17),
    [anon_sym_ended_at] = ACTIONS(17),
    [anon_sym_expires_at] = ACTIONS(17),
    [anon_sym_proxy_bytes] = ACTIONS(17),
    [anon_sym_duration] = ACTIONS(17),
    [sym_comment] = ACTIONS(3),
  },
  [4] = {
    [sym__expression] = STATE(2),
    [sym_disjunction] = STATE(2),
    [sym_conjunction] = STATE(2),
    [sym_negation] = STATE(2),
    [sym_parenthesized] = STATE(2),
    [sym__predicate] = STATE(2),
    [sym_equality] = STATE(2),
    [sym_one_of] = STATE(2),
    [sym_existence] = STATE(2),
    [sym_ordering] = STATE(2),
    [sym_text_match] = STATE(2),
    [sym__field] = STATE(28),
    [sym_metadata_field] = STATE(28),
    [sym_session_field] = STATE(28),
    [ts_builtin_sym_end] = ACTIONS(19),
    [anon_sym_OR] = ACTIONS(19),
    [anon_sym_AND] = ACTIONS(21),
    [anon_sym_NOT] = ACTIONS(7),
    [anon_sym_DASH] = ACTIONS(7),
    [anon_sym_LPAREN] = ACTIONS(9),
    [anon_sym_RPAREN] = ACTIONS(19),
    [anon_sym_user_metadata] = ACTIONS(11),
    [anon_sym_status] = ACTIONS(13),
    [anon_sym_region] = ACTIONS(13),
    [anon_sym_id] = ACTIONS(13),
    [anon_sym_project_id] = ACTIONS(13),
    [anon_sym_context_id] = ACTIONS(13),
    [anon_sym_keep_alive] = ACTIONS(13),
    [anon_sym_created_at] = ACTIONS(13),
    [anon_sym_updated_at] = ACTIONS(13),
    [anon_sym_started_at] = ACTIONS(13),
    [anon_sym_ended_at] = ACTIONS(13),
    [anon_sym_expires_at] = ACTIONS(13),
    [anon_sym_proxy_bytes] = ACTIONS(13),
    [anon_sym_duration] = ACTIONS(13),
    [sym_comment] = ACTIONS(3),
  },
  [5] = {
    [sym__expression] = STATE(2),
    [sym_disjunction] = STATE(2),
    [sym_conjunction] = STATE(2),
    [sym_negation] = STATE(2),
    [sym_parenthesized] = STATE(2),
    [sym__predicate] = STATE(2),
    [sym_equality] = STATE(2),
    [sym_one_of] = STATE(2),
    [sym_existence] = STATE(2),
    [sym_ordering] = STATE(2),
    [sym_text_match] = STATE(2),
    [sym__field] = STATE(28),
    [sym_metadata_field] = STATE(28),
    [sym_session_field] = STATE(28),
    [ts_builtin_sym_end] = ACTIONS(23),
    [anon_sym_OR] = ACTIONS(23),
    [anon_sym_AND] = ACTIONS(23),
    [anon_sym_NOT] = ACTIONS(23),
    [anon_sym_DASH] = ACTIONS(23),
    [anon_sym_LPAREN] = ACTIONS(23),
    [anon_sym_RPAREN] = ACTIONS(23),
    [anon_sym_user_metadata] = ACTIONS(23),
    [anon_sym_status] = ACTIONS(23),
    [anon_sym_region] = ACTIONS(23),
    [anon_sym_id] = ACTIONS(23),
    [anon_sym_project_id] = ACTIONS(23),
    [anon_sym_context_id] = ACTIONS(23),
    [anon_sym_keep_alive] = ACTIONS(23),
    [anon_sym_created_at] = ACTIONS(23),
    [anon_sym_updated_at] = ACTIONS(23),
    [anon_sym_started_at] = ACTIONS(23),
    [anon_sym_ended_at] = ACTIONS(23),
    [anon_sym_expires_at] = ACTIONS(23),
    [anon_sym_proxy_bytes] = ACTIONS(23),
    [anon_sym_duration] = ACTIONS(23),
    [sym_comment] = ACTIONS(3),
  },
  [6] = {
    [sym__expression] = STATE(2),
    [sym_disjunction] = STATE(2),
    [sym_conjunction] = STATE(2),
    [sym_negation] = STATE(2),
    [sym_parenthesized] = STATE(2),
    [sym__predicate] = STATE(2),
    [sym_equality] = STATE(2),
    [sym_one_of] = STATE(2),
    [sym_existence] = STATE(2),
    [sym_ordering] = STATE(2),
    [sym_text_match] = STATE(2),
    [sym__field] = STATE(28),
    [sym_metadata_field] = STATE(28),
    [sym_session_field] = STATE(28),
    [ts_builtin_sym_end] = ACTIONS(25),
    [anon_sym_OR] = ACTIONS(27),
    [anon_sym_AND] = ACTIONS(21),
    [anon_sym_NOT] = ACTIONS(7),
    [anon_sym_DASH] = ACTIONS(7),
    [anon_sym_LPAREN] = ACTIONS(9),
    [anon_sym_user_metadata] = ACTIONS(11),
    [anon_sym_status] = ACTIONS(13),
    [anon_sym_region] = ACTIONS(13),
    [anon_sym_id] = ACTIONS(13),
    [anon_sym_project_id] = ACTIONS(13),
    [anon_sym_context_id] = ACTIONS(13),
    [anon_sym_keep_alive] = ACTIONS(13),
    [anon_sym_created_at] = ACTIONS(13),
    [anon_sym_updated_at] = ACTIONS(13),
    [anon_sym_started_at] = ACTIONS(13),
    [anon_sym_ended_at] = ACTIONS(13),
    [anon_sym_expires_at] = ACTIONS(13),
    [anon_sym_proxy_bytes] = ACTIONS(13),
    [anon_sym_duration] = ACTIONS(13),
    [sym_comment] = ACTIONS(3),
  },
  [7] = {
    [sym__expression] = STATE(2),
    [sym_disjunction] = STATE(2),
    [sym_conjunction] = STATE(2),
    [sym_negation] = STATE(2),
    [sym_parenthesized] = STATE(2),
    [sym__predicate] = STATE(2),
    [sym_equality] = STATE(2),
    [sym_one_of] = STATE(2),
    [sym_existence] = STATE(2),
    [sym_ordering] = STATE(2),
    [sym_text_match] = STATE(2),
    [sym__field] = STATE(28),
    [sym_metadata_field] = STATE(28),
    [sym_session_field] = STATE(28),
    [anon_sym_OR] = ACTIONS(27),
    [anon_sym_AND] = ACTIONS(21),
    [anon_sym_NOT] = ACTIONS(7),
    [anon_sym_DASH] = ACTIONS(7),
    [anon_sym_LPAREN] = ACTIONS(9),
    [anon_sym_RPAREN] = ACTIONS(29),
    [anon_sym_user_metadata] = ACTIONS(11),
    [anon_sym_status] = ACTIONS(13),
    [anon_sym_region] = ACTIONS(13),
    [anon_sym_id] = ACTIONS(13),
    [anon_sym_project_id] = ACTIONS(13),
    [anon_sym_context_id] = ACTIONS(13),
    [anon_sym_keep_alive] = ACTIONS(13),
    [anon_sym_created_at] = ACTIONS(13),
    [anon_sym_updated_at] = ACTIONS(13),
    [anon_sym_started_at] = ACTIONS(13),
    [anon_sym_ended_at] = ACTIONS(13),
    [anon_sym_expires_at] = ACTIONS(13),
    [anon_sym_proxy_bytes] = ACTIONS(13),
    [anon_sym_duration] = ACTIONS(13),
    [sym_comment] = ACTIONS(3),
  },
  [8] = {
    [sym__expression] = STATE(3),
    [sym_disjunction] = STATE(3),
    [sym_conjunction] = STATE(3),
    [sym_negation] = STATE(3),
    [sym_parenthesized] = STATE(3),
    [sym__predicate] = STATE(3),
    [sym_equality] = STATE(3),
    [sym_one_of] = STATE(3),
    [sym_existence] = STATE(3),
    [sym_ordering] = STATE(3),
    [sym_text_match] = STATE(3),
    [sym__field] = STATE(28),
    [sym_metadata_field] = STATE(28),
    [sym_session_field] = STATE(28),
    [anon_sym_NOT] = ACTIONS(7),
    [anon_sym_DASH] = ACTIONS(7),
    [anon_sym_LPAREN] = ACTIONS(9),
    [anon_sym_user_metadata] = ACTIONS(11),
    [anon_sym_status] = ACTIONS(13),
    [anon_sym_region] = ACTIONS(13),
    [anon_sym_id] = ACTIONS(13),
    [anon_sym_project_id] = ACTIONS(13),
    [anon_sym_context_id] = ACTIONS(13),
    [anon_sym_keep_alive] = ACTIONS(13),
    [anon_sym_created_at] = ACTIONS(13),
    [anon_sym_updated_at] = ACTIONS(13),
    [anon_sym_started_at] = ACTIONS(13),
    [anon_sym_ended_at] = ACTIONS(13),
    [anon_sym_expires_at] = ACTIONS(13),
    [anon_sym_proxy_bytes] = ACTIONS(13),
    [anon_sym_duration] = ACTIONS(13),
    [sym_comment] = ACTIONS(3),
  },
  [9] = {
    [sym__expression] = STATE(4),
    [sym_disjunction] = STATE(4),
    [sym_conjunction] = STATE(4),
    [sym_negation] = STATE(4),
    [sym_parenthesized] = STATE(4),
    [sym__predicate] = STATE(4),
    [sym_equality] = STATE(4),
    [sym_one_of] = STATE(4),
    [sym_existence] = STATE(4),
    [sym_ordering] = STATE(4),
    [sym_text_match] = STATE(4),
    [sym__field] = STATE(28),
    [sym_metadata_field] = STATE(28),
    [sym_session_field] = STATE(28),
    [anon_sym_NOT] = ACTIONS(7),
    [anon_sym_DASH] = ACTIONS(7),
    [anon_sym_LPAREN] = ACTIONS(9),
    [anon_sym_user_metadata] = ACTIONS(11),
    [anon_sym_status] = ACTIONS(13),
    [anon_sym_region] = ACTIONS(13),
    [anon_sym_id] = ACTIONS(13),
    [anon_sym_project_id] = ACTIONS(13),
    [anon_sym_context_id] = ACTIONS(13),
    [anon_sym_keep_alive] = ACTIONS(13),
    [anon_sym_created_at] = ACTIONS(13),
    [anon_sym_updated_at] = ACTIONS(13),
    [anon_sym_started_at] = ACTIONS(13),
    [anon_sym_ended_at] = ACTIONS(13),
    [anon_sym_expires_at] = ACTIONS(13),
    [anon_sym_proxy_bytes] = ACTIONS(13),
    [anon_sym_duration] = ACTIONS(13),
    [sym_comment] = ACTIONS(3),
  },
  [10] = {
    [sym__expression] = STATE(7),
    [sym_disjunction] = STATE(7),
    [sym_conjunction] = STATE(7),
    [sym_negation] = STATE(7),
    [sym_parenthesized] = STATE(7),
    [sym__predicate] = STATE(7),
    [sym_equality] = STATE(7),
    [sym_one_of] = STATE(7),
    [sym_existence] = STATE(7),
    [sym_ordering] = STATE(7),
    [sym_text_match] = STATE(7),
    [sym__field] = STATE(28),
    [sym_metadata_field] = STATE(28),
    [sym_session_field] = STATE(28),
    [anon_sym_NOT] = ACTIONS(7),
    [anon_sym_DASH] = ACTIONS(7),
    [anon_sym_LPAREN] = ACTIONS(9),
    [anon_sym_user_metadata] = ACTIONS(11),
    [anon_sym_status] = ACTIONS(13),
    [anon_sym_region] = ACTIONS(13),
    [anon_sym_id] = ACTIONS(13),
    [anon_sym_project_id] = ACTIONS(13),
    [anon_sym_context_id] = ACTIONS(13),
    [anon_sym_keep_alive] = ACTIONS(13),
    [anon_sym_created_at] = ACTIONS(13),
    [anon_sym_updated_at] = ACTIONS(13),
    [anon_sym_started_at] = ACTIONS(13),
    [anon_sym_ended_at] = ACTIONS(13),
    [anon_sym_expires_at] = ACTIONS(13),
    [anon_sym_proxy_bytes] = ACTIONS(13),
    [anon_sym_duration] = ACTIONS(13),
    [sym_comment] = ACTIONS(3),
  },
  [11] = {
    [sym__expression] = STATE(5),
    [sym_disjunction] = STATE(5),
    [sym_conjunction] = STATE(5),
    [sym_negation] = STATE(5),
    [sym_parenthesized] = STATE(5),
    [sym__predicate] = STATE(5),
    [sym_equality] = STATE(5),
    [sym_one_of] = STATE(5),
    [sym_existence] = STATE(5),
    [sym_ordering] = STATE(5),
    [sym_text_match] = STATE(5),
    [sym__field] = STATE(28),
    [sym_metadata_field] = STATE(28),
    [sym_session_field] = STATE(28),
    [anon_sym_NOT] = ACTIONS(7),
    [anon_sym_DASH] = ACTIONS(7),
    [anon_sym_LPAREN] = ACTIONS(9),
    [anon_sym_user_metadata] = ACTIONS(11),
    [anon_sym_status] = ACTIONS(13),
    [anon_sym_region] = ACTIONS(13),
    [anon_sym_id] = ACTIONS(13),
    [anon_sym_project_id] = ACTIONS(13),
    [anon_sym_context_id] = ACTIONS(13),
    [anon_sym_keep_alive] = ACTIONS(13),
    [anon_sym_created_at] = ACTIONS(13),
    [anon_sym_updated_at] = ACTIONS(13),
    [anon_sym_started_at] = ACTIONS(13),
    [anon_sym_ended_at] = ACTIONS(13),
    [anon_sym_expires_at] = ACTIONS(13),
    [anon_sym_proxy_bytes] = ACTIONS(13),
    [anon_sym_duration] = ACTIONS(13),
    [sym_comment] = ACTIONS(3),
  },
};

static const uint16_t ts_small_parse_table[] = {
  [0] = 2,
    ACTIONS(3), 1,
      sym_comment,
    ACTIONS(31), 21,
      ts_builtin_sym_end,
      anon_sym_OR,
      anon_sym_AND,
      anon_sym_NOT,
      anon_sym_DASH,
      anon_sym_LPAREN,
      anon_sym_RPAREN,
      anon_sym_user_metadata,
      anon_sym_status,
      anon_sym_region,
      anon_sym_id,
      anon_sym_project_id,
      anon_sym_context_id,
      anon_sym_keep_alive,
      anon_sym_created_at,
      anon_sym_updated_at,
      anon_sym_started_at,
      anon_sym_ended_at,
      anon_sym_expires_at,
      anon_sym_proxy_bytes,
      anon_sym_duration,
  [27] = 2,
    ACTIONS(3), 1,
      sym_comment,
    ACTIONS(33), 21,
      ts_builtin_sym_end,
      anon_sym_OR,
      anon_sym_AND,
      anon_sym_NOT,
      anon_sym_DASH,
      anon_sym_LPAREN,
      anon_sym_RPAREN,
      anon_sym_user_metadata,
      anon_sym_status,
      anon_sym_region,
      anon_sym_id,
      anon_sym_project_id,
      anon_sym_context_id,
      anon_sym_keep_alive,
      anon_sym_created_at,
      anon_sym_updated_at,
      anon_sym_started_at,
      anon_sym_ended_at,
      anon_sym_expires_at,
      anon_sym_proxy_bytes,
      anon_sym_duration,
  [54] = 2,
    ACTIONS(3), 1,
      sym_comment,
    ACTIONS(35), 21,
      ts_builtin_sym_end,
      anon_sym_OR,
      anon_sym_AND,
      anon_sym_NOT,
      anon_sym_DASH,
      anon_sym_LPAREN,
      anon_sym_RPAREN,
      anon_sym_user_metadata,
      anon_sym_status,
      anon_sym_region,
      anon_sym_id,
      anon_sym_project_id,
      anon_sym_context_id,
      anon_sym_keep_alive,
      anon_sym_created_at,
      anon_sym_updated_at,
      anon_sym_started_at,
      anon_sym_ended_at,
      anon_sym_expires_at,
      anon_sym_proxy_bytes,
      anon_sym_duration,
  [81] = 2,
    ACTIONS(3), 1,
      sym_comment,
    ACTIONS(37), 21,
      ts_builtin_sym_end,
      anon_sym_OR,
      anon_sym_AND,
      anon_sym_NOT,
      anon_sym_DASH,
      anon_sym_LPAREN,
      anon_sym_RPAREN,
      anon_sym_user_metadata,
      anon_sym_status,
      anon_sym_region,
      anon_sym_id,
      anon_sym_project_id,
      anon_sym_context_id,
      anon_sym_keep_alive,
      anon_sym_created_at,
      anon_sym_updated_at,
      anon_sym_started_at,
      anon_sym_ended_at,
      anon_sym_expires_at,
      anon_sym_proxy_bytes,
      anon_sym_duration,
  [108] = 2,
    ACTIONS(3), 1,
      sym_comment,
    ACTIONS(39), 21,
      ts_builtin_sym_end,
      anon_sym_OR,
      anon_sym_AND,
      anon_sym_NOT,
      anon_sym_DASH,
      anon_sym_LPAREN,
      anon_sym_RPAREN,
      anon_sym_user_metadata,
      anon_sym_status,
      anon_sym_region,
      anon_sym_id,
      anon_sym_project_id,
      anon_sym_context_id,
      anon_sym_keep_alive,
      anon_sym_created_at,
      anon_sym_updated_at,
      anon_sym_started_at,
      anon_sym_ended_at,
      anon_sym_expires_at,
      anon_sym_proxy_bytes,
      anon_sym_duration,
  [135] = 2,
    ACTIONS(3), 1,
      sym_comment,
    ACTIONS(41), 21,
      ts_builtin_sym_end,
      anon_sym_OR,
      anon_sym_AND,
      anon_sym_NOT,
      anon_sym_DASH,
      anon_sym_LPAREN,
      anon_sym_RPAREN,
      anon_sym_user_metadata,
      anon_sym_status,
      anon_sym_region,
      anon_sym_id,
      anon_sym_project_id,
      anon_sym_context_id,
      anon_sym_keep_alive,
      anon_sym_created_at,
      anon_sym_updated_at,
      anon_sym_started_at,
      anon_sym_ended_at,
      anon_sym_expires_at,
      anon_sym_proxy_bytes,
      anon_sym_duration,
  [162] = 2,
    ACTIONS(3), 1,
      sym_comment,
    ACTIONS(43), 21,
      ts_builtin_sym_end,
      anon_sym_OR,
      anon_sym_AND,
      anon_sym_NOT,
      anon_sym_DASH,
      anon_sym_LPAREN,
      anon_sym_RPAREN,
      anon_sym_user_metadata,
      anon_sym_status,
      anon_sym_region,
      anon_sym_id,
      anon_sym_project_id,
      anon_sym_context_id,
      anon_sym_keep_alive,
      anon_sym_created_at,
      anon_sym_updated_at,
      anon_sym_started_at,
      anon_sym_ended_at,
      anon_sym_expires_at,
      anon_sym_proxy_bytes,
      anon_sym_duration,
  [189] = 2,
    ACTIONS(3), 1,
      sym_comment,
    ACTIONS(45), 21,
      ts_builtin_sym_end,
      anon_sym_OR,
      anon_sym_AND,
      anon_sym_NOT,
      anon_sym_DASH,
      anon_sym_LPAREN,
      anon_sym_RPAREN,
      anon_sym_user_metadata,
      anon_sym_status,
      anon_sym_region,
      anon_sym_id,
      anon_sym_project_id,
      anon_sym_context_id,
      anon_sym_keep_alive,
      anon_sym_created_at,
      anon_sym_updated_at,
      anon_sym_started_at,
      anon_sym_ended_at,
      anon_sym_expires_at,
      anon_sym_proxy_bytes,
      anon_sym_duration,
  [216] = 7,
    ACTIONS(3), 1,
      sym_comment,
    ACTIONS(47), 1,
      anon_sym_LPAREN,
    ACTIONS(49), 1,
      anon_sym_STAR,
    ACTIONS(53), 1,
      sym_number,
    ACTIONS(55), 2,
      anon_sym_true,
      anon_sym_false,
    STATE(16), 2,
      sym__literal,
      sym_boolean,
    ACTIONS(51), 5,
      sym_string,
      sym_now,
      sym_duration,
      sym_size,
      sym_placeholder,
  [244] = 5,
    ACTIONS(3), 1,
      sym_comment,
    ACTIONS(59), 1,
      sym_number,
    ACTIONS(55), 2,
      anon_sym_true,
      anon_sym_false,
    STATE(18), 2,
      sym__literal,
      sym_boolean,
    ACTIONS(57), 5,
      sym_string,
      sym_now,
      sym_duration,
      sym_size,
      sym_placeholder,
  [266] = 5,
    ACTIONS(3), 1,
      sym_comment,
    ACTIONS(63), 1,
      sym_number,
    ACTIONS(55), 2,
      anon_sym_true,
      anon_sym_false,
    STATE(12), 2,
      sym__literal,
      sym_boolean,
    ACTIONS(61), 5,
      sym_string,
      sym_now,
      sym_duration,
      sym_size,
      sym_placeholder,
  [288] = 5,
    ACTIONS(3), 1,
      sym_comment,
    ACTIONS(67), 1,
      sym_number,
    ACTIONS(55), 2,
      anon_sym_true,
      anon_sym_false,
    STATE(33), 2,
      sym__literal,
      sym_boolean,
    ACTIONS(65), 5,
      sym_string,
      sym_now,
      sym_duration,
      sym_size,
      sym_placeholder,
  [310] = 5,
    ACTIONS(3), 1,
      sym_comment,
    ACTIONS(71), 1,
      sym_number,
    ACTIONS(55), 2,
      anon_sym_true,
      anon_sym_false,
    STATE(35), 2,
      sym__literal,
      sym_boolean,
    ACTIONS(69), 5,
      sym_string,
      sym_now,
      sym_duration,
      sym_size,
      sym_placeholder,
  [332] = 4,
    ACTIONS(3), 1,
      sym_comment,
    ACTIONS(75), 1,
      anon_sym_LBRACK,
    STATE(25), 2,
      sym_key,
      aux_sym_metadata_field_repeat1,
    ACTIONS(73), 3,
      anon_sym_COLON,
      sym_order_operator,
      sym_text_operator,
  [348] = 4,
    ACTIONS(3), 1,
      sym_comment,
    ACTIONS(80), 1,
      anon_sym_LBRACK,
    STATE(25), 2,
      sym_key,
      aux_sym_metadata_field_repeat1,
    ACTIONS(78), 3,
      anon_sym_COLON,
      sym_order_operator,
      sym_text_operator,
  [364] = 2,
    ACTIONS(3), 1,
      sym_comment,
    ACTIONS(82), 4,
      anon_sym_COLON,
      anon_sym_LBRACK,
      sym_order_operator,
      sym_text_operator,
  [374] = 4,
    ACTIONS(3), 1,
      sym_comment,
    ACTIONS(84), 1,
      anon_sym_COLON,
    ACTIONS(86), 1,
      sym_order_operator,
    ACTIONS(88), 1,
      sym_text_operator,
  [387] = 2,
    ACTIONS(3), 1,
      sym_comment,
    ACTIONS(90), 3,
      anon_sym_COLON,
      sym_order_operator,
      sym_text_operator,
  [396] = 3,
    ACTIONS(3), 1,
      sym_comment,
    ACTIONS(80), 1,
      anon_sym_LBRACK,
    STATE(26), 2,
      sym_key,
      aux_sym_metadata_field_repeat1,
  [407] = 4,
    ACTIONS(3), 1,
      sym_comment,
    ACTIONS(92), 1,
      anon_sym_OR,
    ACTIONS(94), 1,
      anon_sym_RPAREN,
    STATE(32), 1,
      aux_sym_one_of_repeat1,
  [420] = 4,
    ACTIONS(3), 1,
      sym_comment,
    ACTIONS(96), 1,
      anon_sym_OR,
    ACTIONS(99), 1,
      anon_sym_RPAREN,
    STATE(32), 1,
      aux_sym_one_of_repeat1,
  [433] = 4,
    ACTIONS(3), 1,
      sym_comment,
    ACTIONS(92), 1,
      anon_sym_OR,
    ACTIONS(101), 1,
      anon_sym_RPAREN,
    STATE(31), 1,
      aux_sym_one_of_repeat1,
  [446] = 2,
    ACTIONS(3), 1,
      sym_comment,
    ACTIONS(103), 2,
      sym_string,
      sym_placeholder,
  [454] = 2,
    ACTIONS(3), 1,
      sym_comment,
    ACTIONS(99), 2,
      anon_sym_OR,
      anon_sym_RPAREN,
  [462] = 2,
    ACTIONS(3), 1,
      sym_comment,
    ACTIONS(105), 1,
      anon_sym_RBRACK,
  [469] = 2,
    ACTIONS(3), 1,
      sym_comment,
    ACTIONS(107), 1,
      ts_builtin_sym_end,
};

static const uint32_t ts_small_parse_table_map[] = {
  [SMALL_STATE(12)] = 0,
  [SMALL_STATE(13)] = 27,
  [SMALL_STATE(14)] = 54,
  [SMALL_STATE(15)] = 81,
  [SMALL_STATE(16)] = 108,
  [SMALL_STATE(17)] = 135,
  [SMALL_STATE(18)] = 162,
  [SMALL_STATE(19)] = 189,
  [SMALL_STATE(20)] = 216,
  [SMALL_STATE(21)] = 244,
  [SMALL_STATE(22)] = 266,
  [SMALL_STATE(23)] = 288,
  [SMALL_STATE(24)] = 310,
  [SMALL_STATE(25)] = 332,
  [SMALL_STATE(26)] = 348,
  [SMALL_STATE(27)] = 364,
  [SMALL_STATE(28)] = 374,
  [SMALL_STATE(29)] = 387,
  [SMALL_STATE(30)] = 396,
  [SMALL_STATE(31)] = 407,
  [SMALL_STATE(32)] = 420,
  [SMALL_STATE(33)] = 433,
  [SMALL_STATE(34)] = 446,
  [SMALL_STATE(35)] = 454,
  [SMALL_STATE(36)] = 462,
  [SMALL_STATE(37)] = 469,
};

static const TSParseActionEntry ts_parse_actions[] = {
  [0] = {.entry = {.count = 0, .reusable = false}},
  [1] = {.entry = {.count = 1, .reusable = false}}, RECOVER(),
  [3] = {.entry = {.count = 1, .reusable = true}}, SHIFT_EXTRA(),
  [5] = {.entry = {.count = 1, .reusable = true}}, REDUCE(sym_source_file, 0, 0, 0),
  [7] = {.entry = {.count = 1, .reusable = true}}, SHIFT(8),
  [9] = {.entry = {.count = 1, .reusable = true}}, SHIFT(10),
  [11] = {.entry = {.count = 1, .reusable = true}}, SHIFT(30),
  [13] = {.entry = {.count = 1, .reusable = true}}, SHIFT(29),
  [15] = {.entry = {.count = 1, .reusable = true}}, REDUCE(sym_conjunction, 2, 0, 0),
  [17] = {.entry = {.count = 1, .reusable = true}}, REDUCE(sym_negation, 2, 0, 0),
  [19] = {.entry = {.count = 1, .reusable = true}}, REDUCE(sym_disjunction, 3, 0, 0),
  [21] = {.entry = {.count = 1, .reusable = true}}, SHIFT(11),
  [23] = {.entry = {.count = 1, .reusable = true}}, REDUCE(sym_conjunction, 3, 0, 0),
  [25] = {.entry = {.count = 1, .reusable = true}}, REDUCE(sym_source_file, 1, 0, 0),
  [27] = {.entry = {.count = 1, .reusable = true}}, SHIFT(9),
  [29] = {.entry = {.count = 1, .reusable = true}}, SHIFT(13),
  [31] = {.entry = {.count = 1, .reusable = true}}, REDUCE(sym_ordering, 3, 0, 0),
  [33] = {.entry = {.count = 1, .reusable = true}}, REDUCE(sym_parenthesized, 3, 0, 0),
  [35] = {.entry = {.count = 1, .reusable = true}}, REDUCE(sym_existence, 3, 0, 0),
  [37] = {.entry = {.count = 1, .reusable = true}}, REDUCE(sym_boolean, 1, 0, 0),
  [39] = {.entry = {.count = 1, .reusable = true}}, REDUCE(sym_equality, 3, 0, 0),
  [41] = {.entry = {.count = 1, .reusable = true}}, REDUCE(sym_one_of, 5, 0, 0),
  [43] = {.entry = {.count = 1, .reusable = true}}, REDUCE(sym_text_match, 3, 0, 0),
  [45] = {.entry = {.count = 1, .reusable = true}}, REDUCE(sym_one_of, 6, 0, 0),
  [47] = {.entry = {.count = 1, .reusable = true}}, SHIFT(23),
  [49] = {.entry = {.count = 1, .reusable = true}}, SHIFT(14),
  [51] = {.entry = {.count = 1, .reusable = true}}, SHIFT(16),
  [53] = {.entry = {.count = 1, .reusable = false}}, SHIFT(16),
  [55] = {.entry = {.count = 1, .reusable = true}}, SHIFT(15),
  [57] = {.entry = {.count = 1, .reusable = true}}, SHIFT(18),
  [59] = {.entry = {.count = 1, .reusable = false}}, SHIFT(18),
  [61] = {.entry = {.count = 1, .reusable = true}}, SHIFT(12),
  [63] = {.entry = {.count = 1, .reusable = false}}, SHIFT(12),
  [65] = {.entry = {.count = 1, .reusable = true}}, SHIFT(33),
  [67] = {.entry = {.count = 1, .reusable = false}}, SHIFT(33),
  [69] = {.entry = {.count = 1, .reusable = true}}, SHIFT(35),
  [71] = {.entry = {.count = 1, .reusable = false}}, SHIFT(35),
  [73] = {.entry = {.count = 1, .reusable = true}}, REDUCE(aux_sym_metadata_field_repeat1, 2, 0, 0),
  [75] = {.entry = {.count = 2, .reusable = true}}, REDUCE(aux_sym_metadata_field_repeat1, 2, 0, 0), SHIFT_REPEAT(34),
  [78] = {.entry = {.count = 1, .reusable = true}}, REDUCE(sym_metadata_field, 2, 0, 0),
  [80] = {.entry = {.count = 1, .reusable = true}}, SHIFT(34),
  [82] = {.entry = {.count = 1, .reusable = true}}, REDUCE(sym_key, 3, 0, 0),
  [84] = {.entry = {.count = 1, .reusable = true}}, SHIFT(20),
  [86] = {.entry = {.count = 1, .reusable = true}}, SHIFT(22),
  [88] = {.entry = {.count = 1, .reusable = true}}, SHIFT(21),
  [90] = {.entry = {.count = 1, .reusable = true}}, REDUCE(sym_session_field, 1, 0, 0),
  [92] = {.entry = {.count = 1, .reusable = true}}, SHIFT(24),
  [94] = {.entry = {.count = 1, .reusable = true}}, SHIFT(19),
  [96] = {.entry = {.count = 2, .reusable = true}}, REDUCE(aux_sym_one_of_repeat1, 2, 0, 0), SHIFT_REPEAT(24),
  [99] = {.entry = {.count = 1, .reusable = true}}, REDUCE(aux_sym_one_of_repeat1, 2, 0, 0),
  [101] = {.entry = {.count = 1, .reusable = true}}, SHIFT(17),
  [103] = {.entry = {.count = 1, .reusable = true}}, SHIFT(36),
  [105] = {.entry = {.count = 1, .reusable = true}}, SHIFT(27),
  [107] = {.entry = {.count = 1, .reusable = true}},  ACCEPT_INPUT(),
};

#ifdef __cplusplus
extern "C" {
#endif
#ifdef TREE_SITTER_HIDE_SYMBOLS
#define TS_PUBLIC
#elif defined(_WIN32)
#define TS_PUBLIC __declspec(dllexport)
#else
#define TS_PUBLIC __attribute__((visibility("default")))
#endif

TS_PUBLIC const TSLanguage *tree_sitter_bbquery(void) {
  static const TSLanguage language = {
    .version = LANGUAGE_VERSION,
    .symbol_count = SYMBOL_COUNT,
    .alias_count = ALIAS_COUNT,
    .token_count = TOKEN_COUNT,
    .external_token_count = EXTERNAL_TOKEN_COUNT,
    .state_count = STATE_COUNT,
    .large_state_count = LARGE_STATE_COUNT,
    .production_id_count = PRODUCTION_ID_COUNT,
    .field_count = FIELD_COUNT,
    .max_alias_sequence_length = MAX_ALIAS_SEQUENCE_LENGTH,
    .parse_table = &ts_parse_table[0][0],
    .small_parse_table = ts_small_parse_table,
    .small_parse_table_map = ts_small_parse_table_map,
    .parse_actions = ts_parse_actions,
    .symbol_names = ts_symbol_names,
    .symbol_metadata = ts_symbol_metadata,
    .public_symbol_map = ts_symbol_map,
    .alias_map = ts_non_terminal_alias_map,
    .alias_sequences = &ts_alias_sequences[0][0],
    .lex_modes = ts_lex_modes,
    .lex_fn = ts_lex,
    .keyword_lex_fn = ts_lex_keywords,
    .keyword_capture_token = sym_identifier,
    .primary_state_ids = ts_primary_state_ids,
  };
  return &language;
}
#ifdef __cplusplus
}
#endif
