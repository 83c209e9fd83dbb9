(module (import "kinds" "t" (table 5 funcref)))
