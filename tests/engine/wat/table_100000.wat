;; A table that takes some time to fill.
(module (table 100000 funcref))
