(module (import "kinds" "g" (global i64)))
