(module (import "kinds" "nothing" (func)))
