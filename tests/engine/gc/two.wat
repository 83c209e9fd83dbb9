;; one heap can't be two
(module
  (import "a" "churn" (func (param i32)))
  (import "b" "churn" (func (param i32))))
