(module (import "kinds" "k" (global i64)))
