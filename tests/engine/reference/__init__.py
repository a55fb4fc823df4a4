"""A second engine, slow and plain, written from the rules alone; the engine is held against it to the micro-dollar."""
