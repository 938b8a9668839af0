"""Step images: what is built, from what, by which program, and what is remembered of it."""
