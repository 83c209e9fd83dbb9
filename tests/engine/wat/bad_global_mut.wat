(module (import "kinds" "k" (global (mut i32))))
