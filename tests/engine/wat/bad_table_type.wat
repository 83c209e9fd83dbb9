(module (import "kinds" "t" (table 1 externref)))
