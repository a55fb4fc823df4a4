"""Numbers, names, colours and lines as people read and write them."""
