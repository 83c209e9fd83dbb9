(module (import "kinds" "memory" (memory 1 3)))
