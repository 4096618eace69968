["AND" "OR" "NOT" "-"] @keyword.operator
"user_metadata" @variable.builtin
(session_field) @variable.builtin
(key (string) @property)
(string) @string
[(number) (now) (duration) (size)] @number
(boolean) @boolean
(placeholder) @variable.parameter
[(order_operator) (text_operator) ":" "*"] @operator
["[" "]" "(" ")"] @punctuation.bracket
(comment) @comment
