;; The second segment doesn't fit; the first one stays (Section 4.5.4).
(module (import "kinds" "memory" (memory 1))
  (data (i32.const 0) "first") (data (i32.const 65535) "xy"))
