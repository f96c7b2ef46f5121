"""Random numbers in compiled code, and the shots drawn with them, as numpy draws them."""
