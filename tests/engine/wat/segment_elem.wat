;; The second segment doesn't fit; the first one stays, and its function may
;; still be called.
(module (import "kinds" "t" (table 1 funcref))
  (func $f (result i32) (i32.const 77))
  (elem (i32.const 0) $f) (elem (i32.const 4) $f))
