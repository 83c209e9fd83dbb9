(module (import "kinds" "one" (memory 1)))
