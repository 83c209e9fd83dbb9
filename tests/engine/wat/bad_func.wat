(module (import "kinds" "one" (func (param i32))))
