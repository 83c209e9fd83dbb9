# Appends to nginx's Makefile the rule for the archive.  Our own Makefile knows
# what it is made of, and is asked each time.

cat << END                                                    >> $NGX_MAKEFILE

$sluice_build/libsluice.a: sluice_always
	\$(MAKE) -C $sluice_dir B=$sluice_build \\
	    \$(if \$(SLUICE_BUILD),,CC="$CC") libsluice.a

.PHONY: sluice_always
sluice_always:

END
