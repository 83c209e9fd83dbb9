(module (import "kinds" "memory" (memory 2)))
