"""Charts: plain numbers in, PNG bytes out. The only package that knows matplotlib."""
