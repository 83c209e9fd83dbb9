(module (import "kinds" "t" (table 1 9 funcref)))
