"""Ways of writing lessons, one file each; `fit/` reads off the failures what several of them need."""
