(module (func $f (loop (br 0))) (start $f))
