(module (memory 1) (table 20000000 funcref))
